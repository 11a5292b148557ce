#include <catch2/catch_test_macros.hpp>

#include "messages/json/codec.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string incidents = "/api/v1/incidents";
const std::string one = incidents + "/" + std::string{some_incident};

}  // namespace

TEST_CASE("a list passes its filters on and answers the store's page") {
  surface s;
  s.store.page = write_list_page(std::vector<std::string>{R"({"id":"x"})"}, "c");
  const auto a =
      s.get(incidents +
            "?status=NEW,ESCALATED&severity=P0&category=cost&source=s&q=slow%20chat&open=true&limit=5&cursor=abc");
  CHECK(a.raw.body == s.store.page);
  CHECK(s.store.listed == view::incidents);
  CHECK(s.store.filters == string_map{{"status", "NEW,ESCALATED"},
                                      {"severity", "P0"},
                                      {"category", "cost"},
                                      {"source", "s"},
                                      {"q", "slow chat"},
                                      {"open", "true"},
                                      {"limit", "5"},
                                      {"cursor", "abc"}});
  (void)s.get(incidents);
  CHECK(s.store.filters == string_map{{"limit", "100"}});
}

TEST_CASE("a list names all its bad filters at once") {
  surface s;
  CHECK(s.get(incidents + "?status=NEW,OPEN&severity=p0&category=x&open=1&limit=1001").bad_fields() ==
        std::vector<std::string>{"status INVALID_VALUE", "severity INVALID_VALUE", "category INVALID_VALUE",
                                 "open INVALID_VALUE", "limit INVALID_VALUE"});
  CHECK(s.get(incidents + "?limit=0").code() == 400);
  CHECK(s.get(incidents + "?limit=5x").code() == 400);
}

TEST_CASE("an incident is read where it lives, and says when that was from memory") {
  surface s;
  const auto a = s.get(one);
  CHECK(a.code() == 200);
  CHECK(a.at("data.id") == some_incident);
  CHECK(a.at("data.status") == "ACKNOWLEDGED");
  CHECK(a.at("stale") == "(none)");
  CHECK(std::holds_alternative<cmd::read_incident>(s.incidents.last().body));
  CHECK(s.incidents.last().context.request.empty());
  s.incidents.answers = [](const command&) {
    auto r = decided();
    r.stale = true;
    return r;
  };
  CHECK(s.get(one).at("stale") == "true");
}

TEST_CASE("an incident that nobody knows is 404, an id that is none 400") {
  surface s;
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::not_found, "no incident"); };
  CHECK(s.get(one).code() == 404);
  CHECK(s.get(incidents + "/test-123").bad_fields() == std::vector<std::string>{"id INVALID_VALUE"});
  CHECK(s.get(incidents + "/test-123/log").code() == 400);
  CHECK(s.post(incidents + "/test-123/close").code() == 400);
}

TEST_CASE("an incident is opened by hand") {
  surface s;
  const auto a = s.post(incidents, R"({"title":"Chat is down","severity":"critical","description":"all regions",
    "category":"availability","affected_resource":{"type":"service","id":"chat"},"tags":{"team":"llm"},
    "execution_id":"550e8400-e29b-41d4-a716-446655440000"})");
  CHECK(a.code() == 201);
  CHECK(a.raw.header("Location") == one);
  CHECK(a.at("data.id") == some_incident);
  CHECK(a.at("persisted") == "true");
  const auto& signal = s.incidents.last_as<cmd::ingest_signal>();
  CHECK(signal.source == "manual");
  CHECK(signal.severity == severity::p0);
  CHECK(signal.category == incident_category::availability);
  CHECK(signal.resource.name == "chat");
  CHECK(signal.payload.type == signal_type::manual);
  CHECK(signal.fingerprint ==
        derive_fingerprint("manual", incident_category::availability, signal.resource, "Chat is down"));
  CHECK(signal.timestamp == at(now_text));
  CHECK(s.incidents.last().context.request == "incidents.open:550e8400-e29b-41d4-a716-446655440000");
}

TEST_CASE("a name that no URL could ask for is refused") {
  surface s;
  CHECK(s.post(incidents, R"({"title":"a\nb","severity":"P2","fingerprint":"a\nb"})").bad_fields() ==
        std::vector<std::string>{"fingerprint INVALID_VALUE"});
}

