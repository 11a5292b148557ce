#include <catch2/catch_test_macros.hpp>

#include "messages/json/codec.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string agent_path = "/api/v1/agents/hitl/";
const std::string id{some_incident};
const std::string gate{some_gate};

const std::string full =
    R"({"approval_request_id":")" + gate + R"(","incident_id":")" + id + R"(","action_type":"rollback",
  "action_description":"roll back","incident_severity":"P1","requester_type":"agent","requester_id":"orchestrator",
  "approval_deadline":"2026-11-22T02:00:00Z","current_status":"pending","execution_id":"e-1","min_approvals_required":2,
  "action_parameters":{"target":"chat","target_type":"deployment","reversible":true,"parameters":{"to":"v1"}},
  "required_approvers":[{"approver_type":"incident_commander","required":true},{"approver_type":"specific_user","approver_id":"u-1"}],
  "existing_approvals":[{"approver_id":"a","approver_type":"incident_commander","decision":"approved","decision_timestamp":"2026-11-22T00:30:00Z"}],
  "existing_rejections":[{"approver_id":"b","approver_type":"sre_lead","decision_timestamp":"2026-11-22T00:31:00Z"}],
  "request_priority":"critical","expiry_action":"escalate","policy_id":"approval","policy_version":"1.0.0"})";

std::string without(std::string text, std::string_view part) {
  const auto found = text.find(part);
  REQUIRE(found != std::string::npos);
  return text.erase(found, part.size());
}

}  // namespace

TEST_CASE("a gate is judged as it is given") {
  surface s;
  CHECK(s.post(agent_path + "evaluate", full).code() == 200);
  const auto& wanted = s.incidents.last_as<cmd::evaluate_approval>();
  CHECK(wanted.warnings.empty());
  const auto& asked = wanted.gate.request;
  CHECK(asked.id.str() == gate);
  CHECK(asked.incident_id.str() == id);
  CHECK(asked.action_type == approval_action::rollback);
  CHECK(asked.min_approvals_required == 2);
  CHECK(asked.required_approvers.size() == 2);
  CHECK(asked.required_approvers[1].approver_id == "u-1");
  CHECK(asked.request_priority == priority::critical);
  CHECK(asked.expiry_action == expiry_action::escalate);
  CHECK(asked.parameters.reversible);
  CHECK(wanted.gate.status == approval_status::pending);
  REQUIRE(wanted.gate.votes.size() == 2);
  CHECK(wanted.gate.votes[0].decision == vote_decision::approved);
  CHECK(wanted.gate.votes[1].decision == vote_decision::rejected);
  CHECK(s.incidents.last().context.request == "hitl.evaluate:" + gate + ":e-1");
}

TEST_CASE("what is odd about a gate is a warning") {
  surface s;
  auto odd = without(full, R"("reversible":true,)");
  odd = odd.replace(odd.find("2026-11-22T02"), 13, "2026-11-21T02");
  odd = odd.replace(odd.find(R"("min_approvals_required":2)"), 26, R"("min_approvals_required":3)");
  CHECK(s.post(agent_path + "evaluate", odd).code() == 200);
  CHECK(s.incidents.last_as<cmd::evaluate_approval>().warnings ==
        std::vector<std::string>{"min_approvals_required is above the number of required_approvers",
                                 "approval_deadline is in the past", "action_parameters.reversible is missing"});
}

TEST_CASE("a gate names all its bad fields at once") {
  surface s;
  CHECK(s.post(agent_path + "evaluate", "{}").bad_fields().size() == 13);
  const auto a =
      s.post(agent_path + "evaluate", R"({"approval_request_id":"req-1","incident_id":"test-123","action_type":"dance",
    "action_description":"d","incident_severity":"P1","requester_type":"agent","requester_id":"o","approval_deadline":"soon",
    "current_status":"open","execution_id":"e","min_approvals_required":0,"action_parameters":{"target":"x"},"required_approvers":[]})");
  CHECK(a.bad_fields() ==
        std::vector<std::string>{"approval_request_id INVALID_VALUE", "incident_id INVALID_VALUE",
                                 "action_type INVALID_VALUE", "approval_deadline INVALID_VALUE",
                                 "current_status INVALID_VALUE", "min_approvals_required INVALID_VALUE",
                                 "action_parameters.target_type REQUIRED", "required_approvers INVALID_VALUE"});
  CHECK(s.post(agent_path + "evaluate", without(full, R"(,"approver_id":"u-1")")).bad_fields() ==
        std::vector<std::string>{"required_approvers[1].approver_id REQUIRED"});
  CHECK(s.incidents.commands.empty());
}

