/// What people may do to an approval request, and what nobody may.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

struct gated {
  manager service{};
  caller api{service.url()};
  std::string incident = open_incident(api, "high");

  js::object request(std::string_view action = "rollback") const {
    return {{"incident_id", incident}, {"action_type", action}, {"requester_id", "bob"}};
  }
  std::string ask(const js::object& wanted) {
    return api.post("/api/v1/agents/hitl/request", wanted).str("/data/approval_request_id");
  }
  answer decide(const js::object& cast) { return api.post("/api/v1/agents/hitl/decide", cast); }
  answer status(const std::string& gate) { return api.get("/api/v1/agents/hitl/status?request_id=" + gate); }
};

}  // namespace

TEST_CASE("a vote that comes before its gate is kept and counts when the gate opens under the caller's own id") {
  gated at;
  const auto gate = new_id();
  auto early = vote(gate, "ada", "incident_commander");
  CHECK(at.decide(early).status == 404);
  early["incident_id"] = at.incident;
  const auto kept = at.decide(early);
  CHECK(kept.status == 200);
  CHECK_FALSE(kept.flag("/data/action_authorized"));
  CHECK_FALSE(kept.list("/warnings").empty());

  auto wanted = at.request();
  wanted["approval_request_id"] = gate;
  const auto opened = at.api.post("/api/v1/agents/hitl/request", wanted);
  CHECK(opened.str("/data/approval_request_id") == gate);
  CHECK(opened.number("/data/approvals_obtained") == 1);
  CHECK(opened.str("/data/status") == "pending");
  CHECK(opened.list("/data/required_approvers").size() == 2);
  CHECK(at.decide(vote(gate, "grace", "sre_lead")).str("/data/decision") == "approved");
}

TEST_CASE("a vote for a gate of an incident that nobody knows is 404") {
  gated at;
  auto stray = vote(new_id(), "ada", "incident_commander");
  stray["incident_id"] = new_id();
  CHECK(at.decide(stray).code() == "NOT_FOUND");
}

TEST_CASE("who is not listed may not vote, and the attempt is on record") {
  gated at;
  const auto gate = at.ask(at.request());
  const auto refused = at.decide(vote(gate, "mallory", "executive"));
  CHECK(refused.status == 403);
  CHECK(refused.code() == "FORBIDDEN");
  CHECK(at.status(gate).number("/data/approvals_obtained") == 0);
  CHECK(at.status(gate).number("/data/rejections_count") == 0);
  CHECK(count_facts(at.api.log(at.incident), "vote_refused") == 1);
  const auto audit = at.api.get("/api/v1/agents/hitl/inspect?request_id=" + gate);
  CHECK(audit.text.find("mallory") != std::string::npos);
}

TEST_CASE("a specific user's vote counts by id, and nobody else's does") {
  gated at;
  auto wanted = at.request("data_access");
  wanted["required_approvers"] = js::array{js::object{{"approver_type", "security_team"}},
                                           js::object{{"approver_type", "specific_user"}, {"approver_id", "eve"}}};
  wanted["min_approvals_required"] = 2;
  const auto gate = at.ask(wanted);
  CHECK(at.decide(vote(gate, "not-eve", "specific_user")).status == 403);
  CHECK(at.decide(vote(gate, "eve", "specific_user")).str("/data/decision") == "approval_pending");
  CHECK(at.decide(vote(gate, "sam", "security_team")).str("/data/decision") == "approved");
}

TEST_CASE("a second vote of the same person changes nothing and says so") {
  gated at;
  const auto gate = at.ask(at.request());
  CHECK(at.decide(vote(gate, "ada", "incident_commander")).number("/data/approvals_obtained") == 1);
  const auto log = at.api.log(at.incident);
  const auto again = at.decide(vote(gate, "ada", "sre_lead"));
  CHECK(again.status == 200);
  CHECK(again.number("/data/approvals_obtained") == 1);
  CHECK(again.str("/data/decision") == "approval_pending");
  CHECK_FALSE(again.list("/warnings").empty());
  CHECK(at.api.log(at.incident) == log);
}

TEST_CASE("a rejection ends it, and a decided gate refuses what comes after") {
  gated at;
  const auto gate = at.ask(at.request());
  CHECK(at.decide(vote(gate, "ada", "incident_commander", "reject")).str("/data/decision") == "rejected");
  CHECK(at.decide(vote(gate, "grace", "sre_lead")).code() == "CONFLICT");
  CHECK(at.api.post("/api/v1/agents/hitl/cancel", {{"request_id", gate}, {"requester_id", "bob"}}).code() ==
        "CONFLICT");
  CHECK(at.status(gate).str("/data/status") == "rejected");
}

