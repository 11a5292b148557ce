#include "actors/logic/approval_gate.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "messages/limits.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;
using enum approver_type;
using status = approval_status;
using audit = approval_audit_type;

constexpr auto no = vote_decision::rejected;

gate_state opened(severity level = severity::p1, cmd::request_approval request = sample_request()) {
  const auto gate = logic::open_gate(request, sample_state(level), test_approval(), id_of<approval_id>("gate"),
                                     gate_purpose::action, t0);
  REQUIRE(gate);
  return *gate;
}

/// A P1 gate asks a commander and an SRE lead within 1800 s, a P2 gate an on-call lead within 3600 s.
gate_state opened_with(expiry_action expiry, severity level = severity::p1) {
  auto request = sample_request();
  request.expiry_action = expiry;
  return opened(level, request);
}

/// What the log would make of a step.
gate_state folded(const gate_state& before, const logic::gate_step& step, time_point at) {
  auto state = sample_state();
  state.gates = {before};
  apply(state, event_of(step.change, state.head() + 1, at));
  return state.gates.front();
}

void check_fold(const gate_state& before, const logic::gate_step& step, time_point at) {
  CHECK(folded(before, step, at) == step.after);
  CHECK(step.verdict.output.audit_trail == step.after.audit);
  CHECK(step.verdict.output.status == step.after.status);
  CHECK(step.after.next_due_at.has_value() != is_terminal(step.after.status));
  CHECK(std::ranges::is_sorted(step.after.audit, {}, &approval_audit_entry::timestamp));
}

std::vector<audit> trail(const gate_state& gate) {
  std::vector<audit> types;
  for (const auto& entry : gate.audit) types.push_back(entry.event_type);
  return types;
}

logic::gate_step must(result<logic::gate_step> step) {
  if (!step) FAIL(step.error().message);
  return std::move(*step);
}

const auto& policy = test_approval();

TEST_CASE("opening fills what the caller left open from the first rule that fits") {
  const auto gate = opened(severity::p1);
  CHECK(gate.request.required_approvers == policy.rules[0].required_approvers);
  CHECK(gate.request.min_approvals_required == 2);
  CHECK(gate.request.approval_deadline == after(1800));
  CHECK(gate.request.expiry_action == expiry_action::escalate);
  CHECK(gate.request.request_priority == priority::high);
  CHECK(gate.request.policy_id == policy.id);
  CHECK(gate.status == status::pending);
  CHECK(gate.next_due_at == after(1800));
  CHECK(trail(gate) == std::vector{audit::request_created, audit::approval_requested});
  CHECK(opened(severity::p0).request.request_priority == priority::critical);
  const auto low = opened(severity::p3);
  CHECK(low.request.min_approvals_required == 1);
  CHECK(low.request.approval_deadline == after(14400));
  CHECK(low.request.request_priority == priority::normal);
}

TEST_CASE("without a rule there is no gate") {
  const auto none = logic::open_gate(sample_request(approval_action::budget_override), sample_state(), policy,
                                     id_of<approval_id>("gate"), gate_purpose::action, t0);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == errc::policy_unavailable);
}

TEST_CASE("a caller may ask more of a gate than the policy, and not less") {
  const auto tried = [](auto change) {
    auto request = sample_request();
    change(request);
    return logic::open_gate(request, sample_state(severity::p1), policy, id_of<approval_id>("gate"),
                            gate_purpose::action, t0);
  };
  const auto refused = [&](std::string_view field, auto change) {
    const auto gate = tried(change);
    if (gate) return false;
    CHECK(gate.error().code == errc::validation_error);
    return gate.error().fields.size() == 1 && gate.error().fields[0].field == field &&
           !gate.error().fields[0].message.empty();
  };
  using request = cmd::request_approval;
  const approver_requirement commander{incident_commander, {}, true, {}};
  const approver_requirement sre{sre_lead, {}, true, {}};
  CHECK(refused("required_approvers", [&](request& r) { r.required_approvers = {commander}; }));
  CHECK(refused("required_approvers", [&](request& r) {
    r.required_approvers = {commander, {sre_lead, {}, false, {}}};
  }));
  CHECK(refused("required_approvers[2].approver_id", [&](request& r) {
    r.required_approvers = {commander, sre, {specific_user, {}, true, {}}};
  }));
  CHECK(refused("required_approvers", [&](request& r) {
    r.required_approvers.assign(limits::required_approvers + 1, commander);
    r.required_approvers[0] = sre;
  }));
  CHECK(refused("min_approvals_required", [](request& r) { r.min_approvals_required = 1; }));
  CHECK(refused("min_approvals_required", [](request& r) { r.min_approvals_required = 65; }));
  CHECK(refused("approval_deadline", [](request& r) { r.approval_deadline = t0; }));
  CHECK(refused("requester_id", [](request& r) { r.requester_id.clear(); }));
  const auto both = tried([](request& r) {
    r.min_approvals_required = 0;
    r.approval_deadline = after(-1);
  });
  REQUIRE_FALSE(both);
  CHECK(both.error().fields.size() == 2);

  const auto stricter = tried([&](request& r) {
    r.required_approvers = {commander, sre, {specific_user, "dora", true, {}}};
    r.min_approvals_required = 3;
    r.approval_deadline = after(60);
    r.expiry_action = expiry_action::auto_reject;
    r.request_priority = priority::low;
  });
  REQUIRE(stricter);
  CHECK(stricter->request.required_approvers.size() == 3);
  CHECK(stricter->request.min_approvals_required == 3);
  CHECK(stricter->next_due_at == after(60));
  CHECK(stricter->request.request_priority == priority::low);
}