TEST_CASE("no list of votes turns a rejection into an approval, or the reverse") {
  surface s;
  auto forged = full;
  forged = forged.replace(forged.find(R"("approver_id":"b")"), 17, R"("decision":"approved","approver_id":"b")");
  CHECK(s.post(agent_path + "evaluate", forged).bad_fields() ==
        std::vector<std::string>{"existing_rejections[0].decision INVALID_VALUE"});
  forged = full;
  forged = forged.replace(forged.find(R"("decision":"approved")"), 21, R"("decision":"rejected")");
  CHECK(s.post(agent_path + "evaluate", forged).bad_fields() ==
        std::vector<std::string>{"existing_approvals[0].decision INVALID_VALUE"});
}

TEST_CASE("a request for approval leaves to the policy what it does not say") {
  surface s;
  s.incidents.answers = [](const command&) {
    return decided(
        R"({"approval_request_id":"r","status":"pending","required_approvers":[{"approver_type":"sre_lead"}]})");
  };
  const auto a = s.post(agent_path + "request", R"({"incident_id":")" + id + R"(","action_type":"remediation"})");
  CHECK(a.at("data.approval_request_id") == "r");
  CHECK(a.at("data.status") == "pending");
  CHECK(a.at("data.required_approvers.0.approver_type") == "sre_lead");
  const auto& wanted = s.incidents.last_as<cmd::request_approval>();
  CHECK_FALSE(wanted.id);
  CHECK(wanted.action_description == "remediation");
  CHECK(wanted.requester_id == "api");
  CHECK(wanted.required_approvers.empty());
  CHECK_FALSE(wanted.min_approvals_required);
  CHECK_FALSE(wanted.expiry_action);
}

TEST_CASE("a request for approval may say everything, roles as words too") {
  surface s;
  CHECK(s.post(agent_path + "request",
               R"({"incident_id":")" + id + R"(","action_type":"data_access","approval_request_id":")" + gate + R"(",
    "action_description":"read logs","requester_type":"agent","requester_id":"orchestrator","priority":"critical","request_reason":"r",
    "required_approvers":["executive",{"approver_type":"security_team","required":false}],"min_approvals_required":1,
    "approval_deadline":"2026-11-22T02:00:00Z","expiry_action":"notify_and_wait",
    "action_parameters":{"target":"logs","target_type":"data"}})")
            .code() == 200);
  const auto& wanted = s.incidents.last_as<cmd::request_approval>();
  CHECK(wanted.id == approval_id::parse(gate));
  CHECK(wanted.request_priority == priority::critical);
  REQUIRE(wanted.required_approvers.size() == 2);
  CHECK(wanted.required_approvers[0].approver_type == approver_type::executive);
  CHECK_FALSE(wanted.required_approvers[1].required);
  CHECK(wanted.min_approvals_required == 1);
  CHECK(wanted.parameters.target == "logs");
  CHECK(s.post(agent_path + "request",
               R"({"action_type":"x","required_approvers":["boss"],"min_approvals_required":"1"})")
            .bad_fields() == std::vector<std::string>{"incident_id REQUIRED", "action_type INVALID_VALUE",
                                                      "required_approvers[0] INVALID_VALUE",
                                                      "min_approvals_required INVALID_TYPE"});
}

TEST_CASE("status is told from the store, and 404 for a request that nobody knows") {
  surface s;
  CHECK(s.get(agent_path + "status?request_id=" + gate).code() == 404);
  s.store.documents[approval_id::parse(gate)->value()] = json::encode(some_pending_gate());
  const auto a = s.get(agent_path + "status?request_id=" + gate);
  CHECK(a.code() == 200);
  CHECK(a.at("data.approval_request_id") == gate);
  CHECK(a.at("data.incident_id") == id);
  CHECK(a.at("data.status") == "pending");
  CHECK(a.at("data.action_authorized") == "false");
  CHECK(a.at("data.approvals_obtained") == "0");
  CHECK(s.post(agent_path + "status", R"({"approval_request_id":")" + gate + R"("})").raw.body == a.raw.body);
  CHECK(s.incidents.waits.empty());
  CHECK(s.get(agent_path + "status?wait=61").bad_fields() ==
        std::vector<std::string>{"request_id REQUIRED", "wait INVALID_VALUE"});
  CHECK(s.get(agent_path + "status?request_id=req-1").code() == 400);
}

