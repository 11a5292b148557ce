#include "actors/logic/approval_gate.hpp"

#include <algorithm>
#include <utility>

#include "actors/logic/gate_parts.hpp"
#include "actors/logic/words.hpp"
#include "messages/identity.hpp"
#include "messages/limits.hpp"

namespace im::logic {

namespace {

/// A change that leaves everything as it is, to be filled.
fact::gate_changed change_of(const gate_state& gate) {
  fact::gate_changed change;
  change.request_id = gate.request.id;
  change.status = gate.status;
  change.next_due_at = gate.next_due_at;
  return change;
}

gate_state moved(gate_state gate, const fact::gate_changed& change, time_point now) {
  move_gate(gate, change, now);
  return gate;
}

gate_step step(const gate_state& gate, fact::gate_changed change, approval_decision decision,
               const approval_policy& policy, time_point now) {
  if (is_terminal(change.status)) {
    change.next_due_at.reset();
    change.audit.push_back(by_agent(now, approval_audit_type::decision_finalized, change.reason));
  }
  auto after = moved(gate, change, now);
  auto verdict = compose_verdict(after, decision, change.reason, policy, now);
  return {std::move(change), std::move(after), std::move(verdict), true};
}

gate_step unchanged(const gate_state& gate, const approval_policy& policy, time_point now) {
  return {change_of(gate), gate, judge_approval(gate, policy, now), false};
}

/// What keeps an operator from moving the gate: it is decided, or the clock must decide first.
std::optional<error> closed_to_people(const gate_state& gate, time_point now) {
  if (is_terminal(gate.status))
    return error{errc::conflict,
                 say("already ", gate.status, " at ", gate.decided_at.value_or(gate.request.approval_deadline))};
  if (now >= gate.request.approval_deadline)
    return error{errc::conflict, say("expired: the deadline ", gate.request.approval_deadline, " has passed")};
  return std::nullopt;
}

bool lists(const approval_request& request, const approval_record& vote) {
  return std::ranges::any_of(request.required_approvers, [&](const approver_requirement& requirement) {
    return requirement.approver_type == vote.approver_type && meets(vote, requirement);
  });
}

// ---- Escalating

/// The role above the highest that was asked so far; nothing at the end of the chain.
std::optional<approver_type> next_role(const approval_request& request, const approval_policy& policy) {
  if (request.required_approvers.size() >= limits::required_approvers) return std::nullopt;
  const auto& chain = policy.escalation_chain;
  auto next = chain.begin();
  for (auto role = chain.begin(); role != chain.end(); ++role)
    if (std::ranges::find(request.required_approvers, *role, &approver_requirement::approver_type) !=
        request.required_approvers.end())
      next = role + 1;
  return next == chain.end() ? std::nullopt : std::optional{*next};
}

gate_step hand_up(const gate_state& gate, approver_type role, std::string reason, approval_audit_entry cause,
                  const approval_policy& policy, time_point now) {
  auto change = change_of(gate);
  change.status = approval_status::escalated;
  change.reason = std::move(reason);
  change.required_approvers = gate.request.required_approvers;
  change.required_approvers.push_back({role, {}, true, {}});
  change.approval_deadline = later(now, policy.deadline_s.at(gate.request.incident_severity));
  change.next_due_at = change.approval_deadline;
  change.audit.push_back(std::move(cause));
  change.audit.push_back(by_agent(now, approval_audit_type::approval_requested,
                                  say("asked ", role, " until ", *change.approval_deadline)));
  return step(gate, std::move(change), approval_decision::escalated, policy, now);
}

gate_step expire(const gate_state& gate, std::string reason, const approval_policy& policy, time_point now) {
  auto change = change_of(gate);
  change.status = approval_status::expired;
  change.reason = std::move(reason);
  change.audit.push_back(by_agent(now, approval_audit_type::request_expired, change.reason));
  return step(gate, std::move(change), approval_decision::expired, policy, now);
}

gate_step wait_on(const gate_state& gate, const approval_policy& policy, time_point now) {
  auto change = change_of(gate);
  change.approval_deadline = later(now, policy.check_interval_s);
  change.next_due_at = change.approval_deadline;
  change.reason =
      say("the deadline ", gate.request.approval_deadline, " has passed; waiting until ", *change.approval_deadline);
  change.audit.push_back(by_agent(now, approval_audit_type::deadline_warning, change.reason));
  return step(gate, std::move(change), approval_decision::approval_pending, policy, now);
}

const approval_record* vote_of(const gate_state& gate, std::string_view person) {
  const auto found = std::ranges::find_if(
      gate.votes, [&](const approval_record& vote) { return is_same_identity(vote.approver_id, person); });
  return found == gate.votes.end() ? nullptr : &*found;
}

/// Whether the newest vote is an approval whose turn has not come.
bool is_early(const gate_state& gate) {
  const auto early = tally_votes(gate).early;
  return std::ranges::find(early, &gate.votes.back()) != early.end();
}

/// Why a kept vote is not counted; as the fold records a refused one.
approval_audit_entry not_counted(const approval_record& vote, std::string_view why, time_point now) {
  return {now, approval_audit_type::rejection_received, vote.approver_id, actor_type::user,
          say("refused, not counted: ", why)};
}

}  // namespace

gate_opening with_kept_votes(gate_state gate, std::span<const kept_vote> kept, const approval_policy& policy,
                             time_point now) {
  auto decision = approval_decision::approval_pending;
  for (const auto& entry : kept) {
    if (entry.request_id != gate.request.id) continue;
    if (entry.expires_at <= now) {
      gate.audit.push_back(not_counted(entry.vote, "it came too long before the request", now));
      continue;
    }
    auto counted_step = cast_vote(gate, entry.vote, policy, now);
    if (!counted_step) {
      gate.audit.push_back(not_counted(entry.vote, counted_step.error().message, now));
    } else if (counted_step->changed) {
      gate = std::move(counted_step->after);
      decision = counted_step->verdict.output.decision;
    }
  }
  // The decision falls now, so its actions go out with this verdict.
  auto verdict = is_terminal(gate.status) ? compose_verdict(gate, decision, gate.decided_reason, policy, now)
                                          : judge_approval(gate, policy, now);
  return {std::move(gate), std::move(verdict)};
}

result<gate_step> cast_vote(const gate_state& gate, const approval_record& vote, const approval_policy& policy,
                            time_point now) {
  if (auto closed = closed_to_people(gate, now)) return std::unexpected{std::move(*closed)};
  if (canonical_identity(vote.approver_id).empty())
    return std::unexpected{bad_field("approver_id", field_error::kind::required, "is required")};
  const auto* before = vote_of(gate, vote.approver_id);
  const bool objects = vote.decision == vote_decision::rejected;
  if (before && (!objects || before->decision == vote_decision::rejected)) {
    auto same = unchanged(gate, policy, now);
    same.verdict.output.note = say(vote.approver_id, " has voted before (", before->decision, " at ",
                                   before->decision_timestamp, "); a person has one vote and it stands");
    return same;
  }
  if (!lists(gate.request, vote))
    return fail(errc::forbidden, say(vote.approver_id, " (", vote.approver_type,
                                     ") is not an approver of this request; it asks ", listed_names(gate.request)));
  if (is_self_approval(vote, gate.request, policy))
    return fail(errc::forbidden, say(vote.approver_id, " asked for this and may not approve it"));
  auto text_bytes = vote.rationale.size();
  for (const auto& condition : vote.conditions) text_bytes += condition.size();
  if (text_bytes > limits::vote_text_bytes)
    return fail(errc::validation_error, say("rationale and conditions are longer than ", limits::vote_text_bytes,
                                            " bytes together; say it shorter"));
  if (gate.votes.size() >= limits::votes_per_gate)
    return fail(errc::too_many_requests, say("the request has ", gate.votes.size(), " votes, as many as it takes"));

  auto change = change_of(gate);
  change.vote = vote;
  change.vote->decision_timestamp = now;  // the voter's clock does not count
  change.audit.push_back(
      {now,
       vote.decision == vote_decision::approved ? approval_audit_type::approval_received
                                                : approval_audit_type::rejection_received,
       vote.approver_id, actor_type::user,
       say(vote.decision, " as ", vote.approver_type,
           before ? say(", withdrawing the approval of ", before->decision_timestamp) : std::string{},
           vote.rationale.empty() ? "" : ": ", vote.rationale)});
  const auto judged = judge_approval(moved(gate, change, now), policy, now).output;
  change.status = judged.updated_status;
  change.reason = judged.reason;
  auto cast = step(gate, std::move(change), judged.decision, policy, now);
  if (is_early(cast.after)) cast.verdict.output.note = "the vote is kept, and counts when its turn comes";
  return cast;
}

result<gate_step> cancel_gate(const gate_state& gate, std::string_view actor, std::string_view reason,
                              const approval_policy& policy, time_point now) {
  if (!is_same_identity(actor, gate.request.requester_id))
    return fail(errc::forbidden, say("only its requester, ", gate.request.requester_id, ", may cancel this request"));
  if (auto closed = closed_to_people(gate, now)) return std::unexpected{std::move(*closed)};
  auto change = change_of(gate);
  change.status = approval_status::cancelled;
  change.reason = say("cancelled by ", actor, reason.empty() ? "" : ": ", reason);
  change.audit.push_back(
      {now, approval_audit_type::request_cancelled, std::string{actor}, gate.request.requester_type, change.reason});
  return step(gate, std::move(change), approval_decision::cancelled, policy, now);
}

gate_step withdraw_gate(const gate_state& gate, std::string_view reason, const approval_policy& policy,
                        time_point now) {
  auto change = change_of(gate);
  change.status = approval_status::cancelled;
  change.reason = say("cancelled: ", reason);
  change.audit.push_back(by_agent(now, approval_audit_type::request_cancelled, change.reason));
  return step(gate, std::move(change), approval_decision::cancelled, policy, now);
}

gate_step mark_for_review(const gate_state& gate, std::string_view review, const approval_policy& policy,
                          time_point now) {
  auto change = change_of(gate);
  change.review = std::string{review};
  change.reason = review.empty() ? "the incident is worked on again" : say("to be looked at again: ", review);
  change.audit.push_back(by_agent(now, approval_audit_type::approval_requested, change.reason));
  return step(gate, std::move(change), approval_decision::approval_pending, policy, now);
}

result<gate_step> escalate_gate(const gate_state& gate, std::string_view actor, std::string_view reason,
                                const approval_policy& policy, time_point now) {
  if (auto closed = closed_to_people(gate, now)) return std::unexpected{std::move(*closed)};
  const auto role = next_role(gate.request, policy);
  if (!role) return fail(errc::conflict, "nobody stands higher than those who were asked already");
  auto why = say("escalated to ", *role, " by ", actor, reason.empty() ? "" : ": ", reason);
  approval_audit_entry cause{now, approval_audit_type::escalation_triggered, std::string{actor}, actor_type::user, why};
  return hand_up(gate, *role, std::move(why), std::move(cause), policy, now);
}

gate_step gate_due(const gate_state& gate, const approval_policy& policy, time_point now) {
  if (is_terminal(gate.status) || now < gate.request.approval_deadline) return unchanged(gate, policy, now);
  const auto passed = say("nobody decided by the deadline ", gate.request.approval_deadline);
  switch (gate.request.expiry_action) {
    case expiry_action::auto_reject: return expire(gate, passed, policy, now);
    case expiry_action::notify_and_wait: return wait_on(gate, policy, now);
    case expiry_action::escalate: break;
  }
  const auto role = next_role(gate.request, policy);
  if (!role) return expire(gate, passed + ", and nobody stands higher", policy, now);
  auto why = say("escalated to ", *role, ": ", passed);
  auto cause = by_agent(now, approval_audit_type::escalation_triggered, why);
  return hand_up(gate, *role, std::move(why), std::move(cause), policy, now);
}

}  // namespace im::logic
