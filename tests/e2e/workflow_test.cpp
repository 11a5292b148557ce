/// The main road: an event becomes an incident that is escalated behind a gate, resolved, closed behind another, and written up.

#include <catch2/catch_test_macros.hpp>
#include <future>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

js::object evaluation(std::string_view incident) {
  return {
      {"incident_id", incident},
      {"signal_source", "llm-sentinel"},
      {"signal_payload", {{"type", "threshold_breach"}, {"suggested_severity", "P0"}, {"signal_confidence", 0.95}}}};
}

std::string pending_escalation(caller& api, const std::string& incident) {
  return api.get("/api/v1/agents/escalation/inspect?incident_id=" + incident).str("/data/pending_approval");
}

}  // namespace

TEST_CASE("an escalation to P0 waits for its gate and resumes exactly once") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "high");
  const auto decided = api.post("/api/v1/agents/escalation/evaluate", evaluation(incident));
  REQUIRE(decided.status == 200);
  CHECK(decided.str("/data/decision") == "escalate");
  CHECK(decided.str("/data/new_severity") == "P0");
  CHECK(decided.flag("/persisted"));
  const auto gate = pending_escalation(api, incident);
  CHECK(api.incident(incident).at("severity").as_string() == "P1");
  CHECK(api.incident(incident).at("status").as_string() == "NEW");

  // Two clients wait for the same verdict.
  const auto wait_for_verdict = [&] {
    caller patient{service.url()};
    return patient.get("/api/v1/agents/hitl/status?wait=30&request_id=" + gate);
  };
  auto first = std::async(std::launch::async, wait_for_verdict);
  auto second = std::async(std::launch::async, wait_for_verdict);

  CHECK(api.post("/api/v1/agents/hitl/decide", vote(gate, "mallory", "executive")).status == 403);
  CHECK(api.post("/api/v1/agents/hitl/decide", vote(gate, "ada", "incident_commander")).str("/data/decision") ==
        "approval_pending");
  CHECK(api.incident(incident).at("severity").as_string() == "P1");
  const auto last = api.post("/api/v1/agents/hitl/decide", vote(gate, "grace", "sre_lead"));
  CHECK(last.str("/data/decision") == "approved");
  CHECK(last.flag("/data/action_authorized"));
  for (auto* waiting : {&first, &second}) {
    const auto told = waiting->get();
    CHECK(told.status == 200);
    CHECK(told.str("/data/status") == "approved");
  }
  const auto record = api.incident(incident);
  CHECK(record.at("severity").as_string() == "P0");
  CHECK(record.at("status").as_string() == "ESCALATED");
  CHECK(record.at("escalation_level").to_number<int>() == 1);
  CHECK(api.post("/api/v1/agents/hitl/decide", vote(gate, "ada", "incident_commander", "rejected")).status == 409);
  const auto log = api.log(incident);
  CHECK(is_whole(log));
  CHECK(count_facts(log, "gate_changed", "approved") == 1);
  CHECK(count_facts(log, "incident_changed", "ESCALATED") == 1);
  CHECK(count_facts(log, "vote_refused") == 1);
}

TEST_CASE("a rejected escalation leaves the incident as it was") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "high");
  REQUIRE(api.post("/api/v1/agents/escalation/evaluate", evaluation(incident)).status == 200);
  const auto gate = pending_escalation(api, incident);
  const auto told = api.post("/api/v1/agents/hitl/decide", vote(gate, "grace", "sre_lead", "rejected"));
  CHECK(told.str("/data/decision") == "rejected");
  CHECK_FALSE(told.flag("/data/action_authorized"));
  const auto record = api.incident(incident);
  CHECK(record.at("severity").as_string() == "P1");
  CHECK(record.at("status").as_string() == "NEW");
  CHECK(count_facts(api.log(incident), "incident_changed") == 0);
}

TEST_CASE("an operator's escalation to P0 waits for its gate too") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "high");
  const auto asked = api.post("/api/v1/incidents/" + incident + "/escalate", {{"actor", "bob"}, {"severity", "P0"}});
  CHECK(asked.status == 202);
  const auto gate = asked.str("/data/approval_request_id");
  CHECK(api.incident(incident).at("severity").as_string() == "P1");
  (void)api.post("/api/v1/agents/hitl/decide", vote(gate, "ada", "incident_commander"));
  (void)api.post("/api/v1/agents/hitl/decide", vote(gate, "grace", "sre_lead"));
  CHECK(api.incident(incident).at("severity").as_string() == "P0");
}

