#include "actors/logic/approval.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;
using Catch::Approx;
using enum approver_type;
using decided = approval_decision;

constexpr auto no = vote_decision::rejected;

/// Commander and SRE lead required, on-call lead optional, two approvals, fifteen minutes.
gate_state sample_gate() {
  gate_state gate;
  gate.request.id = id_of<approval_id>("gate");
  gate.request.incident_id = id_of<incident_id>("incident");
  gate.request.action_type = approval_action::rollback;
  gate.request.incident_severity = severity::p1;
  gate.request.requester_id = "rita";
  gate.request.request_priority = priority::high;
  gate.request.required_approvers = {
      {incident_commander, {}, true, {}}, {sre_lead, {}, true, {}}, {on_call_lead, {}, false, {}}};
  gate.request.min_approvals_required = 2;
  gate.request.requested_at = t0;
  gate.request.approval_deadline = after(900);
  gate.request.parameters = {"checkout", target_type::deployment, {}, true, {}, {}};
  return gate;
}

gate_state quorate() {
  auto gate = sample_gate();
  gate.votes = {vote_of("cora", incident_commander), vote_of("sam", sre_lead)};
  return gate;
}

logic::approval_verdict judged(const gate_state& gate, time_point now = t0) {
  return logic::judge_approval(gate, test_approval(), now);
}

std::vector<action_type> actions(const approval_output& output) {
  std::vector<action_type> types;
  for (const auto& action : output.orchestrator_actions) types.push_back(action.action_type);
  return types;
}

TEST_CASE("a terminal status is told again and executes nothing a second time") {
  struct row {
    approval_status status;
    decided decision;
  };
  for (const auto& r :
       {row{approval_status::approved, decided::approved}, row{approval_status::rejected, decided::rejected},
        row{approval_status::expired, decided::expired}, row{approval_status::cancelled, decided::cancelled}}) {
    auto gate = quorate();
    gate.status = r.status;
    gate.decided_at = after(10);
    for (const double now_s : {20.0, 5000.0}) {
      const auto output = judged(gate, after(now_s)).output;
      CHECK(output.decision == r.decision);
      CHECK(output.updated_status == r.status);
      CHECK(output.action_authorized == (r.status == approval_status::approved));
      CHECK(output.decision_finalized_at == after(10));
      CHECK(actions(output) == std::vector{action_type::log_approval_event});
    }
  }
}

TEST_CASE("the deadline comes before the votes, and what follows is the request's expiry action") {
  struct row {
    expiry_action action;
    decided decision;
    approval_status status;
  };
  for (const auto& r : {row{expiry_action::auto_reject, decided::expired, approval_status::expired},
                        row{expiry_action::escalate, decided::escalated, approval_status::escalated},
                        row{expiry_action::notify_and_wait, decided::approval_pending, approval_status::pending}}) {
    auto gate = quorate();
    gate.request.expiry_action = r.action;
    CHECK(judged(gate, after(899.999)).output.decision == decided::approved);
    for (const double now_s : {900.0, 901.0, 1e6}) {
      const auto output = judged(gate, after(now_s)).output;
      CHECK(output.decision == r.decision);
      CHECK(output.updated_status == r.status);
      CHECK_FALSE(output.action_authorized);
      CHECK(output.time_remaining_seconds == 0);
    }
  }
}

TEST_CASE("any rejection rejects, however many approve") {
  for (const bool first : {true, false}) {
    auto gate = quorate();
    gate.votes.insert(first ? gate.votes.begin() : gate.votes.end(), vote_of("olga", on_call_lead, no));
    const auto verdict = judged(gate);
    CHECK(verdict.output.decision == decided::rejected);
    CHECK(verdict.output.rejections_count == 1);
    CHECK(verdict.output.approvals_obtained == 2);
    CHECK(verdict.confidence == 1.0);
    CHECK_FALSE(verdict.output.action_authorized);
    CHECK(actions(verdict.output) == std::vector{action_type::cancel_pending_action, action_type::notify_requester,
                                                 action_type::log_approval_event});
    CHECK(verdict.output.orchestrator_actions[0].priority == priority::high);
    CHECK_FALSE(verdict.output.orchestrator_actions[0].async);
    CHECK(verdict.output.orchestrator_actions[1].priority == priority::high);
    CHECK(verdict.output.orchestrator_actions[2].priority == priority::low);
  }
}