TEST_CASE("only its requester cancels a request") {
  gated at;
  const auto gate = at.ask(at.request());
  const auto cancel = [&](const char* who) {
    return at.api.post("/api/v1/agents/hitl/cancel", {{"approval_request_id", gate}, {"requester_id", who}});
  };
  CHECK(cancel("mallory").code() == "FORBIDDEN");
  CHECK(at.status(gate).str("/data/status") == "pending");
  CHECK(cancel("bob").str("/data/decision") == "cancelled");
  CHECK(at.status(gate).str("/data/status") == "cancelled");
  CHECK_FALSE(at.status(gate).flag("/data/action_authorized"));
}

TEST_CASE("a request handed up asks a higher role, and that role's votes count") {
  gated at;
  const auto gate = at.ask(at.request());
  const auto up = at.api.post("/api/v1/agents/hitl/escalate", {{"request_id", gate}, {"actor", "bob"}});
  CHECK(up.status == 200);
  CHECK(up.str("/data/decision") == "escalated");
  CHECK_FALSE(up.flag("/data/action_authorized"));
  const auto asked = at.status(gate).list("/data/required_approvers");
  CHECK(std::ranges::any_of(
      asked, [](const js::value& one) { return one.at("approver_type").as_string() == "engineering_manager"; }));
}

TEST_CASE("a caller's own list may not leave out whom the policy requires") {
  gated at;
  auto wanted = at.request();
  wanted["required_approvers"] = js::array{js::object{{"approver_type", "on_call_lead"}}};
  wanted["min_approvals_required"] = 1;
  const auto refused = at.api.post("/api/v1/agents/hitl/request", wanted);
  CHECK(refused.status == 400);
  CHECK(refused.code() == "VALIDATION_ERROR");
  CHECK(at.api.get("/api/v1/agents/hitl/list").list("/data/items").empty());
}

TEST_CASE("conditions of all approvals are told together, each once") {
  gated at;
  const auto gate = at.ask(at.request());
  auto first = vote(gate, "ada", "incident_commander");
  first["conditions"] = js::array{"keep the logs", "watch the error rate"};
  auto second = vote(gate, "grace", "sre_lead");
  second["conditions"] = js::array{"watch the error rate", "tell support"};
  (void)at.decide(first);
  const auto told = at.decide(second);
  CHECK(told.at("/data/consolidated_conditions") ==
        js::array({"keep the logs", "watch the error rate", "tell support"}));
}

TEST_CASE("a long poll without a verdict ends with its time, and says pending") {
  gated at;
  const auto gate = at.ask(at.request());
  const auto since = std::chrono::steady_clock::now();
  const auto told = at.api.get("/api/v1/agents/hitl/status?wait=1&request_id=" + gate);
  CHECK(told.status == 200);
  CHECK(told.str("/data/status") == "pending");
  CHECK(std::chrono::steady_clock::now() - since >= std::chrono::milliseconds{900});
  CHECK(at.api.get("/api/v1/agents/hitl/status?wait=61&request_id=" + gate).status == 400);
}

TEST_CASE("status of a request that nobody knows is 404 at once, with and without waiting") {
  gated at;
  CHECK(at.status(new_id()).status == 404);
  CHECK(at.api.get("/api/v1/agents/hitl/status?wait=5&request_id=" + new_id()).status == 404);
  CHECK(at.api.get("/api/v1/agents/hitl/status?wait=5&request_id=" + new_id() + "&incident_id=" + at.incident).status ==
        404);
}

TEST_CASE("after a resolution status says to look again, and closing the incident cancels what is asked for it") {
  gated at;
  const auto incident =
      at.api.post("/api/v1/incidents", {{"title", "a small one"}, {"severity", "P3"}}).str("/data/id");
  auto wanted = at.request("remediation");
  wanted["incident_id"] = incident;
  const auto gate = at.ask(wanted);
  const auto change = [&](const char* what) {
    return at.api.post("/api/v1/incidents/" + incident + what, {{"actor", "ada"}}).status;
  };
  CHECK_FALSE(at.status(gate).has("/data/review"));
  CHECK(change("/resolve") == 200);
  CHECK(at.status(gate).str("/data/review").starts_with("the incident was resolved at "));
  CHECK(change("/close") == 200);
  CHECK(at.status(gate).str("/data/status") == "cancelled");
  CHECK(at.decide(vote(gate, "olga", "on_call_lead")).status == 409);
  CHECK(at.api.get("/api/v1/orchestrator/actions").text.find("execute_approved_action") == std::string::npos);
}

TEST_CASE("one person is one vote however the name is written, and nobody approves what they asked for") {
  gated at;
  const auto gate = at.ask(at.request());
  CHECK(at.decide(vote(gate, "ada", "incident_commander")).status == 200);
  CHECK_FALSE(at.decide(vote(gate, "ADA ", "sre_lead")).flag("/data/action_authorized"));
  CHECK(at.decide(vote(gate, "Bob", "sre_lead")).status == 403);
  CHECK(at.status(gate).number("/data/approvals_obtained") == 1);
}
