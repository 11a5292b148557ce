/// Who may vote at a gate, how often, in which order, and what nobody could ever open.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "actors/logic/approval_gate.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;
using enum approver_type;
using status = approval_status;

constexpr auto no = vote_decision::rejected;

approver_requirement asks(approver_type role, std::optional<std::string> who = {}, std::optional<int> order = {}) {
  return {role, std::move(who), true, order};
}

result<gate_state> open(cmd::request_approval request, const approval_policy& policy, severity level = severity::p2) {
  return logic::open_gate(request, sample_state(level), policy, id_of<approval_id>("gate"), gate_purpose::action, t0);
}

gate_state opened(cmd::request_approval request, const approval_policy& policy = test_approval(),
                  severity level = severity::p2) {
  auto gate = open(std::move(request), policy, level);
  if (!gate) FAIL(gate.error().message);
  return std::move(*gate);
}

logic::gate_step cast(const gate_state& gate, const approval_record& vote,
                      const approval_policy& policy = test_approval()) {
  auto step = logic::cast_vote(gate, vote, policy, after(1));
  if (!step) FAIL(step.error().message);
  return std::move(*step);
}

errc refusal(const gate_state& gate, const approval_record& vote, const approval_policy& policy = test_approval()) {
  const auto step = logic::cast_vote(gate, vote, policy, after(1));
  REQUIRE_FALSE(step);
  return step.error().code;
}

cmd::request_approval asked_of(std::vector<approver_requirement> approvers, std::optional<int> quorum = {}) {
  auto request = sample_request();
  approvers.insert(approvers.begin(), asks(on_call_lead));  // as the policy wants
  request.required_approvers = std::move(approvers);
  request.min_approvals_required = quorum;
  return request;
}

}  // namespace

TEST_CASE("one person is one vote, however the name is written") {
  const auto gate = opened(asked_of({asks(sre_lead)}, 2));
  for (const auto* again : {"bob ", "Bob", "b\u200bob", "\uff42ob"}) {
    CAPTURE(again);
    const auto first = cast(gate, vote_of("bob", on_call_lead)).after;
    const auto second = cast(first, vote_of(again, sre_lead));
    CHECK_FALSE(second.changed);
    CHECK(second.after.status == status::pending);
  }
  const auto personal = opened(asked_of({asks(specific_user, "bob@x.org")}));
  const auto named = cast(personal, vote_of("Bob@X.org", specific_user)).after;
  CHECK(named.votes.front().approver_id == "Bob@X.org");  // as it was given
  CHECK(cast(named, vote_of("olga", on_call_lead)).after.status == status::approved);
  CHECK(logic::cancel_gate(gate, "RITA", "", test_approval(), after(1)));
  CHECK(refusal(gate, vote_of("\u200b", on_call_lead)) == errc::validation_error);
}

TEST_CASE("nobody approves what the same identity asked for; the policy may let people") {
  auto request = sample_request();
  request.requester_id = "edge-agent-7";
  auto lenient = test_approval();
  lenient.self_approval = self_approval::allow;
  for (const auto who : {actor_type::agent, actor_type::system, actor_type::user}) {
    request.requester_type = who;
    const auto gate = opened(request);
    const auto own = vote_of("Edge-Agent-7", on_call_lead);
    CHECK(refusal(gate, own) == errc::forbidden);
    CHECK(cast(gate, vote_of("edge-agent-7", on_call_lead, no)).after.status == status::rejected);
    CHECK(cast(gate, vote_of("olga", on_call_lead)).after.status == status::approved);
    if (who == actor_type::user)
      CHECK(cast(opened(request, lenient), own, lenient).after.status == status::approved);
    else
      CHECK(refusal(opened(request, lenient), own, lenient) == errc::forbidden);
  }
}

