#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/persistence/ruvector/api_support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;
using http::verb;

namespace {

const std::string some_id = "0199aaaa-0000-7000-8000-00000000000a";

}  // namespace

TEST_CASE("every call but health asks for the key, and errors are AgentResults") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  const auto health = client.bare(verb::get, "/api/v1/health");
  CHECK(health.status == 200);
  CHECK(health.at({"status"}) == "healthy");
  CHECK_FALSE(health.at({"version"}).empty());
  CHECK(health.json().root().find("checks")->size() == 6);

  for (const auto* target :
       {"/api/v1/incidents", "/api/v1/deadlines", "/api/v1/orchestrator/actions", "/api/v1/policies/sla/x"}) {
    CHECK(client.bare(verb::get, target).status == 401);
    CHECK(client.bare(verb::get, target, {}, {{"Authorization", "Bearer wrong"}}).status == 401);
    CHECK(client.bare(verb::get, target, {}, {{"Authorization", std::string{"Basic "} + api_key}}).status == 401);
  }
  const auto refused = client.bare(verb::post, "/api/v1/decision-events", "{}");
  CHECK(refused.status == 401);
  CHECK(refused.at({"success"}) == "false");
  CHECK(refused.at({"error", "code"}) == "UNAUTHORIZED");
  CHECK(refused.at({"error", "retryable"}) == "false");

  const auto nowhere = client.get("/api/v1/nowhere");
  CHECK(nowhere.status == 404);
  CHECK(nowhere.at({"error", "code"}) == "NOT_FOUND");
  const auto wrong = client.call(verb::delete_, "/api/v1/incidents");
  CHECK(wrong.status == 405);
  CHECK(wrong.at({"error", "code"}) == "METHOD_NOT_ALLOWED");
}

TEST_CASE("one DecisionEvent: created, told again, refused with other content") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  auto event = open_event(1, "f", {"r1"});
  const auto created = client.post("/api/v1/decision-events", json::encode(event));
  CHECK(created.status == 201);
  CHECK(created.body == "{\"id\":\"" + event.id.str() + "\"}");
  const auto again = client.post("/api/v1/decision-events", json::encode(event));
  CHECK(again.status == 200);
  CHECK(again.body == "{\"id\":\"" + event.id.str() + "\",\"duplicate\":true}");
  event.confidence = 0.5;
  const auto other = client.post("/api/v1/decision-events", json::encode(event));
  CHECK(other.status == 409);
  CHECK(other.at({"error", "code"}) == "CONFLICT");
  CHECK(other.at({"error", "details", "request", "sequence"}) == "1");
  const auto covered = client.post("/api/v1/decision-events", json::encode(open_event(2, "g", {"r1"})));
  CHECK(covered.status == 409);
  CHECK(covered.at({"error", "details", "request", "incident_id"}) == incident_number(1).str());

  CHECK(client.get("/api/v1/decision-events/" + event.id.str()).at({"confidence"}) == "1");
  CHECK(client.get("/api/v1/decision-events/" + some_id).status == 404);
  CHECK(client.get("/api/v1/decision-events/no-uuid").at({"error", "code"}) == "VALIDATION_ERROR");
  const auto bad = client.post("/api/v1/decision-events", R"({"id":1})");
  CHECK(bad.status == 400);
  CHECK(bad.json().root().find("error")->find("details")->find("errors")->size() >= 12);
  CHECK(client.post("/api/v1/decision-events", "{").at({"error", "code"}) == "MALFORMED_BODY");
  CHECK(client.post("/api/v1/decision-events", std::string(2 << 20, ' ')).status == 413);
  const auto typed = client.call(verb::post, "/api/v1/decision-events", "x", {{"Content-Type", "text/plain"}});
  CHECK(typed.status == 415);
}