TEST_CASE("status with wait is told where the gate lives, as soon as its verdict falls") {
  surface s;
  s.incidents.answers = [](const command&) {
    auto state = some_state();
    auto decided_gate = some_pending_gate();
    decided_gate.status = approval_status::approved;
    decided_gate.votes.push_back(
        {"grace", "Grace", approver_type::sre_lead, vote_decision::approved, "ok", {}, at(now_text), {}});
    state.gates.push_back(decided_gate);
    return decided("{}", state);
  };
  CHECK(s.get(agent_path + "status?wait=30&request_id=" + gate).code() == 404);
  s.store.documents[approval_id::parse(gate)->value()] = json::encode(some_pending_gate());
  const auto a = s.get(agent_path + "status?wait=30&request_id=" + gate);
  CHECK(a.at("data.status") == "approved");
  CHECK(a.at("data.action_authorized") == "true");
  CHECK(a.at("data.approval_records.0.approver_id") == "grace");
  REQUIRE(s.incidents.waits.size() == 1);
  CHECK(s.incidents.waits[0].second == limits::wait_turn);
  s.store.documents.clear();
  CHECK(s.get(agent_path + "status?wait=5&request_id=" + gate + "&incident_id=" + id).at("data.status") == "approved");
  CHECK(s.post(agent_path + "status", R"({"wait":5,"request_id":")" + gate + R"(","incident_id":")" + id + R"("})")
            .code() == 200);
}

TEST_CASE("a pending gate is waited for in turns, as long as was asked for or until the service ends") {
  int left = 3;  // turns
  surface s{[&](dependencies& d) { d.draining = [&] { return --left == 0; }; }};
  s.incidents.answers = [](const command&) {
    auto state = some_state();
    state.gates.push_back(some_pending_gate());
    return decided("{}", state);
  };
  const auto status = [&](std::string_view wait) {
    s.incidents.waits.clear();
    return s.get(agent_path + "status?wait=" + std::string{wait} + "&request_id=" + gate + "&incident_id=" + id)
        .at("data.status");
  };
  CHECK(status("60") == "pending");
  CHECK(s.incidents.waits.size() == 3);
  left = 1000;
  CHECK(status("5") == "pending");
  REQUIRE(s.incidents.waits.size() == 3);
  CHECK(s.incidents.waits[2].second == seconds{1});
}

TEST_CASE("status with wait of a gate that its incident remembers by name alone is read from the store") {
  surface s;
  s.incidents.answers = [](const command&) { return decided("{}", some_state()); };
  s.store.documents[approval_id::parse(gate)->value()] = json::encode(some_pending_gate());
  CHECK(s.get(agent_path + "status?wait=30&request_id=" + gate + "&incident_id=" + id).at("data.status") == "pending");
}

TEST_CASE("inspect tells the whole gate with its audit trail") {
  surface s;
  s.store.documents[approval_id::parse(gate)->value()] = json::encode(some_pending_gate());
  const auto a = s.get(agent_path + "inspect?request_id=" + gate);
  CHECK(a.at("data.audit_trail.0.event_type") == "request_created");
  CHECK(a.at("data.request.approval_request_id") == gate);
  CHECK(s.post(agent_path + "inspect", R"({"request_id":")" + gate + R"("})").raw.body == a.raw.body);
}

TEST_CASE("requests are listed by status, incident and action") {
  surface s;
  (void)s.get(agent_path + "list?status=pending,escalated&incident_id=" + id + "&action_type=rollback&limit=7");
  CHECK(s.store.listed == view::approvals);
  CHECK(s.store.filters ==
        string_map{{"status", "pending,escalated"}, {"incident_id", id}, {"action_type", "rollback"}, {"limit", "7"}});
  CHECK(s.get(agent_path + "list?status=open&incident_id=1").bad_fields() ==
        std::vector<std::string>{"incident_id INVALID_VALUE", "status INVALID_VALUE"});
}