TEST_CASE("an approver who objects before the verdict withdraws the approval, and both stand in the audit trail") {
  const auto gate = opened(asked_of({asks(sre_lead)}, 2));
  const auto approved = cast(gate, vote_of("bob", on_call_lead)).after;
  const auto step = cast(approved, vote_of("Bob", on_call_lead, no));
  CHECK(step.changed);
  CHECK(step.after.status == status::rejected);
  CHECK(step.verdict.output.approvals_obtained == 0);
  CHECK(step.verdict.output.rejections_count == 1);
  REQUIRE(step.after.votes.size() == 1);
  CHECK(step.after.votes.front().decision == no);
  const auto count = [&](approval_audit_type type) {
    return std::ranges::count(step.after.audit, type, &approval_audit_entry::event_type);
  };
  CHECK(count(approval_audit_type::approval_received) == 1);
  CHECK(count(approval_audit_type::rejection_received) == 1);
  CHECK(step.verdict.output.audit_trail == step.after.audit);
  CHECK(refusal(step.after, vote_of("bob", on_call_lead)) == errc::conflict);
}

TEST_CASE("where the rule says sequential, a vote before its turn is kept and counts in its turn") {
  auto policy = test_approval();
  for (auto& rule : policy.rules) rule.sequential = true;
  const auto gate =
      opened(asked_of({asks(sre_lead, {}, 2), asks(incident_commander, {}, 1), asks(executive, {}, 3)}, 4), policy);
  CHECK(gate.request.sequential == true);
  const auto names = [](const logic::gate_step& step) { return step.verdict.output.next_approvers; };
  const auto third = cast(gate, vote_of("eve", executive), policy);
  CHECK(third.changed);
  REQUIRE(third.verdict.output.note);
  CHECK(third.verdict.output.note->find("its turn") != std::string::npos);
  CHECK(third.verdict.output.approvals_obtained == 0);
  CHECK(names(third) == std::vector<std::string>{"on_call_lead", "incident_commander"});
  const auto free = cast(third.after, vote_of("olga", on_call_lead), policy);  // has no order
  CHECK(free.verdict.output.approvals_obtained == 1);
  const auto first = cast(free.after, vote_of("cora", incident_commander), policy);
  CHECK(first.verdict.output.approvals_obtained == 2);
  CHECK(names(first) == std::vector<std::string>{"sre_lead"});
  const auto second = cast(first.after, vote_of("sam", sre_lead), policy);
  CHECK(second.after.status == status::approved);
  CHECK(second.verdict.output.approvals_obtained == 4);
  CHECK(second.verdict.output.final_approver->id == "eve");
  CHECK(names(second).empty());
}

TEST_CASE("without sequential the order is for display") {
  const auto gate = opened(asked_of({asks(incident_commander, {}, 1), asks(sre_lead, {}, 2)}, 3));
  const auto early = cast(gate, vote_of("sam", sre_lead));
  CHECK(early.verdict.output.approvals_obtained == 1);
  CHECK(early.verdict.output.next_approvers.empty());
}

TEST_CASE("a rejection needs no turn") {
  auto policy = test_approval();
  for (auto& rule : policy.rules) rule.sequential = true;
  const auto gate = opened(asked_of({asks(incident_commander, {}, 1), asks(sre_lead, {}, 2)}, 3), policy);
  CHECK(cast(gate, vote_of("sam", sre_lead, no), policy).after.status == status::rejected);
}

TEST_CASE("a gate that nobody who is asked could open is refused") {
  const auto refused = [](const cmd::request_approval& request, std::string_view field) {
    const auto gate = open(request, test_approval());
    if (gate) return false;
    CHECK(gate.error().code == errc::validation_error);
    return std::ranges::count(gate.error().fields, field, &field_error::field) == 1;
  };
  auto personal = sample_request(approval_action::data_access);  // which dora alone decides
  personal.min_approvals_required = 2;
  CHECK(refused(personal, "min_approvals_required"));
  personal.min_approvals_required.reset();
  personal.requester_id = "Dora";
  CHECK(refused(personal, "required_approvers"));
  CHECK(refused(asked_of({asks(specific_user, "rita")}), "required_approvers"));
  CHECK(refused(asked_of({asks(specific_user, " \u200b")}), "required_approvers[1].approver_id"));
  auto late = sample_request();
  late.approval_deadline = t0;
  CHECK(refused(late, "approval_deadline"));
  CHECK(open(asked_of({asks(sre_lead)}, 5), test_approval()));  // five people may hold a role
}