TEST_CASE("an incident that was open already is answered with 200") {
  surface s;
  s.incidents.answers = [](const command&) {
    auto r = decided();
    r.disposition = disposition::attached;
    return r;
  };
  CHECK(s.post(incidents, R"({"title":"a","severity":"P2"})").code() == 200);
}

TEST_CASE("a dry run shows the incident that it would open") {
  surface s;
  s.incidents.answers = [](const command& c) {
    CHECK(c.context.dry_run);
    auto r = decided("{}", incident_state{});
    auto event = *r.event;
    event.fact.value = fact::incident_opened{some_state().record, {}, {}, {}};
    r.event = std::make_shared<decision_event>(event);
    r.persisted = false;
    return r;
  };
  const auto a = s.post(incidents + "?dry_run=true", R"({"title":"a","severity":"P2"})");
  CHECK(a.code() == 200);
  CHECK(a.at("data.title") == "latency of chat-api");
  CHECK(a.at("persisted") == "false");
}

TEST_CASE("a repeated opening is told with the incident as it is read") {
  surface s;
  s.incidents.answers = [](const command& c) {
    if (std::holds_alternative<cmd::read_incident>(c.body)) return decided();
    incident_state stub;
    stub.record.id = some_state().record.id;
    auto r = decided("{}", stub);
    r.event = nullptr;
    r.disposition = disposition::duplicate;
    r.replayed = true;
    return r;
  };
  const auto a = s.post(incidents, R"({"title":"a","severity":"P2"})");
  CHECK(a.code() == 200);
  CHECK(a.at("data.title") == "latency of chat-api");
  CHECK(a.raw.header("Idempotent-Replayed") == "true");
}

TEST_CASE("an opening names all its bad fields at once") {
  surface s;
  const auto a = s.post(incidents, R"({"title":"","severity":"P9","category":"x","affected_resource":{"type":"moon"},
    "tags":{"a":[1]},"timestamp":5,"parent_incident":"p"})");
  CHECK(a.code() == 400);
  CHECK(a.bad_fields() == std::vector<std::string>{"title INVALID_VALUE", "severity INVALID_VALUE",
                                                   "category INVALID_VALUE", "affected_resource.type INVALID_VALUE",
                                                   "affected_resource.id REQUIRED", "timestamp INVALID_TYPE",
                                                   "parent_incident INVALID_VALUE", "tags.a INVALID_TYPE"});
  CHECK(s.post(incidents, R"({"title":")" + std::string(600, 'x') + R"(","severity":"P1"})").code() == 400);
  CHECK(s.incidents.commands.empty());
}

TEST_CASE("a log is the store's own text, page by page") {
  surface s;
  s.store.log = write_log_page(std::vector<std::string>{R"({"sequence":6})"}, 6);
  CHECK(s.get(one + "/log?after=5&limit=100").raw.body == s.store.log);
  CHECK(s.store.asked == std::vector<std::string>{"log 5 100"});
  CHECK(s.get(one + "/log?after=-1&limit=501").bad_fields() ==
        std::vector<std::string>{"after INVALID_VALUE", "limit INVALID_VALUE"});
}

TEST_CASE("an empty log is 404 from its beginning, and a page after its end") {
  surface s;
  CHECK(s.get(one + "/log").code() == 404);
  CHECK(s.get(one + "/timeline").code() == 404);
  CHECK(s.get(one + "/log?after=9").code() == 200);
  CHECK(s.get(one + "/timeline?after=9").at("timeline") == "[]");
}

TEST_CASE("a timeline is the log in words, and says when there is more") {
  surface s;
  decision_event opened;
  opened.id = event_id::parse("0193502a-7c00-7000-8000-00000000e001").value();
  opened.agent_id = "incident-manager:1.0.0:host-1";
  opened.timestamp = at(now_text);
  opened.sequence = 1;
  opened.fact.value = fact::incident_opened{some_state().record, {}, {}, {}};
  s.store.log = R"({"events":[)" + json::encode(opened) + "]}";  // of a store that does not say how far the log goes
  const auto a = s.get(one + "/timeline?limit=1");
  CHECK(a.at("incident_id") == some_incident);
  CHECK(a.at("timeline.0.type") == "detection");
  CHECK(a.at("timeline.0.description") == "Opened as P1: latency of chat-api");
  CHECK(a.at("timeline.0.actor") == "llm-sentinel");
  CHECK(a.at("timeline.0.sequence") == "1");
  CHECK(a.at("timeline.0.timestamp") == now_text);
  CHECK(a.at("next_after") == "1");
  CHECK(s.get(one + "/timeline").at("next_after") == "(none)");
}

