#include "actors/logic/approval.hpp"

#include <algorithm>
#include <cmath>

#include "actors/logic/words.hpp"
#include "messages/identity.hpp"

namespace im::logic {

namespace {

using record_list = std::vector<const approval_record*>;

// ---- The decision

struct approval_choice {
  approval_decision decision = approval_decision::approval_pending;
  std::string reason;
};

/// A decision that has fallen is told again as it is.
approval_decision told_again(approval_status status) {
  switch (status) {
    case approval_status::approved: return approval_decision::approved;
    case approval_status::rejected: return approval_decision::rejected;
    case approval_status::expired: return approval_decision::expired;
    case approval_status::cancelled: return approval_decision::cancelled;
    case approval_status::escalated: return approval_decision::escalated;
    case approval_status::pending: return approval_decision::approval_pending;
  }
  return approval_decision::approval_pending;
}

approval_choice overdue(const approval_request& request) {
  const auto since = say("the deadline ", request.approval_deadline, " has passed");
  switch (request.expiry_action) {
    case expiry_action::auto_reject: return {approval_decision::expired, since + "; the action is not authorized"};
    case expiry_action::escalate: return {approval_decision::escalated, since + "; the next role is asked"};
    case expiry_action::notify_and_wait:
      return {approval_decision::approval_pending, since + "; approvers are reminded"};
  }
  return {approval_decision::expired, since};
}

std::string missing(const vote_tally& tally, int quorum) {
  std::string text = say("waiting for approval: ", tally.approvals.size(), " of ", quorum, " obtained");
  for (std::size_t i = 0; i < tally.unmet.size(); ++i)
    text.append(i == 0 ? "; still required: " : ", ").append(name_of(*tally.unmet[i]));
  for (std::size_t i = 0; i < tally.turn.size(); ++i)
    text.append(i == 0 ? "; it is the turn of " : ", ").append(name_of(*tally.turn[i]));
  return text;
}

approval_choice choose(const gate_state& gate, const vote_tally& tally, time_point now) {
  const auto& request = gate.request;
  if (is_terminal(gate.status))
    return {told_again(gate.status),
            gate.decided_reason.empty() ? say("the request has been decided: ", gate.status) : gate.decided_reason};
  if (now >= request.approval_deadline) return overdue(request);
  if (!tally.rejections.empty()) {
    const auto& first = *tally.rejections.front();
    return {approval_decision::rejected, say("rejected by ", first.approver_id, " (", first.approver_type, ")",
                                             first.rationale.empty() ? "" : ": ", first.rationale)};
  }
  if (tally.quorum)
    return {approval_decision::approved, say(tally.approvals.size(), " of ", quorum_of(request),
                                             " approvals obtained, every required approver among "
                                             "them")};
  return {approval_decision::approval_pending, missing(tally, quorum_of(request))};
}

approval_status status_after(approval_decision decision, approval_status before) {
  switch (decision) {
    case approval_decision::approval_pending:
      return before == approval_status::escalated ? before
                                                  : approval_status::pending;  // an escalated one waits as such
    case approval_decision::approved: return approval_status::approved;
    case approval_decision::rejected: return approval_status::rejected;
    case approval_decision::expired: return approval_status::expired;
    case approval_decision::escalated: return approval_status::escalated;
    case approval_decision::cancelled: return approval_status::cancelled;
  }
  return before;
}

// ---- The parts of the output

std::vector<std::string> conditions_of(const record_list& approvals) {
  std::vector<std::string> all;
  for (const auto* vote : approvals)
    for (const auto& condition : vote->conditions)
      if (std::ranges::find(all, condition) == all.end()) all.push_back(condition);
  return all;
}

policy_compliance compliance_of(const gate_state& gate, const vote_tally& tally, approval_decision decision,
                                const approval_policy& policy, time_point now) {
  const auto& request = gate.request;
  const auto obtained = static_cast<int>(tally.approvals.size());
  const auto decided_at = is_terminal(gate.status) ? gate.decided_at.value_or(now) : now;
  std::string unmet;
  for (const auto* requirement : tally.unmet)
    unmet.append(unmet.empty() ? "not yet approved by " : ", ").append(name_of(*requirement));
  // A rule is broken by what was decided against it, not by what is still to come.
  const bool approved = decision == approval_decision::approved;
  const bool ended_by_deadline = decision == approval_decision::expired || decision == approval_decision::escalated;
  policy_compliance all{true, request.policy_id.empty() ? policy.id : request.policy_id, policy.name, {}, {}};
  all.rules_evaluated = {
      {"min_approvals", "Minimum number of approvals", !approved || obtained >= quorum_of(request),
       say(obtained, " of ", quorum_of(request), " approvals obtained")},
      {"required_approvers", "Required approvers have approved", !approved || tally.unmet.empty(),
       unmet.empty() ? std::string{"every required approver has approved"} : unmet},
      {"deadline_compliance", "Decided before the deadline",
       ended_by_deadline || decided_at < request.approval_deadline, say("the deadline is ", request.approval_deadline)},
      {"no_auto_approval", "Approved by people only", !approved || tally.quorum,
       say(counted(tally.approvals.size(), "vote"), " of distinct listed approvers")}};
  for (const auto& rule : all.rules_evaluated)
    if (!rule.satisfied) all.violations.push_back(say(rule.rule_id, ": ", rule.details.value_or("")));
  all.compliant = all.violations.empty();
  return all;
}

parameters about(const gate_state& gate) {
  parameters list;
  list.add("approval_request_id", gate.request.id).add("incident_id", gate.request.incident_id);
  list.add("action_type", gate.request.action_type);
  return list;
}

orchestrator_action notify_requester(const gate_state& gate, const approval_output& output, priority urgency) {
  return {action_type::notify_requester, urgency,
          about(gate)
              .add("requester_type", gate.request.requester_type)
              .add("requester_id", gate.request.requester_id)
              .add("decision", output.decision)
              .add("reason", output.reason)
              .done(),
          true};
}

/// Those whose turn it is, or all where there are no turns.
orchestrator_action notify_approvers(const gate_state& gate, const approval_output& output, priority urgency) {
  auto approvers = output.next_approvers;
  if (approvers.empty())
    for (const auto& requirement : gate.request.required_approvers) approvers.push_back(name_of(requirement));
  auto list = about(gate);
  list.add_list("approvers", approvers).add("approval_deadline", gate.request.approval_deadline);
  list.add("reason", output.reason);
  if (!gate.review.empty()) list.add("review", gate.review);
  return {action_type::notify_approvers, urgency, list.done(), true};
}

orchestrator_action log_event(const gate_state& gate, const approval_output& output) {
  return {action_type::log_approval_event, priority::low,
          about(gate).add("decision", output.decision).add("reason", output.reason).done(), true};
}

orchestrator_action cancel_action(const gate_state& gate, const approval_output& output, priority urgency) {
  return {action_type::cancel_pending_action, urgency,
          about(gate).add("target", gate.request.parameters.target).add("reason", output.reason).done(), false};
}

orchestrator_action execute_action(const gate_state& gate, const approval_output& output) {
  const auto& what = gate.request.parameters;
  auto list = about(gate);
  list.add("target", what.target).add("target_type", what.target_type).add_flag("reversible", what.reversible);
  list.add_list("approval_conditions", output.consolidated_conditions);
  if (!gate.review.empty()) list.add("review", gate.review);
  return {action_type::execute_approved_action,
          gate.request.request_priority == priority::critical ? priority::critical : priority::high, list.done(), true};
}

std::vector<orchestrator_action> actions_of(const gate_state& gate, const approval_output& output) {
  switch (output.decision) {
    case approval_decision::approved:
      return {execute_action(gate, output), notify_requester(gate, output, priority::normal), log_event(gate, output)};
    case approval_decision::rejected:
      return {cancel_action(gate, output, priority::high), notify_requester(gate, output, priority::high),
              log_event(gate, output)};
    case approval_decision::expired:
      return {cancel_action(gate, output, priority::normal), notify_requester(gate, output, priority::normal)};
    case approval_decision::cancelled:
      return {cancel_action(gate, output, priority::normal), notify_requester(gate, output, priority::normal),
              log_event(gate, output)};
    case approval_decision::escalated:
      return {{action_type::escalate_approval, priority::critical,
               about(gate).add("approval_deadline", gate.request.approval_deadline).add("reason", output.reason).done(),
               false},
              notify_approvers(gate, output, priority::high)};
    case approval_decision::approval_pending: return {notify_approvers(gate, output, gate.request.request_priority)};
  }
  return {};
}

/// The gate's own trail; for a request that came without one, what its votes tell.
std::vector<approval_audit_entry> audit_of(const gate_state& gate, const approval_output& output, time_point now) {
  if (!gate.audit.empty()) return gate.audit;
  const auto& request = gate.request;
  std::vector<approval_audit_entry> trail;
  if (request.requested_at != time_point{})
    trail.push_back({request.requested_at, approval_audit_type::request_created, request.requester_id,
                     request.requester_type, request.action_description});
  for (const auto& vote : gate.votes)
    trail.push_back({vote.decision_timestamp,
                     vote.decision == vote_decision::approved ? approval_audit_type::approval_received
                                                              : approval_audit_type::rejection_received,
                     vote.approver_id, actor_type::user, vote.rationale});
  std::ranges::stable_sort(trail, {}, &approval_audit_entry::timestamp);
  if (is_terminal(output.updated_status))
    trail.push_back({now, approval_audit_type::decision_finalized, std::string{to_string(agent::approver)},
                     actor_type::agent, output.reason});
  return trail;
}

double confidence_of(const approval_output& output, const vote_tally& tally, const approval_confidence& figures) {
  switch (output.decision) {
    case approval_decision::expired:
    case approval_decision::rejected:
    case approval_decision::cancelled: return 1.0;  // contracts.md: a refusal is certain
    case approval_decision::approval_pending:
    case approval_decision::approved:
    case approval_decision::escalated: break;
  }
  const bool actionable = std::ranges::none_of(
      output.consolidated_conditions, [](const auto& c) { return c.find_first_not_of(" \t\n") == std::string::npos; });
  const double sum = (output.approvals_remaining == 0 ? figures.all_obtained : 0) +
                     (output.rejections_count == 0 ? figures.no_rejections : 0) +
                     (output.policy_compliance.compliant ? figures.compliant : 0) +
                     (tally.unmet.empty() ? figures.authority_verified : 0) +
                     (actionable ? figures.conditions_actionable : 0);
  return std::clamp(std::round(sum * 1e9) / 1e9, 0.0, 1.0);
}

im::constraints_applied constraints_of(const gate_state& gate, const vote_tally& tally, const approval_output& output,
                                       const approval_policy& policy, time_point now) {
  im::constraints_applied all;
  for (const auto& requirement : gate.request.required_approvers) {
    const bool team = requirement.approver_type == approver_type::security_team;
    const bool obtained = std::ranges::any_of(tally.approvals, [&](const auto* v) { return meets(*v, requirement); });
    all.approval_requirements.push_back(
        {team ? approver_kind::team : approver_kind::user,
         requirement.approver_id.value_or(std::string{to_string(requirement.approver_type)}), requirement.required,
         obtained});
  }
  const auto& compliance = output.policy_compliance;
  all.policy_constraints.push_back({compliance.policy_id, policy.name, policy.version, compliance.compliant,
                                    compliance.compliant ? std::nullopt : std::optional{output.reason}});
  all.time_constraints.push_back(
      {time_constraint_type::timeout, gate.request.approval_deadline, now >= gate.request.approval_deadline});
  return all;
}

std::optional<im::final_approver> final_approver_of(const approval_output& output, const vote_tally& tally) {
  if (output.decision != approval_decision::approved || !tally.deciding) return std::nullopt;
  return im::final_approver{tally.deciding->approver_id, tally.deciding->approver_name, tally.deciding->approver_type};
}

/// The lesser of the policy's interval and half the time left; past the deadline the interval alone.
time_point next_check(const gate_state& gate, const approval_policy& policy, time_point now) {
  const auto next = later(now, policy.check_interval_s);
  const auto left = gate.request.approval_deadline - now;
  return left > milliseconds{0} ? std::min(next, now + left / 2) : next;
}

}  // namespace

bool is_self_approval(const approval_record& vote, const approval_request& request, const approval_policy& policy) {
  if (vote.decision != vote_decision::approved || !is_same_identity(vote.approver_id, request.requester_id))
    return false;
  return request.requester_type != actor_type::user || policy.self_approval == self_approval::forbid;
}

approval_verdict compose_verdict(const gate_state& gate, approval_decision decision, std::string reason,
                                 const approval_policy& policy, time_point now) {
  const auto tally = tally_votes(gate);
  const auto& request = gate.request;
  approval_verdict verdict;
  auto& output = verdict.output;
  output.decision = decision;
  output.reason = std::move(reason);
  output.updated_status = status_after(decision, gate.status);
  output.status = output.updated_status;
  output.approval_request_id = request.id;
  output.required_approvers = request.required_approvers;
  if (!is_terminal(output.updated_status))
    for (const auto* requirement : tally.turn) output.next_approvers.push_back(name_of(*requirement));
  output.review = gate.review;
  output.approvals_obtained = static_cast<int>(tally.approvals.size());
  output.approvals_remaining = std::max(0, quorum_of(request) - output.approvals_obtained);
  output.rejections_count = static_cast<int>(tally.rejections.size());
  output.approval_records = gate.votes;
  output.consolidated_conditions = conditions_of(tally.approvals);
  output.final_approver = final_approver_of(output, tally);
  output.action_authorized = decision == approval_decision::approved;
  if (output.action_authorized && !output.consolidated_conditions.empty())
    output.modified_action_parameters = approval_conditions{output.consolidated_conditions, false};
  output.policy_compliance = compliance_of(gate, tally, decision, policy, now);
  output.time_remaining_seconds = std::max(0.0, seconds_between(now, request.approval_deadline));
  if (is_terminal(output.updated_status))
    output.decision_finalized_at = gate.decided_at.value_or(now);
  else if (decision == approval_decision::approval_pending)
    output.next_check_at = next_check(gate, policy, now);
  output.audit_trail = audit_of(gate, output, now);
  output.orchestrator_actions = actions_of(gate, output);
  verdict.confidence = confidence_of(output, tally, policy.confidence);
  verdict.constraints = constraints_of(gate, tally, output, policy, now);
  return verdict;
}

approval_verdict judge_approval(const gate_state& gate, const approval_policy& policy, time_point now) {
  auto chosen = choose(gate, tally_votes(gate), now);
  auto verdict = compose_verdict(gate, chosen.decision, std::move(chosen.reason), policy, now);
  if (is_terminal(gate.status))  // told again: the actions went out when it was decided
    verdict.output.orchestrator_actions = {log_event(gate, verdict.output)};
  return verdict;
}

}  // namespace im::logic