TEST_CASE("an incident takes no second gate of the same id and not too many at once") {
  auto state = sample_state();
  const auto open = [&] {
    return logic::open_gate(sample_request(), state, policy, id_of<approval_id>("gate"), gate_purpose::action, t0);
  };
  state.gates = {opened()};
  CHECK(open().error().code == errc::conflict);
  state.gates.front().change([](gate_state& gate) { gate.request.id = id_of<approval_id>("another"); });
  CHECK(open());
  state.gates.assign(limits::open_gates_per_incident, state.gates.front());
  CHECK(open().error().code == errc::too_many_requests);
  state.gates.front().change([](gate_state& gate) { gate.status = status::rejected; });
  CHECK(open());
}

TEST_CASE("votes are recorded with our time until the quorum approves") {
  const auto gate = opened();
  auto early = vote_of("cora", incident_commander);
  early.decision_timestamp = after(-9999);
  const auto first = must(logic::cast_vote(gate, early, policy, after(5)));
  check_fold(gate, first, after(5));
  CHECK(first.after.status == status::pending);
  CHECK(first.after.votes.front().decision_timestamp == after(5));
  CHECK(first.verdict.output.decision == approval_decision::approval_pending);
  CHECK(first.after.next_due_at == after(1800));
  const auto second = must(logic::cast_vote(first.after, vote_of("sam", sre_lead), policy, after(6)));
  check_fold(first.after, second, after(6));
  CHECK(second.after.status == status::approved);
  CHECK(second.after.decided_at == after(6));
  CHECK(second.verdict.output.action_authorized);
  CHECK(trail(second.after) == std::vector{audit::request_created, audit::approval_requested, audit::approval_received,
                                           audit::approval_received, audit::decision_finalized});
}

TEST_CASE("one rejection ends the gate") {
  const auto gate = opened();
  const auto step = must(logic::cast_vote(gate, vote_of("olga", on_call_lead, no), policy, after(5)));
  check_fold(gate, step, after(5));
  CHECK(step.after.status == status::rejected);
  CHECK(step.verdict.confidence == 1.0);
  CHECK(trail(step.after) == std::vector{audit::request_created, audit::approval_requested, audit::rejection_received,
                                         audit::decision_finalized});
}

TEST_CASE("who is not listed may not vote, nor who takes another's role or id") {
  const auto gate = opened();
  CHECK(logic::cast_vote(gate, vote_of("eve", executive), policy, t0).error().code == errc::forbidden);
  auto request = sample_request(approval_action::data_access);
  const auto personal = opened(severity::p2, request);
  CHECK(logic::cast_vote(personal, vote_of("mallory", specific_user), policy, t0).error().code == errc::forbidden);
  CHECK(logic::cast_vote(personal, vote_of("dora", sre_lead), policy, t0).error().code == errc::forbidden);
  CHECK(logic::cast_vote(personal, vote_of("dora", specific_user), policy, t0)->after.status == status::approved);
  CHECK(logic::cast_vote(gate, vote_of("", sre_lead), policy, t0).error().code == errc::validation_error);
}

TEST_CASE("a second vote of the same person changes nothing and says so") {
  const auto gate = must(logic::cast_vote(opened(), vote_of("cora", incident_commander), policy, after(5))).after;
  for (const auto& again :
       {vote_of("cora", incident_commander), vote_of("CORA ", incident_commander), vote_of("cora", sre_lead)}) {
    const auto step = must(logic::cast_vote(gate, again, policy, after(6)));
    CHECK_FALSE(step.changed);
    CHECK(step.after == gate);
    REQUIRE(step.verdict.output.note);
    CHECK(step.verdict.output.note->find("voted before") != std::string::npos);
    CHECK(step.verdict.output.decision == approval_decision::approval_pending);
  }
}