TEST_CASE("a quorum with every required approver approves") {
  const auto verdict = judged(quorate());
  const auto& output = verdict.output;
  CHECK(output.decision == decided::approved);
  CHECK(output.updated_status == approval_status::approved);
  CHECK(output.action_authorized);
  CHECK(output.approvals_obtained == 2);
  CHECK(output.approvals_remaining == 0);
  REQUIRE(output.final_approver);
  CHECK(output.final_approver->id == "sam");
  CHECK(output.decision_finalized_at == t0);
  CHECK_FALSE(output.next_check_at);
  CHECK(output.policy_compliance.compliant);
  CHECK(output.policy_compliance.violations.empty());
  CHECK(verdict.confidence == Approx(1.0));
  CHECK(actions(output) == std::vector{action_type::execute_approved_action, action_type::notify_requester,
                                       action_type::log_approval_event});
  CHECK(output.orchestrator_actions[0].priority == priority::high);
  CHECK(output.orchestrator_actions[0].async);
  CHECK(output.orchestrator_actions[1].priority == priority::normal);
  CHECK(output.orchestrator_actions[2].priority == priority::low);
  auto critical = quorate();
  critical.request.request_priority = priority::critical;
  CHECK(judged(critical).output.orchestrator_actions[0].priority == priority::critical);
}

TEST_CASE("the approval that completes the quorum is the final one, whoever follows") {
  auto gate = sample_gate();
  gate.votes = {vote_of("olga", on_call_lead), vote_of("cora", incident_commander), vote_of("sam", sre_lead),
                vote_of("carl", incident_commander)};
  CHECK(judged(gate).output.final_approver->id == "sam");
}

TEST_CASE("nothing short of the quorum approves") {
  const auto pending = [](std::vector<approval_record> votes) {
    auto gate = sample_gate();
    gate.votes = std::move(votes);
    const auto output = judged(gate).output;
    CHECK_FALSE(output.action_authorized);
    CHECK_FALSE(output.final_approver);
    return output.decision == decided::approval_pending;
  };
  CHECK(pending({}));
  CHECK(pending({vote_of("cora", incident_commander)}));
  CHECK(pending({vote_of("cora", incident_commander), vote_of("carl", incident_commander)}));  // no SRE lead
  CHECK(pending({vote_of("cora", incident_commander), vote_of("olga", on_call_lead)}));        // no SRE lead
  CHECK(pending({vote_of("cora", incident_commander), vote_of("cora", incident_commander)}));  // twice the same
  CHECK(pending({vote_of("cora", incident_commander), vote_of("cora", sre_lead)}));            // one person, two roles
  CHECK(pending({vote_of("cora", incident_commander), vote_of("eve", executive)}));            // not listed
  CHECK(pending({vote_of("", incident_commander), vote_of("sam", sre_lead)}));                 // nobody
}

TEST_CASE("a specific user is met by id, another role by role") {
  auto gate = sample_gate();
  gate.request.required_approvers = {{specific_user, "dora", true, {}}};
  gate.request.min_approvals_required = 1;
  gate.votes = {vote_of("mallory", specific_user)};
  CHECK(judged(gate).output.decision == decided::approval_pending);
  gate.votes = {vote_of("dora", specific_user)};
  CHECK(judged(gate).output.decision == decided::approved);
  gate.request.required_approvers = {{specific_user, {}, true, {}}};
  CHECK(judged(gate).output.decision == decided::approval_pending);
}

TEST_CASE("a quorum of nobody is a quorum of one") {
  auto gate = sample_gate();
  gate.request.required_approvers = {{on_call_lead, {}, false, {}}};
  for (const int minimum : {0, -3, 1}) {
    gate.request.min_approvals_required = minimum;
    gate.votes.clear();
    CHECK(judged(gate).output.decision == decided::approval_pending);
    CHECK(judged(gate).output.approvals_remaining == 1);
    gate.votes = {vote_of("olga", on_call_lead)};
    CHECK(judged(gate).output.decision == decided::approved);
  }
  gate.request.required_approvers.clear();
  CHECK(judged(gate).output.decision == decided::approval_pending);
}

TEST_CASE("a pending gate is looked at again after the lesser of the interval and half the time left") {
  const auto gate = sample_gate();
  CHECK(judged(gate, t0).output.next_check_at == after(300));
  CHECK(judged(gate, after(300)).output.next_check_at == after(600));
  CHECK(judged(gate, after(500)).output.next_check_at == after(700));
  CHECK(judged(gate, after(500)).output.time_remaining_seconds == 400);
  auto waiting = gate;
  waiting.request.expiry_action = expiry_action::notify_and_wait;
  CHECK(judged(waiting, after(1000)).output.next_check_at == after(1300));
  CHECK(actions(judged(gate).output) == std::vector{action_type::notify_approvers});
  CHECK(judged(gate).output.orchestrator_actions[0].priority == priority::high);
}

TEST_CASE("an escalated gate waits as escalated, and its quorum approves it") {
  auto gate = sample_gate();
  gate.status = approval_status::escalated;
  CHECK(judged(gate).output.decision == decided::approval_pending);
  CHECK(judged(gate).output.updated_status == approval_status::escalated);
  gate.votes = quorate().votes;
  CHECK(judged(gate).output.updated_status == approval_status::approved);
}

