#include <algorithm>

#include "actors/logic/decide_parts.hpp"
#include "actors/logic/lifecycle.hpp"

namespace im::logic {

namespace {

constexpr auto coordination = agent_classification::coordination;

decision_type type_of(change_kind change) {
  switch (change) {
    case change_kind::resolve: return decision_type::incident_resolution_decision;
    case change_kind::close: return decision_type::incident_close;
    case change_kind::escalate: return decision_type::incident_escalation_decision;
    case change_kind::assign: return decision_type::notification_dispatch;
    case change_kind::acknowledge:
    case change_kind::start:
    case change_kind::reopen:
    case change_kind::comment:
    case change_kind::update: return decision_type::incident_inspection;
  }
  return decision_type::incident_inspection;
}

orchestrator_action status_action(const incident_id& id, incident_status status) {
  json::writer out;
  out.begin_object();
  out.key("incident_id");
  out.string(id.str());
  out.key("new_status");
  out.string(to_string(status));
  out.end_object();
  return {action_type::update_incident_status, priority::normal, {out.take()}, true};
}

struct change_output {
  change_kind change;
  incident_status status;
  severity severity_after;
  std::string reason;
  std::vector<orchestrator_action> actions;
};

template <class V>
void describe(V& v, like<change_output> auto& x) {
  v.required("change", x.change);
  v.required("status", x.status);
  v.required("severity", x.severity_after);
  v.optional("reason", x.reason);
  v.required("orchestrator_actions", x.actions);
}

fact::incident_changed fact_of(const cmd::change_incident& change) {
  fact::incident_changed f;
  f.change = change.change;
  f.actor = change.actor;
  f.actor_type = change.actor_type;
  f.comment = change.comment;
  f.severity = change.severity;
  f.title = change.title;
  f.impact = change.impact;
  f.assigned_to = change.assigned_to;
  f.assigned_team = change.assigned_team;
  f.tags = change.tags;
  f.labels = change.labels;
  f.resolution = change.resolution;
  f.firing_since = change.firing_since;
  return f;
}

/// A change that ends a deadline which has passed, before the clock came to it, records the breach itself: nobody else will.
sla_state sla_after(const incident& record, incident_status next, time_point now) {
  auto sla = record.sla;
  if (!is_open(record.status) || next == record.status) return sla;
  const auto late = sla_at(record, now);
  if (next != incident_status::escalated) sla.acknowledgment_breached = late.acknowledgment_breached;
  if (!is_open(next)) sla.resolution_breached = late.resolution_breached;
  return sla;
}

/// A severity that was lowered by hand: its deadlines as if it had been so from the beginning, but none earlier than it was (after
/// a reopening they count from there). What was missed stays missed.
sla_state relaxed_sla(const incident& record, const sla_policy& policy, severity to) {
  const auto no_earlier = [](std::optional<time_point>& deadline, const std::optional<time_point>& was) {
    if (deadline && was) deadline = std::max(deadline, was);
  };
  auto sla = sla_for(policy, to, record.created_at);
  no_earlier(sla.acknowledgment_deadline, record.sla.acknowledgment_deadline);
  no_earlier(sla.resolution_deadline, record.sla.resolution_deadline);
  sla.acknowledgment_breached = record.sla.acknowledgment_breached;
  sla.resolution_breached = record.sla.resolution_breached;
  return sla;
}

/// A severity that was raised by hand: what is promised of it counts from now, and nothing comes later than it would have.
void hasten(const drafting& d, severity to, fact::incident_changed& f) {
  const auto now = d.ctx.now;
  f.sla = tightened_sla(d.state, d.ctx.policies.sla, to, now);
  if (!is_open(d.state.record.status)) return;
  const auto next = later(now, d.ctx.policies.escalation.next_evaluation_s.at(to));
  f.next_evaluation_at = std::min(next, d.state.next_evaluation_at.value_or(next));
}

void record_change(drafting& d, fact::incident_changed f) {
  const auto status = f.status.value_or(d.state.record.status);
  change_output output{f.change, status, f.severity.value_or(d.state.record.severity), f.comment, {}};
  if (status != d.state.record.status) output.actions.push_back(status_action(d.state.record.id, status));
  const auto type = type_of(f.change);
  d.add(agent::manager, coordination, type, {json::encode(output)}, std::move(f));
}

outcome close(drafting& d, const cmd::change_incident& change, fact::incident_changed f) {
  const auto& gated = d.ctx.policies.approval.closure_gated_severities;
  if (std::ranges::find(gated, d.state.peak_severity) == gated.end()) {
    record_change(d, std::move(f));
    close_action_gates(d);
    return {};
  }
  if (const auto* pending = d.state.pending_gate(gate_purpose::close_incident))
    return fail(errc::conflict, "closing waits already for approval " + pending->request.id.str());
  cmd::request_approval request;
  request.action_type = approval_action::incident_closure;
  request.action_description = "Close incident " + d.state.record.title;
  request.requester_type = change.actor_type;
  request.requester_id = change.actor;
  request.request_reason = change.comment;
  request.parameters.target = d.state.record.id.str();
  gate_state proposal;
  proposal.note = change.comment;
  d.result.warnings.emplace_back("closing waits for approval");
  return append_gate(d, request, approval_id{derive_event_id(d.cmd.context.request + "/gate").value()},
                     gate_purpose::close_incident, proposal);
}

/// Whether a change to this severity makes a P0 of what was none, which the policy leaves to people.
bool rise_needs_approval(const drafting& d, severity to) {
  return to == severity::p0 && d.state.record.severity != severity::p0 &&
         d.ctx.policies.escalation.require_approval_for_p0;
}

/// An operator escalates by hand: to the severity that was named, or one step. A new P0 waits for people like any other.
outcome escalate(drafting& d, const cmd::change_incident& change, fact::incident_changed f) {
  const auto& record = d.state.record;
  const auto& policy = d.ctx.policies.escalation;
  const auto to = change.severity.value_or(one_up(record.severity));
  if (more_severe(record.severity, to))
    return fail(errc::conflict, "an escalation cannot make the incident less severe");
  f.severity = to;
  f.escalation_level = std::min(record.escalation_level + 1, policy.max_level);
  f.next_evaluation_at = later(d.ctx.now, policy.next_evaluation_s.at(to));
  f.sla = tightened_sla(d.state, d.ctx.policies.sla, to, d.ctx.now);
  if (!rise_needs_approval(d, to)) {
    record_change(d, std::move(f));
    return {};
  }
  if (const auto* pending = d.state.pending_gate(gate_purpose::apply_escalation))
    return fail(errc::conflict, "an escalation waits already for approval " + pending->request.id.str());
  cmd::request_approval request;
  request.action_type = approval_action::escalation_override;
  request.action_description = "Escalate to P0: " + record.title;
  request.requester_type = change.actor_type;
  request.requester_id = change.actor;
  request.request_reason = change.comment;
  request.parameters.target = record.id.str();
  gate_state proposal;
  proposal.proposed_severity = to;
  proposal.proposed_level = f.escalation_level;
  d.result.warnings.emplace_back("the escalation to P0 waits for approval");
  return append_gate(d, request, approval_id{derive_event_id(d.cmd.context.request + "/gate").value()},
                     gate_purpose::apply_escalation, proposal);
}

}  // namespace

outcome decide_change(drafting& d, const cmd::change_incident& change) {
  if (!d.state.opened) return unknown_incident(d.cmd.incident_id);
  const auto& record = d.state.record;
  const auto next = next_status(change.change, record.status);
  if (!next)
    return fail(errc::conflict, std::string{"an incident that is "}.append(to_string(record.status)) +
                                    " does not allow: " + std::string{to_string(change.change)});
  auto f = fact_of(change);
  if (next != record.status) f.status = next;
  if (const auto sla = sla_after(record, *next, d.ctx.now); sla != record.sla) f.sla = sla;
  switch (change.change) {
    case change_kind::close: return close(d, change, std::move(f));
    case change_kind::escalate: return escalate(d, change, std::move(f));
    case change_kind::resolve:
      record_change(d, std::move(f));
      withdraw_gates(d, gate_purpose::apply_escalation, "the incident was resolved");
      review_action_gates(d);
      return {};
    case change_kind::reopen:
      f.sla = sla_for(d.ctx.policies.sla, record.severity, d.ctx.now);
      f.next_evaluation_at = later(d.ctx.now, d.ctx.policies.escalation.next_evaluation_s.at(record.severity));
      record_change(d, std::move(f));
      withdraw_gates(d, gate_purpose::close_incident, "the incident was reopened");
      review_action_gates(d);
      return {};
    case change_kind::update:
      if (change.severity && rise_needs_approval(d, *change.severity))
        return fail(errc::conflict, "a P0 needs approval; use the incident's escalate call, which asks for it");
      if (change.severity && more_severe(*change.severity, record.severity))
        hasten(d, *change.severity, f);
      else if (change.severity && *change.severity != record.severity)
        f.sla = relaxed_sla(record, d.ctx.policies.sla, *change.severity);
      break;
    case change_kind::acknowledge:
    case change_kind::assign:
    case change_kind::start:
    case change_kind::comment: break;
  }
  record_change(d, std::move(f));
  return {};
}

}  // namespace im::logic