TEST_CASE("a timeline goes on where the log does, and not by how full its page is") {
  surface s;
  const auto entry = [](std::string_view sequence) {
    return R"({"id":"0193502a-7c00-7000-8000-00000000e001","timestamp":"2026-11-22T01:00:00.000Z","sequence":)" +
           std::string{sequence} + "}";
  };
  const std::vector<std::string> page{entry("6"), entry("7")};
  s.store.log = write_log_page(page, 9);  // ended by its bytes
  CHECK(s.get(one + "/timeline?after=5&limit=100").at("next_after") == "7");
  s.store.log = write_log_page(page, 7);  // the last one, and full
  CHECK(s.get(one + "/timeline?after=5&limit=2").at("next_after") == "(none)");
  s.store.log = write_log_page(std::vector<std::string>{entry("6"), R"({"sequence":7})"}, 9);  // one cannot be told
  CHECK(s.get(one + "/timeline?after=5").at("next_after") == "7");
  s.store.log = write_log_page({}, 9);
  CHECK(s.get(one + "/timeline?after=9").at("next_after") == "(none)");
}

TEST_CASE("a sequence number that no log reaches is a bad field, and the store is not asked") {
  surface s;
  for (const auto* beyond : {"9223372036854775808", "18446744073709551615", "18446744073709551616"})
    for (const auto* of : {"/log?after=", "/timeline?after="})
      CHECK(s.get(one + of + beyond).bad_fields() == std::vector<std::string>{"after INVALID_VALUE"});
  CHECK(s.store.asked.empty());
  CHECK(s.get(one + "/log?after=9223372036854775807").code() == 200);
}

TEST_CASE("a store that is away is 503 with Retry-After, and is told to the log") {
  surface s;
  s.store.broken = error{errc::store_unavailable, "circuit open"};
  const auto a = s.get(incidents);
  CHECK(a.code() == 503);
  CHECK(a.raw.header("Retry-After") == "1");
  CHECK(s.get(one + "/log").code() == 503);
  CHECK(s.failures.size() == 2);
}

TEST_CASE("a parameter of the query that nobody knows is refused, with the nearest that is known") {
  surface s;
  struct row {
    const char* target;
    const char* field;
    const char* nearest;
  };
  for (const auto& [target, field, nearest] :
       {row{"/api/v1/incidents?statsu=CLOSED", "statsu", "status"},
        row{"/api/v1/incidents?serverity=P1", "serverity", "severity"},
        row{"/api/v1/incidents?curser=x", "curser", "cursor"},
        row{"/api/v1/incidents/0197b1c2-0000-7000-8000-000000000001/log?afetr=3", "afetr", "after"},
        row{"/api/v1/agents/hitl/status?requset_id=x", "requset_id", "request_id"},
        row{"/api/v1/orchestrator/actions?wiat=3", "wiat", "wait"}}) {
    INFO(target);
    const auto a = s.get(target);
    CHECK(a.code() == 400);
    CHECK(a.raw.body.find("did you mean " + std::string{nearest} + "?") != std::string::npos);
    CHECK(std::ranges::count(a.bad_fields(), std::string{field} + " INVALID_VALUE") == 1);
  }
  CHECK(s.get("/api/v1/incidents?colour=red").at("error.message") == "colour is not known here");
  CHECK(s.get("/api/v1/incidents?" + std::string(5000, 'x') + "=1").code() == 400);
  CHECK(s.get("/api/v1/agents/escalation/inspect?incident_id=0197b1c2-0000-7000-8000-000000000001&include_history=true")
            .code() == 200);
}

TEST_CASE("a control character in a parameter of a list is the caller's fault, on every agent") {
  surface s;
  for (const auto* agent : {"escalation", "hitl", "postmortem"}) {
    const auto a = s.post(std::string{"/api/v1/agents/"} + agent + "/list", R"({"cursor":"a\u0001b"})");
    CHECK(a.code() == 400);
    CHECK(a.bad_fields() == std::vector<std::string>{"cursor INVALID_VALUE"});
  }
}
