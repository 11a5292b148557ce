#include <catch2/catch_test_macros.hpp>

#include "messages/json/codec.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string agent_path = "/api/v1/agents/postmortem/";
const std::string id{some_incident};
const std::string document_id{some_postmortem};

postmortem_output some_document() {
  postmortem_output document;
  document.postmortem_id = postmortem_id::parse(document_id).value();
  document.incident_id = incident_id::parse(id).value();
  document.summary = "Chat was slow for ten minutes.";
  return document;
}

const std::string full =
    R"({"incident_id":")" + id + R"(","title":"t","description":"d","severity":"P1","peak_severity":"P0",
  "status":"RESOLVED","incident_created_at":"2026-11-22T00:00:00Z","incident_resolved_at":"2026-11-22T00:30:00Z",
  "duration_seconds":1800,"time_to_resolve_seconds":1800,"timeline_events":[{"timestamp":"2026-11-22T00:00:00Z","type":"detection",
  "description":"x","actor":"llm-sentinel","actor_type":"agent","metadata":{}}],"resolution_actions":["rollback"]})";

}  // namespace

TEST_CASE("a post-mortem of our own incident needs its id alone") {
  surface s;
  s.incidents.answers = [](const command&) { return decided(json::encode(some_document())); };
  const auto a = s.post(agent_path + "generate", R"({"incident_id":")" + id + R"(","execution_id":"e-1"})");
  CHECK(a.code() == 200);
  CHECK(a.at("data.postmortem_id") == document_id);
  CHECK(a.at("data.status") == "draft");
  CHECK(a.at("data.incident_id") == id);
  CHECK_FALSE(s.incidents.last_as<cmd::generate_postmortem>().input);
  CHECK(s.incidents.last().context.request == "postmortem.generate:" + id + ":e-1");
}

TEST_CASE("a full input is read whole, and asked for whole") {
  surface s;
  (void)s.post(agent_path + "generate", full);
  const auto& input = s.incidents.last_as<cmd::generate_postmortem>().input;
  REQUIRE(input);
  CHECK(input->peak_severity == severity::p0);
  CHECK(input->timeline_events.size() == 1);
  CHECK(input->resolution_actions == std::vector<std::string>{"rollback"});
  const auto a = s.post(agent_path + "generate", R"({"incident_id":"test-123","title":"t","status":"DONE"})");
  CHECK(a.code() == 400);
  CHECK(a.bad_fields() == std::vector<std::string>{"incident_id INVALID_VALUE", "description REQUIRED",
                                                   "severity REQUIRED", "peak_severity REQUIRED",
                                                   "status INVALID_VALUE", "incident_created_at REQUIRED",
                                                   "incident_resolved_at REQUIRED", "duration_seconds REQUIRED",
                                                   "time_to_resolve_seconds REQUIRED"});
}

TEST_CASE("a duration that is negative or leads beyond what a document can tell is refused by its name") {
  surface s;
  const auto with = [&](const std::string& name, const std::string& seconds) {
    auto body = full;
    const auto given = '"' + name + "\":";
    if (const auto at = body.find(given); at != std::string::npos)
      body.replace(at + given.size(), 4, seconds);  // of 1800
    else
      body.insert(1, given + seconds + ',');
    return s.post(agent_path + "generate", body);
  };
  for (const std::string name : {"duration_seconds", "time_to_resolve_seconds", "time_to_detect_seconds",
                                 "time_to_acknowledge_seconds", "time_to_mitigate_seconds"}) {
    CAPTURE(name);
    for (const auto* seconds : {"-1", "-1e300", "251606995200", "1e300"}) {
      CAPTURE(seconds);
      const auto a = with(name, seconds);
      CHECK(a.code() == 400);
      CHECK(a.bad_fields() == std::vector{name + " INVALID_VALUE"});
    }
    for (const auto* seconds : {"0", "0.5", "251606995199"}) CHECK(with(name, seconds).code() == 200);
  }
}

TEST_CASE("the post-mortem of an open incident is 409") {
  surface s;
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::conflict, "it is open"); };
  CHECK(s.post(agent_path + "generate", R"({"incident_id":")" + id + R"("})").code() == 409);
}

TEST_CASE("a post-mortem is shown as JSON or as a page headed by the incident's title") {
  surface s;
  CHECK(s.get(agent_path + "inspect?postmortem_id=" + document_id).code() == 404);
  s.store.documents[postmortem_id::parse(document_id)->value()] = json::encode(some_document());
  CHECK(s.get(agent_path + "inspect?postmortem_id=" + document_id).at("data.summary") ==
        "Chat was slow for ten minutes.");
  const auto page = s.call(http::verb::get, agent_path + "inspect?format=markdown&postmortem_id=" + document_id);
  CHECK(page.code == http::status::ok);
  CHECK(page.content_type == "text/markdown; charset=utf-8");
  CHECK(page.body.starts_with("# Post-mortem: latency of chat-api"));
  CHECK(page.body.find("Chat was slow for ten minutes") != std::string::npos);
  const auto by_post = s.call(http::verb::post, agent_path + "inspect",
                              R"({"format":"markdown","postmortem_id":")" + document_id + R"("})");
  CHECK(by_post.body == page.body);
}

TEST_CASE("a page is to be had while the incident cannot be read") {
  surface s;
  s.store.documents[postmortem_id::parse(document_id)->value()] = json::encode(some_document());
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::store_unavailable, "away"); };
  const auto page = s.call(http::verb::get, agent_path + "inspect?format=markdown&postmortem_id=" + document_id);
  CHECK(page.code == http::status::ok);
  CHECK(page.body.find(id) != std::string::npos);
}

TEST_CASE("inspect names its bad parameters at once") {
  surface s;
  CHECK(s.get(agent_path + "inspect?format=pdf").bad_fields() ==
        std::vector<std::string>{"postmortem_id REQUIRED", "format INVALID_VALUE"});
  CHECK(s.get(agent_path + "inspect?postmortem_id=pm-67890").bad_fields() ==
        std::vector<std::string>{"postmortem_id INVALID_VALUE"});
}

TEST_CASE("post-mortems are listed by incident and status") {
  surface s;
  (void)s.get(agent_path + "list?status=draft&incident_id=" + id);
  CHECK(s.store.listed == view::postmortems);
  CHECK(s.store.filters == string_map{{"status", "draft"}, {"incident_id", id}, {"limit", "100"}});
}

TEST_CASE("a post-mortem is published in the incident that it belongs to") {
  surface s;
  const auto body = R"({"postmortem_id":")" + document_id + R"(","actor":"ada"})";
  CHECK(s.post(agent_path + "publish", body).code() == 404);
  s.store.documents[postmortem_id::parse(document_id)->value()] = json::encode(some_document());
  CHECK(s.post(agent_path + "publish", body).code() == 200);
  CHECK(s.incidents.last().incident_id.str() == id);
  CHECK(s.incidents.last_as<cmd::publish_postmortem>().actor == "ada");
  CHECK(s.post(agent_path + "publish", "{}").bad_fields() == std::vector<std::string>{"postmortem_id REQUIRED"});
}