TEST_CASE("a gate takes a bounded number of votes") {
  auto gate = opened();
  gate.request.min_approvals_required = 64;
  for (std::size_t i = 0; i < limits::votes_per_gate - 1; ++i)
    gate.votes.push_back(vote_of("person " + std::to_string(i), on_call_lead));
  auto last = must(logic::cast_vote(gate, vote_of("cora", incident_commander), policy, t0));
  CHECK(last.after.status == status::pending);
  CHECK(logic::cast_vote(last.after, vote_of("sam", sre_lead), policy, t0).error().code == errc::too_many_requests);
}

TEST_CASE("only its requester cancels a gate") {
  const auto gate = opened();
  CHECK(logic::cancel_gate(gate, "mallory", "", policy, t0).error().code == errc::forbidden);
  const auto step = must(logic::cancel_gate(gate, "rita", "not needed", policy, after(7)));
  check_fold(gate, step, after(7));
  CHECK(step.after.status == status::cancelled);
  CHECK(step.after.decided_reason == "cancelled by rita: not needed");
  CHECK(trail(step.after) == std::vector{audit::request_created, audit::approval_requested, audit::request_cancelled,
                                         audit::decision_finalized});
}

TEST_CASE("escalation asks the next higher role with a fresh deadline, up to the end of the chain") {
  auto gate = opened();  // asks up to incident_commander
  auto step = must(logic::escalate_gate(gate, "rita", "no answer", policy, after(60)));
  check_fold(gate, step, after(60));
  CHECK(step.after.status == status::escalated);
  CHECK(step.after.request.required_approvers.back() == approver_requirement{engineering_manager, {}, true, {}});
  CHECK(step.after.request.approval_deadline == after(60 + 1800));
  CHECK(step.after.next_due_at == after(60 + 1800));
  CHECK(step.verdict.output.decision == approval_decision::escalated);
  gate = must(logic::escalate_gate(step.after, "rita", "", policy, after(61))).after;
  CHECK(gate.request.required_approvers.back().approver_type == executive);
  CHECK(logic::escalate_gate(gate, "rita", "", policy, after(62)).error().code == errc::conflict);

  // Everyone who is required now, and nobody less.
  const std::vector<std::pair<std::string, approver_type>> voters{
      {"cora", incident_commander}, {"sam", sre_lead}, {"emma", engineering_manager}, {"xena", executive}};
  for (std::size_t i = 0; i < voters.size(); ++i) {
    const auto vote = must(logic::cast_vote(gate, vote_of(voters[i].first, voters[i].second), policy, after(70)));
    check_fold(gate, vote, after(70));
    CHECK(vote.after.status == (i + 1 == voters.size() ? status::approved : status::escalated));
    gate = vote.after;
  }
}

TEST_CASE("a gate whose roles stand in no chain is handed to the chain's first") {
  const auto gate = opened(severity::p2, sample_request(approval_action::data_access));
  CHECK(
      must(logic::escalate_gate(gate, "rita", "", policy, t0)).after.request.required_approvers.back().approver_type ==
      on_call_lead);
}

TEST_CASE("the clock does nothing before the deadline and nothing after the verdict") {
  for (const auto expiry : {expiry_action::auto_reject, expiry_action::escalate, expiry_action::notify_and_wait}) {
    const auto gate = opened_with(expiry);
    const auto early = logic::gate_due(gate, policy, after(1799.999));
    CHECK_FALSE(early.changed);
    CHECK(early.after == gate);
    const auto cancelled = must(logic::cancel_gate(gate, "rita", "", policy, t0)).after;
    const auto late = logic::gate_due(cancelled, policy, after(5000));
    CHECK_FALSE(late.changed);
    CHECK(late.after == cancelled);
  }
}

TEST_CASE("at the deadline a gate expires once") {
  const auto gate = opened_with(expiry_action::auto_reject);
  const auto step = logic::gate_due(gate, policy, after(1800));
  CHECK(step.changed);
  check_fold(gate, step, after(1800));
  CHECK(step.after.status == status::expired);
  CHECK_FALSE(step.after.next_due_at);
  CHECK(trail(step.after) == std::vector{audit::request_created, audit::approval_requested, audit::request_expired,
                                         audit::decision_finalized});
  CHECK_FALSE(logic::gate_due(step.after, policy, after(1801)).changed);
}