TEST_CASE("a batch answers each event in order") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  const auto first = client.post_batch({open_event(1, "f", {"a/b c"}), attach_event(1, 2), open_event(2, "f")});
  REQUIRE(first.status == 200);
  std::vector<std::string> results;
  const auto doc = first.json();
  doc.root().find("results")->each_item([&](std::size_t, json::node r) { results.push_back(r.text()); });
  REQUIRE(results.size() == 3);
  CHECK(results[0] == "{\"id\":\"" + open_event(1, "f").id.str() + R"(","outcome":"created"})");
  CHECK(results[2] == "{\"id\":\"" + open_event(2, "f").id.str() + R"(","outcome":"conflict","incident_id":")" +
                          incident_number(1).str() + "\"}");
  CHECK(client.post("/api/v1/decision-events/batch", R"({"events":[]})").body == R"({"results":[]})");

  std::vector<decision_event> many(1001, open_event(3, "g"));
  CHECK(client.post_batch(many).at({"error", "code"}) == "VALIDATION_ERROR");

  const auto covered = client.get("/api/v1/requests/a%2Fb%20c");
  CHECK(covered.body == "{\"incident_id\":\"" + incident_number(1).str() + "\",\"event_id\":\"" +
                            open_event(1, "f").id.str() + R"(","sequence":1,"disposition":"opened"})");
  CHECK(client.get("/api/v1/requests/unknown").status == 404);
  const auto log = client.get("/api/v1/incidents/" + incident_number(1).str() + "/log?after=1");
  CHECK(log.json().root().find("events")->size() == 1);
  CHECK(log.at({"head"}) == "2");
  CHECK(client.get("/api/v1/incidents/" + some_id + "/log").body == R"({"events":[],"head":0})");
}

TEST_CASE("one lookup answers for many incidents and fingerprints") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  client.post_batch({open_event(1, "f1"), open_event(2, "f2"),
                     make_event(incident_number(2), 2, change_to(incident_status::resolved, change_kind::resolve))});
  const auto look = [&](const std::string& body) { return client.post("/api/v1/incidents/lookup", body); };
  const auto one = incident_number(1).str();
  const auto two = incident_number(2).str();
  CHECK(look(R"({"incident_ids":[")" + some_id + R"(",")" + one + R"("],"fingerprints":["f2","none","f1"]})").body ==
        R"({"with_log":[")" + one + R"("],"newest":[{"incident_id":")" + two +
            R"(","open":false},null,{"incident_id":")" + one + R"(","open":true}]})");
  CHECK(look("{}").body == R"({"with_log":[],"newest":[]})");
  CHECK(look(R"({"incident_ids":["x"]})").status == 400);
  json::writer many;
  many.begin_object();
  many.key("fingerprints");
  json::write(many, std::vector<std::string>(im::limits::fingerprints_looked_for + 1, "f"));
  many.end_object();
  CHECK(look(many.take()).status == 400);
}

TEST_CASE("queries have bounds") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  client.post_batch({open_event(1, "f"), attach_event(1, 2)});
  const auto all = client.post("/api/v1/decision-events/query", R"({"agent_id":"incident-manager","limit":1})");
  CHECK(all.at({"total"}) == "2");
  CHECK(all.at({"limit"}) == "1");
  CHECK(all.at({"offset"}) == "0");
  CHECK(all.json().root().find("events")->size() == 1);
  const auto bad = client.post("/api/v1/decision-events/query", R"({"limit":1001,"offset":-1,"decision_type":"x"})");
  CHECK(bad.status == 400);
  CHECK(bad.json().root().find("error")->find("details")->find("errors")->size() == 3);
}

