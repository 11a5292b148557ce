#include <algorithm>

#include "actors/logic/decide_parts.hpp"

namespace im::logic {

namespace {

constexpr std::string_view scheduled_source = "scheduled";

/// The orchestrator is told which gate it waits for.
void name_gate(escalation_output& output, approval_id gate) {
  for (auto& action : output.orchestrator_actions) {
    if (action.action_type != action_type::request_approval) continue;
    json::writer out;
    out.begin_object();
    out.key("approval_request_id");
    out.string(gate.str());
    out.key("parameters");
    out.raw(action.parameters.empty() ? "{}" : action.parameters.text);
    out.end_object();
    action.parameters.text = out.take();
  }
}

fact::escalation_evaluated fact_of(const drafting& d, const escalation_output& output) {
  const auto& record = d.state.record;
  const auto sla = sla_at(record, d.ctx.now);
  fact::escalation_evaluated f;
  f.decision = output.decision;
  f.from_severity = record.severity;
  f.to_severity = output.new_severity.value_or(record.severity);
  f.from_level = record.escalation_level;
  f.to_level = output.new_escalation_level.value_or(record.escalation_level);
  f.actor = std::string{to_string(agent::escalation)};
  f.applied = output.decision == escalation_decision::escalate || output.decision == escalation_decision::deescalate;
  if (output.decision == escalation_decision::escalate) f.status = incident_status::escalated;
  if (is_open(record.status))
    f.next_evaluation_at = output.defer_until ? output.defer_until : output.next_evaluation_at;
  if (f.applied) f.sla = tightened_sla(d.state, d.ctx.policies.sla, f.to_severity, d.ctx.now);
  f.acknowledgment_breached = sla.acknowledgment_breached;
  f.resolution_breached = sla.resolution_breached;
  return f;
}

void record_evaluation(drafting& d, const escalation_verdict& verdict, any_fact f) {
  auto& event = d.add(agent::escalation, agent_classification::escalation, decision_type::incident_escalation_decision,
                      {json::encode(verdict.output)}, std::move(f));
  event.confidence = verdict.confidence;
  event.constraints_applied = verdict.constraints;
  event.action_count = verdict.output.orchestrator_actions.size();
}

/// What the orchestrator may do already while people decide: take note, and ask them. Telling the world of a P0, or
/// setting a status, is part of what is suspended; the resumption asks for it.
void keep_only(escalation_output& output, std::initializer_list<action_type> allowed) {
  std::erase_if(output.orchestrator_actions, [&](const orchestrator_action& action) {
    return std::ranges::find(allowed, action.action_type) == allowed.end();
  });
}

cmd::request_approval ask_for_p0(const drafting& d, const std::string& reason) {
  cmd::request_approval request;
  request.action_type = approval_action::escalation_override;
  request.action_description = "Escalate to P0: " + d.state.record.title;
  request.requester_type = actor_type::agent;
  request.requester_id = std::string{to_string(agent::escalation)};
  request.request_reason = reason;
  request.parameters.target = d.state.record.id.str();
  return request;
}

/// The evaluation says P0, which people must approve: it is recorded as suspended, and its gate opens with it. Where one
/// is open already, or none can be opened, it is recorded and changes nothing.
void suspend(drafting& d, escalation_verdict verdict, fact::escalation_evaluated f) {
  f.applied = false;
  f.status.reset();
  f.sla.reset();
  const auto position = std::to_string(d.result.events.size());
  const approval_id id{derive_event_id(d.cmd.context.request + "/gate/" + position).value()};
  gate_state proposal;
  proposal.proposed_severity = f.to_severity;
  proposal.proposed_level = f.to_level;
  const auto* pending = d.state.pending_gate(gate_purpose::apply_escalation);
  auto gate = pending
                  ? fail(errc::conflict, "an escalation waits already for approval " + pending->request.id.str())
                  : prepare_gate(d, ask_for_p0(d, verdict.output.reason), id, gate_purpose::apply_escalation, proposal);
  if (gate) {
    f.suspended_on = id;
    keep_only(verdict.output, {action_type::log_timeline_event, action_type::request_approval});
    name_gate(verdict.output, id);
  } else {
    if (pending) f.suspended_on = pending->request.id;
    keep_only(verdict.output, {action_type::log_timeline_event});
    d.result.warnings.push_back(gate.error().message);
  }
  record_evaluation(d, verdict, std::move(f));
  if (gate) append_gate(d, std::move(*gate));
}

/// The log is the truth about an incident that we hold; a caller that sees it differently is told.
void warn_of_differences(drafting& d, const escalation_input& given) {
  const auto& record = d.state.record;
  const auto warn = [&](std::string_view field, std::string_view ours) {
    d.result.warnings.push_back(std::string{field} + " differs from the incident's; decided with " + std::string{ours});
  };
  if (given.current_severity != record.severity) warn("current_severity", to_string(record.severity));
  if (given.current_status != record.status) warn("current_status", to_string(record.status));
  if (given.current_escalation_level != record.escalation_level)
    warn("current_escalation_level", std::to_string(record.escalation_level));
}

}  // namespace

void append_evaluation(drafting& d, const escalation_input& input) {
  const auto& policy = d.ctx.policies.escalation;
  auto verdict = evaluate_escalation(input, policy, d.ctx.now);
  auto f = fact_of(d, verdict.output);
  if (needs_approval(input, verdict.output, policy))
    suspend(d, std::move(verdict), std::move(f));
  else
    record_evaluation(d, verdict, std::move(f));
}

outcome decide_evaluation(drafting& d, const cmd::evaluate_escalation& evaluate) {
  d.result.warnings = evaluate.warnings;
  if (!d.state.opened) {
    if (!evaluate.full) return unknown_incident(d.cmd.incident_id);
    record_evaluation(d, evaluate_escalation(evaluate.input, d.ctx.policies.escalation, d.ctx.now), fact::noted{});
    return {};
  }
  if (evaluate.full) warn_of_differences(d, evaluate.input);
  append_evaluation(d, escalation_input_from(d.state, evaluate.input.signal_source, evaluate.input.signal_timestamp,
                                             evaluate.input.payload, d.ctx.now));
  return {};
}

outcome decide_evaluation_due(drafting& d) {
  const auto due = deadlines_of(d.state);
  const auto is_due = [&](bool sla) {
    return std::ranges::any_of(due, [&](const deadline& entry) {
      const bool of_sla =
          entry.kind == deadline_kind::sla_acknowledgment || entry.kind == deadline_kind::sla_resolution;
      const bool of_kind = sla ? of_sla : entry.kind == deadline_kind::evaluation;
      return of_kind && entry.due_at <= d.ctx.now;
    });
  };
  const bool breach = is_due(true);
  if (!breach && !is_due(false)) return {};  // a timer that a later decision made stale
  signal_payload payload;
  payload.type = breach ? signal_type::timeout : signal_type::scheduled;
  append_evaluation(
      d, escalation_input_from(d.state, std::string{scheduled_source}, d.ctx.now, std::move(payload), d.ctx.now));
  return {};
}

}  // namespace im::logic