TEST_CASE("at the deadline a gate climbs the chain, and expires at its end") {
  auto gate = opened_with(expiry_action::escalate);
  double now_s = 1800;
  for (const auto role : {engineering_manager, executive}) {
    const auto step = logic::gate_due(gate, policy, after(now_s));
    CHECK(step.changed);
    check_fold(gate, step, after(now_s));
    CHECK(step.after.status == status::escalated);
    CHECK(step.after.request.required_approvers.back().approver_type == role);
    gate = step.after;
    now_s += 1800;
    CHECK(gate.request.approval_deadline == after(now_s));
  }
  const auto last = logic::gate_due(gate, policy, after(now_s));
  check_fold(gate, last, after(now_s));
  CHECK(last.after.status == status::expired);
}

TEST_CASE("a gate that waits is reminded again and again, and votes still count") {
  auto gate = opened_with(expiry_action::notify_and_wait);
  double now_s = 1800;
  for (int reminder = 1; reminder <= 3; ++reminder) {
    const auto step = logic::gate_due(gate, policy, after(now_s));
    CHECK(step.changed);
    check_fold(gate, step, after(now_s));
    CHECK(step.after.status == status::pending);
    CHECK(step.after.next_due_at == after(now_s + 300));
    CHECK(step.after.audit.back().event_type == audit::deadline_warning);
    gate = step.after;
    now_s += 300;
  }
  gate = must(logic::cast_vote(gate, vote_of("cora", incident_commander), policy, after(now_s - 1))).after;
  gate = must(logic::cast_vote(gate, vote_of("sam", sre_lead), policy, after(now_s - 1))).after;
  CHECK(gate.status == status::approved);
}

TEST_CASE("people may do nothing to a gate that is decided or whose deadline is over") {
  std::vector<gate_state> closed;
  closed.push_back(must(logic::cancel_gate(opened(), "rita", "", policy, after(1))).after);
  closed.push_back(must(logic::cast_vote(opened(), vote_of("sam", sre_lead, no), policy, after(1))).after);
  closed.push_back(logic::gate_due(opened_with(expiry_action::auto_reject), policy, after(1800)).after);
  auto approved = must(logic::cast_vote(opened(), vote_of("sam", sre_lead), policy, after(1))).after;
  closed.push_back(must(logic::cast_vote(approved, vote_of("cora", incident_commander), policy, after(1))).after);
  CHECK(closed.back().status == status::approved);
  closed.push_back(opened());
  for (const auto& gate : closed) {
    const auto now = gate.status == status::pending ? after(1800) : after(2);
    const auto vote = logic::cast_vote(gate, vote_of("cora", incident_commander), policy, now);
    REQUIRE_FALSE(vote);
    CHECK(vote.error().code == errc::conflict);
    CHECK(vote.error().message.starts_with(
        gate.status == status::pending ? std::string{"expired"} : "already " + std::string{to_string(gate.status)}));
    CHECK(logic::cancel_gate(gate, "rita", "", policy, now).error().code == errc::conflict);
    CHECK(logic::escalate_gate(gate, "rita", "", policy, now).error().code == errc::conflict);
  }
}

kept_vote kept(approval_record vote, double until_s = 3600) {
  return {id_of<approval_id>("gate"), std::move(vote), after(until_s)};
}

TEST_CASE("votes that came before their gate are counted when it opens") {
  const std::vector votes{kept(vote_of("cora", incident_commander)),
                          kept(vote_of("eve", executive)),
                          kept(vote_of("cora", incident_commander)),
                          kept(vote_of("olga", on_call_lead), -1),
                          kept_vote{id_of<approval_id>("another"), vote_of("olga", on_call_lead, no), after(3600)},
                          kept(vote_of("sam", sre_lead)),
                          kept(vote_of("carl", incident_commander))};
  const auto [gate, verdict] = logic::with_kept_votes(opened(), votes, policy, t0);
  CHECK(gate.status == status::approved);
  CHECK(gate.votes.size() == 2);
  CHECK(gate.decided_at == t0);
  CHECK_FALSE(gate.next_due_at);
  CHECK(verdict.output.action_authorized);
  CHECK(verdict.output.orchestrator_actions.front().action_type == action_type::execute_approved_action);
  CHECK(verdict.output.audit_trail == gate.audit);
  CHECK(std::ranges::count_if(gate.audit,
                              [](const auto& e) { return e.details.starts_with("refused, not counted"); }) == 3);
}

TEST_CASE("a kept rejection decides at once, and no votes leave the gate as it was") {
  const auto one = logic::with_kept_votes(opened(), std::vector{kept(vote_of("olga", on_call_lead, no))}, policy, t0);
  CHECK(one.gate.status == status::rejected);
  CHECK(one.verdict.output.orchestrator_actions.front().action_type == action_type::cancel_pending_action);
  const auto none = logic::with_kept_votes(opened(), {}, policy, t0);
  CHECK(none.gate == opened());
  CHECK(none.verdict.output.decision == approval_decision::approval_pending);
}

}  // namespace
