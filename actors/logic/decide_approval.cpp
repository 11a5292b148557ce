#include <algorithm>
#include <utility>

#include "actors/logic/decide_parts.hpp"
#include "actors/logic/words.hpp"
#include "messages/identity.hpp"

namespace im::logic {

namespace {

decision_event& record(drafting& d, const approval_verdict& verdict, any_fact f) {
  auto& event = d.add(agent::approver, agent_classification::approval_gating, decision_type::incident_approval_decision,
                      {json::encode(verdict.output)}, std::move(f));
  event.confidence = verdict.confidence;
  event.constraints_applied = verdict.constraints;
  event.requires_review = verdict.output.decision == approval_decision::approval_pending ||
                          verdict.output.decision == approval_decision::escalated;
  return event;
}

std::unexpected<error> long_ended(approval_id id) {
  return fail(errc::conflict, "the approval request " + id.str() + " has ended long ago");
}

result<const gate_state*> gate_of(const drafting& d, approval_id id) {
  if (const auto* gate = d.state.find_gate(id)) return gate;
  if (d.state.is_long_ended(id)) return long_ended(id);
  return fail(errc::not_found, "there is no approval request " + id.str());
}

/// Of an escalation that nobody decided about: the incident is as bad as it was, so it is evaluated again in its turn, which
/// may ask people once more.
bool must_look_again(const drafting& d, const gate_state& gate) {
  return gate.purpose == gate_purpose::apply_escalation && gate.status == approval_status::expired &&
         is_open(d.state.record.status);
}

/// Records a step, or answers with where the gate stands when nothing changed; resumes what an approval released.
void take(drafting& d, gate_step step) {
  if (!step.changed) {
    if (step.verdict.output.note) d.result.warnings.push_back(*step.verdict.output.note);
    d.answer_only(agent::approver, agent_classification::approval_gating, decision_type::incident_approval_decision,
                  {json::encode(step.verdict.output)}, step.verdict.confidence);
    return;
  }
  if (must_look_again(d, step.after))
    step.change.next_evaluation_at =
        later(d.ctx.now, d.ctx.policies.escalation.next_evaluation_s.at(d.state.record.severity));
  if (step.verdict.output.note) d.result.warnings.push_back(*step.verdict.output.note);
  if (!step.after.review.empty()) d.result.warnings.push_back(step.after.review);
  auto& event = record(d, step.verdict, std::move(step.change));
  if (event.requires_review) event.review_deadline = step.after.request.approval_deadline;
  if (step.after.status == approval_status::approved) append_resumption(d, step.after);
}

outcome take(drafting& d, result<gate_step> step) {
  if (!step) return std::unexpected{std::move(step.error())};
  take(d, std::move(*step));
  return {};
}

orchestrator_action resumed_action(action_type type, priority urgency, const gate_state& gate, bool async) {
  json::writer out;
  out.begin_object();
  out.key("incident_id");
  out.string(gate.request.incident_id.str());
  out.key("approval_request_id");
  out.string(gate.request.id.str());
  if (gate.proposed_severity) {
    out.key("new_severity");
    out.string(to_string(*gate.proposed_severity));
    out.key("new_status");
    out.string(to_string(incident_status::escalated));
  }
  out.end_object();
  return {type, urgency, {out.take()}, async};
}

void resume_escalation(drafting& d, const gate_state& gate) {
  const auto& policy = d.ctx.policies.escalation;
  const auto& record = d.state.record;
  const auto to = gate.proposed_severity.value_or(record.severity);
  fact::incident_changed f;
  f.change = change_kind::escalate;
  f.actor = std::string{to_string(agent::escalation)};
  f.actor_type = actor_type::agent;
  f.comment = "approved by " + gate.request.id.str();
  f.status = incident_status::escalated;
  f.severity = to;
  f.escalation_level = gate.proposed_level;
  f.next_evaluation_at = later(d.ctx.now, policy.next_evaluation_s.at(to));
  f.sla = tightened_sla(d.state, d.ctx.policies.sla, to, d.ctx.now);
  f.resumed_by = gate.request.id;
  escalation_output output;
  output.decision = escalation_decision::escalate;
  output.reason = "the escalation that waited for approval goes on";
  output.new_severity = to;
  output.new_escalation_level = gate.proposed_level;
  output.severity_delta = number_of(to) - number_of(record.severity);
  output.next_evaluation_at = f.next_evaluation_at;
  output.applied_policy = {policy.id, policy.name, policy.version, gate.proposed_level, policy.max_level};
  output.orchestrator_actions = {
      resumed_action(action_type::update_incident_status, priority::high, gate, false),
      resumed_action(action_type::notify_escalation_targets, priority::critical, gate, true)};
  d.add(agent::escalation, agent_classification::escalation, decision_type::incident_escalation_decision,
        {json::encode(output)}, std::move(f));
}

void resume_closing(drafting& d, const gate_state& gate) {
  fact::incident_changed f;
  f.change = change_kind::close;
  f.actor = gate.request.requester_id;
  f.actor_type = gate.request.requester_type;
  f.comment = gate.note;
  f.status = incident_status::closed;
  f.resumed_by = gate.request.id;
  json::writer out;
  out.begin_object();
  out.key("change");
  out.string(to_string(change_kind::close));
  out.key("orchestrator_actions");
  out.begin_array();
  json::write(out, resumed_action(action_type::update_incident_status, priority::normal, gate, true));
  out.end_array();
  out.end_object();
  d.add(agent::manager, agent_classification::coordination, decision_type::incident_close, {out.take()}, std::move(f));
  close_action_gates(d);
}

/// What people must know before they approve an action for this incident; empty: nothing.
std::string review_of(const incident& record) {
  if (is_open(record.status)) return {};
  return say("the incident was resolved at ", record.resolved_at.value_or(record.updated_at));
}

/// The pending gates of actions that say otherwise.
std::vector<approval_id> actions_to_review(const incident_state& state, std::string_view review) {
  std::vector<approval_id> ids;
  for (const gate_state& gate : state.gates)
    if (gate.purpose == gate_purpose::action && !is_terminal(gate.status) && gate.review != review)
      ids.push_back(gate.request.id);
  return ids;
}

bool is_same_voter(const kept_vote& kept, const cmd::cast_vote& vote) {
  return kept.request_id == vote.request && is_same_identity(kept.vote.approver_id, vote.vote.approver_id);
}

/// A vote for a gate that is not open yet. The caller named an incident that we know, so it is kept for it.
outcome keep_vote(drafting& d, const cmd::cast_vote& vote) {
  if (!d.state.opened) return fail(errc::not_found, "there is no approval request " + vote.request.str());
  const auto before = std::ranges::find_if(
      d.state.kept_votes, [&](const kept_vote& k) { return k.expires_at > d.ctx.now && is_same_voter(k, vote); });
  if (before != d.state.kept_votes.end() && before->vote.decision == vote_decision::rejected &&
      vote.vote.decision == vote_decision::approved)
    return fail(errc::conflict, vote.vote.approver_id + " has rejected this, and that stands");
  const auto waiting = std::ranges::count_if(
      d.state.kept_votes, [&](const kept_vote& k) { return k.expires_at > d.ctx.now && !is_same_voter(k, vote); });
  if (std::cmp_greater_equal(waiting, limits::kept_votes_per_incident))
    return fail(errc::too_many_requests, "too many votes wait for gates that are not open");
  approval_output output;
  output.reason = "the approval request is not open yet; the vote is kept and counted when it opens";
  output.approval_request_id = vote.request;
  output.status = approval_status::pending;
  output.note = output.reason;
  auto kept = vote.vote;
  kept.decision_timestamp = d.ctx.now;
  d.result.warnings.push_back(output.reason);
  auto& event =
      d.add(agent::approver, agent_classification::approval_gating, decision_type::deferred_decision,
            {json::encode(output)}, fact::vote_kept{vote.request, std::move(kept), d.ctx.now + limits::kept_vote_ttl});
  event.requires_review = true;
  return {};
}

/// A flood of refused votes is bounded: beyond it they are refused without a record.
std::size_t refusals_of(const gate_state& gate) {
  const auto counted =
      static_cast<std::size_t>(std::ranges::count(gate.votes, vote_decision::rejected, &approval_record::decision));
  const auto audited = static_cast<std::size_t>(
      std::ranges::count(gate.audit, approval_audit_type::rejection_received, &approval_audit_entry::event_type));
  return audited - std::min(audited, counted);
}

bool takes_back_a_rejection(const gate_state& gate, const approval_record& vote) {
  return vote.decision == vote_decision::approved &&
         std::ranges::any_of(gate.votes, [&](const approval_record& earlier) {
           return earlier.decision == vote_decision::rejected &&
                  is_same_identity(earlier.approver_id, vote.approver_id);
         });
}

void refuse_vote(drafting& d, const cmd::cast_vote& vote, const gate_state& gate, error why) {
  auto verdict = judge_approval(gate, d.ctx.policies.approval, d.ctx.now);
  if (!is_terminal(gate.status)) verdict.output.reason = why.message;
  verdict.output.orchestrator_actions.clear();
  verdict.output.note = why.message;
  record(d, verdict, fact::vote_refused{vote.request, vote.vote.approver_id, vote.vote.approver_type, why.message});
  d.result.refusal = std::move(why);
}

}  // namespace

im::result<gate_state> prepare_gate(const drafting& d, const cmd::request_approval& request, approval_id id,
                                    gate_purpose purpose, const gate_state& proposal) {
  // A gate is under the rule of what it would bring about: an escalation to P0 is decided as a P0, and closing as the
  // worst that the incident ever was, since a severity may have been lowered meanwhile.
  auto judged = d.state;
  if (purpose == gate_purpose::close_incident) judged.record.severity = d.state.peak_severity;
  judged.record.severity = proposal.proposed_severity.value_or(judged.record.severity);
  auto gate = open_gate(request, judged, d.ctx.policies.approval, id, purpose, d.ctx.now);
  if (!gate) return gate;
  gate->proposed_severity = proposal.proposed_severity;
  gate->proposed_level = proposal.proposed_level;
  gate->note = proposal.note;
  return gate;
}

void append_gate(drafting& d, gate_state gate) {
  const auto id = gate.request.id;
  if (gate.purpose == gate_purpose::action) gate.review = review_of(d.state.record);
  if (!gate.review.empty()) d.result.warnings.push_back(gate.review);
  std::vector<kept_vote> kept;
  for (const auto& vote : d.state.kept_votes)
    if (vote.request_id == id) kept.push_back(vote);
  auto opening = with_kept_votes(std::move(gate), kept, d.ctx.policies.approval, d.ctx.now);
  opening.gate.request.parameters.parameters = {};  // never persisted in decisions
  auto& event = record(d, opening.verdict, fact::gate_opened{opening.gate});
  event.review_deadline = opening.gate.request.approval_deadline;
  event.request_ids.push_back(gate_request_id(id));
  if (opening.gate.status == approval_status::approved) append_resumption(d, opening.gate);
}

outcome append_gate(drafting& d, const cmd::request_approval& request, approval_id id, gate_purpose purpose,
                    const gate_state& proposal) {
  auto gate = prepare_gate(d, request, id, purpose, proposal);
  if (!gate) return std::unexpected{std::move(gate.error())};
  append_gate(d, std::move(*gate));
  return {};
}

void withdraw_gates(drafting& d, gate_purpose purpose, std::string_view reason) {
  while (const auto* gate = d.state.pending_gate(purpose)) {
    auto step = withdraw_gate(*gate, reason, d.ctx.policies.approval, d.ctx.now);
    record(d, step.verdict, std::move(step.change));
  }
}

void close_action_gates(drafting& d) { withdraw_gates(d, gate_purpose::action, "the incident was closed"); }

void review_action_gates(drafting& d) {
  const auto review = review_of(d.state.record);
  for (const auto id : actions_to_review(d.state, review)) {
    auto step = mark_for_review(*d.state.find_gate(id), review, d.ctx.policies.approval, d.ctx.now);
    record(d, step.verdict, std::move(step.change));
  }
}

void append_resumption(drafting& d, const gate_state& gate) {
  switch (gate.purpose) {
    case gate_purpose::action: return;  // the verdict's own `execute_approved_action` is the resumption
    case gate_purpose::apply_escalation:
      if (is_open(d.state.record.status)) resume_escalation(d, gate);
      return;
    case gate_purpose::close_incident:
      if (d.state.record.status == incident_status::resolved) resume_closing(d, gate);
      return;
  }
}

outcome decide_request(drafting& d, const cmd::request_approval& request) {
  if (!d.state.opened) return unknown_incident(d.cmd.incident_id);
  if (d.state.record.status == incident_status::closed)
    return fail(errc::conflict, "the incident is closed; nothing is left to approve");
  const auto id = request.id.value_or(approval_id{derive_event_id(d.cmd.context.request + "/gate").value()});
  auto gate = prepare_gate(d, request, id, gate_purpose::action, {});
  if (!gate) return std::unexpected{std::move(gate.error())};
  if (std::cmp_greater(gate->request.min_approvals_required, gate->request.required_approvers.size()))
    d.result.warnings.emplace_back("min_approvals_required is above the number of required_approvers");
  append_gate(d, std::move(*gate));
  return {};
}

outcome decide_vote(drafting& d, const cmd::cast_vote& vote) {
  const auto* gate = d.state.find_gate(vote.request);
  if (!gate && d.state.is_long_ended(vote.request)) return long_ended(vote.request);
  if (!gate) return keep_vote(d, vote);
  auto step = cast_vote(*gate, vote.vote, d.ctx.policies.approval, d.ctx.now);
  const bool is_told = !step && (step.error().code == errc::forbidden || takes_back_a_rejection(*gate, vote.vote));
  if (is_told && refusals_of(*gate) < limits::refused_votes_per_gate) {
    refuse_vote(d, vote, *gate, std::move(step.error()));
    return {};
  }
  return take(d, std::move(step));
}

outcome decide_cancel(drafting& d, const cmd::cancel_approval& cancel) {
  const auto gate = gate_of(d, cancel.request);
  if (!gate) return std::unexpected{gate.error()};
  return take(d, cancel_gate(**gate, cancel.actor, cancel.reason, d.ctx.policies.approval, d.ctx.now));
}

outcome decide_escalate(drafting& d, const cmd::escalate_approval& escalate) {
  const auto gate = gate_of(d, escalate.request);
  if (!gate) return std::unexpected{gate.error()};
  return take(d, escalate_gate(**gate, escalate.actor, escalate.reason, d.ctx.policies.approval, d.ctx.now));
}

outcome decide_approval_due(drafting& d, const cmd::approval_due& due) {
  if (d.state.is_long_ended(due.request)) return {};
  const auto gate = gate_of(d, due.request);
  if (!gate) return std::unexpected{gate.error()};
  auto step = gate_due(**gate, d.ctx.policies.approval, d.ctx.now);
  if (step.changed) take(d, std::move(step));
  return {};
}

outcome decide_approval(drafting& d, const cmd::evaluate_approval& evaluate) {
  d.result.warnings = evaluate.warnings;
  auto gate = evaluate.gate;
  std::erase_if(gate.votes, [&](const approval_record& vote) {
    if (!is_self_approval(vote, gate.request, d.ctx.policies.approval)) return false;
    d.result.warnings.push_back(say(vote.approver_id, " asked for this, so the approval is not counted"));
    return true;
  });
  record(d, judge_approval(gate, d.ctx.policies.approval, d.ctx.now), fact::noted{});
  return {};
}

}  // namespace im::logic