TEST_CASE("escalated and expired ask for their own actions") {
  auto gate = sample_gate();
  gate.request.expiry_action = expiry_action::escalate;
  auto output = judged(gate, after(900)).output;
  CHECK(actions(output) == std::vector{action_type::escalate_approval, action_type::notify_approvers});
  CHECK(output.orchestrator_actions[0].priority == priority::critical);
  CHECK_FALSE(output.orchestrator_actions[0].async);
  CHECK_FALSE(output.decision_finalized_at);
  gate.request.expiry_action = expiry_action::auto_reject;
  const auto expired = judged(gate, after(900));
  CHECK(actions(expired.output) == std::vector{action_type::cancel_pending_action, action_type::notify_requester});
  CHECK(expired.output.orchestrator_actions[0].priority == priority::normal);
  CHECK(expired.output.decision_finalized_at == after(900));
  CHECK(expired.confidence == 1.0);
}

TEST_CASE("conditions are told once each, first seen first") {
  auto gate = quorate();
  gate.votes[0].conditions = {"watch p99", "at night"};
  gate.votes[1].conditions = {"at night", "announce it", "watch p99"};
  const auto output = judged(gate).output;
  CHECK(output.consolidated_conditions == std::vector<std::string>{"watch p99", "at night", "announce it"});
  REQUIRE(output.modified_action_parameters);
  CHECK(output.modified_action_parameters->approval_conditions == output.consolidated_conditions);
  CHECK_FALSE(judged(quorate()).output.modified_action_parameters);
}

TEST_CASE("confidence and compliance follow the votes") {
  // pending with nothing: .2 no rejections + .2 nothing decided against a rule + .1 conditions
  CHECK(judged(sample_gate()).confidence == Approx(0.5));
  auto gate = quorate();
  gate.votes[0].conditions = {" "};
  CHECK(judged(gate).confidence == Approx(0.9));
  gate = quorate();
  gate.votes.push_back(vote_of("eve", executive));  // nobody asked eve
  CHECK(judged(gate).confidence == Approx(1.0));
  gate = sample_gate();
  gate.votes = {vote_of("cora", incident_commander)};
  gate.request.min_approvals_required = 1;  // reached, but the other required approver has not approved
  CHECK(judged(gate).confidence == Approx(0.9));
  const auto& rules = judged(sample_gate()).output.policy_compliance.rules_evaluated;
  REQUIRE(rules.size() == 4);
  CHECK(rules[0].rule_id == "min_approvals");
  CHECK(rules[1].rule_id == "required_approvers");
  CHECK(rules[2].rule_id == "deadline_compliance");
  CHECK(rules[3].rule_id == "no_auto_approval");
  for (const auto& rule : rules) CHECK(rule.satisfied);  // nothing is decided yet
  auto unbacked = sample_gate();
  unbacked.status = approval_status::approved;
  const auto broken = judged(unbacked).output.policy_compliance.rules_evaluated;
  CHECK_FALSE(broken[0].satisfied);
  CHECK_FALSE(broken[1].satisfied);
  CHECK_FALSE(broken[3].satisfied);
  CHECK(judged(sample_gate(), after(900)).output.policy_compliance.compliant);  // expired: the deadline was kept
}

TEST_CASE("constraints tell who was required and who was obtained") {
  auto gate = sample_gate();
  gate.votes = {vote_of("cora", incident_commander)};
  const auto constraints = judged(gate).constraints;
  REQUIRE(constraints.approval_requirements.size() == 3);
  CHECK(constraints.approval_requirements[0].obtained);
  CHECK_FALSE(constraints.approval_requirements[1].obtained);
  CHECK_FALSE(constraints.approval_requirements[2].required);
  REQUIRE(constraints.time_constraints.size() == 1);
  CHECK_FALSE(constraints.time_constraints[0].breached);
  CHECK(judged(gate, after(900)).constraints.time_constraints[0].breached);
}

TEST_CASE("the trail is the gate's own; a request without one gets what its votes tell") {
  auto gate = quorate();
  gate.votes[0].decision_timestamp = after(20);
  gate.votes[1].decision_timestamp = after(10);
  const auto trail = judged(gate, after(30)).output.audit_trail;
  REQUIRE(trail.size() == 4);
  CHECK(trail[0].event_type == approval_audit_type::request_created);
  CHECK(trail[1].actor_id == "sam");
  CHECK(trail[2].actor_id == "cora");
  CHECK(trail[3].event_type == approval_audit_type::decision_finalized);
  gate.audit = {{t0, approval_audit_type::request_created, "rita", actor_type::user, "own"}};
  CHECK(judged(gate).output.audit_trail == gate.audit);
}

}  // namespace