TEST_CASE("lists answer their filters, and refuse words that they do not know") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  client.post_batch({open_event(1, "f1"), open_event(2, "f2"), open_event(3, "f3"),
                     make_event(incident_number(1), 2, gate(1, incident_number(1)))});
  const auto size = [&](const std::string& target) { return client.get(target).json().root().find("items")->size(); };
  CHECK(size("/api/v1/incidents") == 3);
  CHECK(size("/api/v1/incidents?status=NEW,RESOLVED&severity=P2&open=true") == 3);
  CHECK(size("/api/v1/incidents?source=llm-shield") == 0);
  CHECK(size("/api/v1/incidents?q=of%20F2") == 1);
  CHECK(size("/api/v1/incidents?fingerprint=f3&open=true") == 1);
  CHECK(size("/api/v1/approvals?status=pending&incident_id=" + incident_number(1).str()) == 1);
  CHECK(size("/api/v1/approvals?action_type=rollback") == 0);
  CHECK(size("/api/v1/postmortems") == 0);
  CHECK(size("/api/v1/escalations") == 0);
  CHECK(client.get("/api/v1/approvals/" + gate_number(1).str()).at({"status"}) == "pending");
  CHECK(client.get("/api/v1/postmortems/" + some_id).status == 404);

  const auto page = client.get("/api/v1/incidents?limit=2");
  const auto next = page.at({"next_cursor"});
  REQUIRE_FALSE(next.empty());
  CHECK(size("/api/v1/incidents?limit=2&cursor=" + next) == 1);
  const auto bad = client.get("/api/v1/incidents?status=OPEN&limit=0&cursor=x&open=yes");
  CHECK(bad.status == 400);
  CHECK(bad.json().root().find("error")->find("details")->find("errors")->size() == 4);

  const auto due = client.get("/api/v1/deadlines?before=2030-01-01T00:00:00Z&limit=2");
  CHECK(due.json().root().size() == 2);
  std::string cursor;
  const auto doc = due.json();
  doc.root().each_item([&](std::size_t, json::node item) { cursor = *item.find_string("cursor"); });
  CHECK(client.get("/api/v1/deadlines?before=2030-01-01T00:00:00Z&cursor=" + cursor).json().root().size() == 1);
  CHECK(client.get("/api/v1/deadlines?before=2020-01-01T00:00:00Z").body == "[]");
}

TEST_CASE("state and escalation follow the log, plain agents keep records of their own") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  client.post_batch({open_event(1, "f1")});
  const auto mine = "/api/v1/incidents/" + incident_number(1).str();
  CHECK(client.get(mine + "/state").at({"severity"}) == "P2");
  CHECK(client.get(mine + "/escalation").at({"escalation_level"}) == "0");
  CHECK(client.call(verb::patch, mine + "/state", R"({"status":"CLOSED"})").status == 409);
  CHECK(client.call(verb::patch, mine + "/escalation", R"({"escalation_level":4})").status == 409);
  CHECK(client.get(mine + "/state").at({"status"}) == "NEW");

  const auto theirs = "/api/v1/incidents/" + some_id;
  CHECK(client.get(theirs + "/state").status == 404);
  CHECK(client.call(verb::patch, theirs + "/state", R"({"status":"ACKNOWLEDGED","metadata":{"a":1}})").status == 200);
  const auto patched = client.call(verb::patch, theirs + "/state", R"({"assigned_to":"bob","metadata":{"b":2}})");
  CHECK(patched.at({"status"}) == "ACKNOWLEDGED");
  CHECK(patched.at({"metadata"}) == R"({"a":1,"b":2})");
  CHECK(client.get(theirs + "/state").body == patched.body);
  CHECK(client.call(verb::patch, theirs + "/state", R"({"status":"LOST","escalation_level":-1})").status == 400);

  const auto posted = client.post("/api/v1/escalation-states",
                                  "{\"incident_id\":\"" + some_id + R"(","escalation_level":2,"team":"sre"})");
  CHECK(posted.status == 201);
  const auto level = client.call(verb::patch, theirs + "/escalation", R"({"escalation_level":3})");
  CHECK(level.at({"escalation_level"}) == "3");
  CHECK(level.at({"team"}) == "sre");
  CHECK(client.post("/api/v1/escalation-states", "{}").status == 400);
}