TEST_CASE("closing a P1 waits for an incident commander; a P3 closes at once") {
  manager service;
  caller api{service.url()};
  const auto minor = open_incident(api, "low", "minor");
  resolve(api, minor);
  const auto closed = api.post("/api/v1/incidents/" + minor + "/close", {{"actor", "grace"}});
  CHECK(closed.status == 200);
  CHECK(closed.str("/data/status") == "CLOSED");

  const auto major = open_incident(api, "high", "major");
  CHECK(api.post("/api/v1/incidents/" + major + "/close", {{"actor", "grace"}}).status == 409);
  resolve(api, major);
  const auto asked = api.post("/api/v1/incidents/" + major + "/close", {{"actor", "grace"}});
  CHECK(asked.status == 202);
  CHECK(asked.str("/data/status") == "RESOLVED");
  const auto gate = asked.str("/data/approval_request_id");
  const auto again = api.post("/api/v1/incidents/" + major + "/close", {{"actor", "grace"}});
  CHECK((again.status == 202 || again.status == 409));
  const auto told = api.post("/api/v1/agents/hitl/decide", vote(gate, "ada", "incident_commander"));
  CHECK(told.str("/data/decision") == "approved");
  CHECK(api.incident(major).at("status").as_string() == "CLOSED");
  const auto log = api.log(major);
  CHECK(count_facts(log, "incident_changed", "CLOSED") == 1);
  CHECK(count_facts(log, "gate_opened") == 1);
  CHECK(api.post("/api/v1/incidents/" + major + "/acknowledge", {{"actor", "bob"}}).status == 409);
}

TEST_CASE("an incident goes through its life, illegal steps are refused, and a reopened one is in progress") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "medium");
  const auto at = "/api/v1/incidents/" + incident;
  const auto step = [&](const char* name) { return api.post(at + '/' + name, {{"actor", "grace"}}); };
  CHECK(step("reopen").code() == "CONFLICT");
  CHECK(step("acknowledge").str("/data/status") == "ACKNOWLEDGED");
  CHECK(step("acknowledge").status == 409);
  CHECK(step("start").str("/data/status") == "IN_PROGRESS");
  const auto assigned = api.post(at + "/assign", {{"actor", "bob"}, {"assigned_to", "grace"}});
  CHECK(assigned.str("/data/assigned_to") == "grace");
  CHECK(api.post(at + "/comments", {{"author", "grace"}, {"text", "rolled back"}}).status == 200);
  CHECK(api.send(http::verb::patch, at, R"({"impact":"carts are lost"})").str("/data/impact") == "carts are lost");
  CHECK(api.post("/api/v1/agents/postmortem/generate", {{"incident_id", incident}}).code() == "CONFLICT");
  resolve(api, incident);
  CHECK(step("reopen").str("/data/status") == "IN_PROGRESS");
  resolve(api, incident);
  const auto timeline = api.get(at + "/timeline");
  CHECK(timeline.list("/timeline").size() == api.log(incident).size());
}

TEST_CASE("a resolved incident takes no new event: the next one opens another, linked to it") {
  manager service;
  caller api{service.url()};
  const auto first = open_incident(api, "medium", "it comes back");
  CHECK(api.post("/api/v1/events", event(new_id(), "medium", "it comes back")).str("/disposition") == "attached");
  resolve(api, first);
  const auto second = api.post("/api/v1/events", event(new_id(), "medium", "it comes back"));
  CHECK(second.str("/disposition") == "opened");
  CHECK(second.str("/incident_id") != first);
  const auto record = api.incident(second.str("/incident_id"));
  REQUIRE(record.at("related_incidents").as_array().size() == 1);
  CHECK(record.at("related_incidents").at(0).as_string() == first);
}

TEST_CASE("a post-mortem is written from the record, shown as Markdown, published once and then unchanged") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "medium", "Prompt 41 loops");
  resolve(api, incident);
  const auto written = api.post("/api/v1/agents/postmortem/generate", {{"incident_id", incident}});
  REQUIRE(written.status == 200);
  const auto id = written.str("/data/postmortem_id");
  const auto at = "/api/v1/agents/postmortem/inspect?postmortem_id=" + id;
  CHECK(api.get(at).str("/data/incident_id") == incident);
  const auto page = api.get(at + "&format=markdown");
  CHECK(page.status == 200);
  CHECK(page.headers.get("Content-Type").value_or("").starts_with("text/markdown"));
  CHECK(page.text.find("Prompt 41 loops") != std::string::npos);
  CHECK(api.post("/api/v1/agents/postmortem/publish", {{"postmortem_id", id}, {"actor", "ada"}}).status == 200);
  const auto published = api.get(at);
  CHECK(published.str("/data/status") == "published");
  (void)api.post("/api/v1/agents/postmortem/generate", {{"incident_id", incident}});
  CHECK(api.get(at).at("/data") == published.at("/data"));
  CHECK(api.get("/api/v1/agents/postmortem/list?incident_id=" + incident).list("/data/items").size() >= 1);
}