TEST_CASE("policies are versions with an ETag, never changed") {
  const test_database db{EACH_DATABASE};
  running_service service{db, "deploy/policies"};
  api_client client{service};
  const std::string target = "/api/v1/policies/sla/default-sla-policy";
  const auto newest = client.get(target);
  REQUIRE(newest.status == 200);
  REQUIRE_FALSE(newest.etag.empty());
  const auto revalidated = client.call(verb::get, target, {}, {{"If-None-Match", "\"other\", " + newest.etag}});
  CHECK(revalidated.status == 304);
  CHECK(revalidated.body.empty());
  CHECK(revalidated.etag == newest.etag);

  CHECK(client.call(verb::put, target, newest.body).status == 200);
  auto changed = newest.body;
  changed.replace(changed.find("\"P0\":300"), 8, "\"P0\":240");
  CHECK(client.call(verb::put, target, changed).status == 409);
  changed.replace(changed.find("1.0.0"), 5, "1.1.0");
  CHECK(client.call(verb::put, target, changed).status == 201);
  const auto after = client.get(target);
  CHECK(after.at({"policy_version"}) == "1.1.0");
  CHECK(after.etag != newest.etag);
  CHECK(client.get(target + "?version=1.0.0").body == newest.body);
  CHECK(client.get(target + "?version=9.0.0").status == 404);
  CHECK(client.get("/api/v1/policies/other/x").status == 404);
  CHECK(client.call(verb::put, "/api/v1/policies/sla/another", changed).status == 400);
  CHECK(client.call(verb::put, target, R"({"policy_id":"default-sla-policy"})").status == 400);
  CHECK(client.get("/api/v1/policies/escalation/default-escalation-policy").at({"max_level"}) == "5");
  CHECK(client.get("/api/v1/policies/approval/default-approval-policy").status == 200);
}

TEST_CASE("a policy with a time that never lets an incident rest, or never comes, is refused by its name") {
  const test_database db{EACH_DATABASE};
  running_service service{db, "deploy/policies"};
  api_client client{service};
  const auto refused = [&](const std::string& kind, const std::string& figure, const std::string& as, auto field) {
    const auto target = "/api/v1/policies/" + kind + "/default-" + kind + "-policy";
    auto body = client.get(target).body;
    body.replace(body.find("1.0.0"), 5, "2.0.0");
    body.replace(body.find(figure), figure.size(), as);
    const auto answer = client.call(verb::put, target, body);
    CAPTURE(as, answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find(field) != std::string::npos);
    CHECK(client.get(target + "?version=2.0.0").status == 404);
  };
  for (const std::string bad : {"0", "-1", "-1e300", "0.5", "31622401", "1e300"}) {
    refused("escalation", "\"P0\":60", "\"P0\":" + bad, "next_evaluation_seconds.P0 must be");
    refused("approval", "\"P4\":86400", "\"P4\":" + bad, "deadline_seconds.P4 must be");
    refused("approval", "\"check_interval_seconds\":300", "\"check_interval_seconds\":" + bad,
            "check_interval_seconds must");
    refused("sla", "\"P0\":300", "\"P0\":" + bad, "acknowledge_seconds.P0 must be");
    refused("sla", "\"P0\":3600", "\"P0\":" + bad, "resolve_seconds.P0 must be");
  }
  refused("escalation", "\"min_interval_seconds\":300", "\"min_interval_seconds\":-1", "min_interval_seconds must");
}

TEST_CASE("a restarted service has everything, and does not load policies again") {
  const test_database db{EACH_DATABASE};
  {
    running_service service{db, "deploy/policies"};
    api_client client{service};
    client.post_batch({open_event(1, "f")});
    CHECK((*service).drain());
  }
  running_service service{db, db.folder() / "no-such-folder"};
  api_client client{service};
  CHECK(client.get("/api/v1/incidents").json().root().find("items")->size() == 1);
  CHECK(client.get("/api/v1/policies/sla/default-sla-policy").status == 200);
}

TEST_CASE("a service that cannot start says why") {
  const temp_dir dir;
  service_config config;
  config.data_file = dir / "ruvector.db";
  CHECK(service{config}.start().error().message.find("API key") != std::string::npos);
  config.api_key = http::secret{"k"};
  config.policies_dir = dir / "missing";
  CHECK(service{config}.start().error().message.find("missing") != std::string::npos);
  std::ofstream{dir / "sla-bad.json"} << R"({"policy_id":"x"})";
  config.policies_dir = dir.path();
  CHECK(service{config}.start().error().message.find("sla-bad.json") != std::string::npos);
}
