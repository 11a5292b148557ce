#pragma once
/// Every closed set of words at our borders. A word is written here once; `to_string` and `from_string` do the rest.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace im {

/// Specialised for each enum: `names[i]` is the wire word of the enumerator with value `i`.
template <class E>
struct enum_names;

template <class E>
concept wire_enum = std::is_enum_v<E> && requires {
  enum_names<E>::names;
};

template <wire_enum E>
[[nodiscard]] constexpr std::string_view to_string(E value) {
  return enum_names<E>::names[static_cast<std::size_t>(value)];
}

template <wire_enum E>
[[nodiscard]] constexpr std::optional<E> from_string(std::string_view word) {
  const auto& names = enum_names<E>::names;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == word) return static_cast<E>(i);
  return std::nullopt;
}

/// Declares an enum's words; a missing or a surplus word does not compile.
#define IM_WIRE_WORDS(Enum, Last, ...)                                            \
  template <>                                                                     \
  struct enum_names<Enum> {                                                       \
    static constexpr auto names = std::to_array<std::string_view>({__VA_ARGS__}); \
    static_assert(names.size() == static_cast<std::size_t>(Enum::Last) + 1);      \
  }

// ---- Common

/// P0 is critical, P4 informational. To escalate is to lower the number.
enum class severity : std::uint8_t { p0, p1, p2, p3, p4 };
IM_WIRE_WORDS(severity, p4, "P0", "P1", "P2", "P3", "P4");

[[nodiscard]] constexpr int number_of(severity s) { return static_cast<int>(s); }
[[nodiscard]] constexpr bool more_severe(severity a, severity b) { return a < b; }
[[nodiscard]] constexpr severity one_up(severity s) {
  return s == severity::p0 ? s : static_cast<severity>(number_of(s) - 1);
}
[[nodiscard]] constexpr severity one_down(severity s) {
  return s == severity::p4 ? s : static_cast<severity>(number_of(s) + 1);
}

enum class environment : std::uint8_t { production, staging, development, qa };
IM_WIRE_WORDS(environment, qa, "production", "staging", "development", "qa");

enum class incident_status : std::uint8_t { fresh, acknowledged, in_progress, escalated, resolved, closed };
IM_WIRE_WORDS(incident_status, closed, "NEW", "ACKNOWLEDGED", "IN_PROGRESS", "ESCALATED", "RESOLVED", "CLOSED");

[[nodiscard]] constexpr bool is_open(incident_status s) { return s < incident_status::resolved; }

enum class incident_category : std::uint8_t { performance, security, availability, compliance, cost, quality, other };
IM_WIRE_WORDS(incident_category, other, "performance", "security", "availability", "compliance", "cost", "quality",
              "other");

enum class resource_type : std::uint8_t { service, endpoint, model, deployment, tenant, infrastructure };
IM_WIRE_WORDS(resource_type, infrastructure, "service", "endpoint", "model", "deployment", "tenant", "infrastructure");

enum class actor_type : std::uint8_t { agent, user, system };
IM_WIRE_WORDS(actor_type, system, "agent", "user", "system");

enum class priority : std::uint8_t { critical, high, normal, low };
IM_WIRE_WORDS(priority, low, "critical", "high", "normal", "low");

// ---- DecisionEvent

enum class agent_classification : std::uint8_t {
  incident_orchestration,
  escalation,
  approval_gating,
  inspection,
  coordination,
  documentation,
  incident_analysis
};
IM_WIRE_WORDS(agent_classification, incident_analysis, "INCIDENT_ORCHESTRATION", "ESCALATION", "APPROVAL_GATING",
              "INSPECTION", "COORDINATION", "DOCUMENTATION", "INCIDENT_ANALYSIS");

enum class decision_type : std::uint8_t {
  incident_open,
  incident_escalation_decision,
  incident_approval_decision,
  incident_resolution_decision,
  incident_inspection,
  incident_close,
  incident_postmortem_generated,
  remediation_trigger,
  notification_dispatch,
  policy_evaluation,
  no_action_required,
  deferred_decision
};
IM_WIRE_WORDS(decision_type, deferred_decision, "incident_open", "incident_escalation_decision",
              "incident_approval_decision", "incident_resolution_decision", "incident_inspection", "incident_close",
              "incident_postmortem_generated", "remediation_trigger", "notification_dispatch", "policy_evaluation",
              "no_action_required", "deferred_decision");

/// Who takes decisions in this service; the type part of an `agent_id`.
enum class agent : std::uint8_t { manager, escalation, approver, postmortem };
IM_WIRE_WORDS(agent, postmortem, "incident-manager", "incident-escalation", "incident-approver",
              "postmortem-generator");

enum class threshold_direction : std::uint8_t { above, below, equal };
IM_WIRE_WORDS(threshold_direction, equal, "above", "below", "equal");

enum class approver_kind : std::uint8_t { user, team, system };
IM_WIRE_WORDS(approver_kind, system, "user", "team", "system");

enum class time_constraint_type : std::uint8_t { sla, timeout, schedule };
IM_WIRE_WORDS(time_constraint_type, schedule, "sla", "timeout", "schedule");

// ---- Escalation agent

enum class signal_type : std::uint8_t { anomaly, violation, threshold_breach, timeout, manual, scheduled };
IM_WIRE_WORDS(signal_type, scheduled, "anomaly", "violation", "threshold_breach", "timeout", "manual", "scheduled");

enum class escalation_decision : std::uint8_t { escalate, deescalate, maintain, defer };
IM_WIRE_WORDS(escalation_decision, defer, "escalate", "deescalate", "maintain", "defer");

enum class assignment_type : std::uint8_t { assign, reassign, escalate_to_team };
IM_WIRE_WORDS(assignment_type, escalate_to_team, "assign", "reassign", "escalate_to_team");

enum class assignment_target : std::uint8_t { user, team, on_call };
IM_WIRE_WORDS(assignment_target, on_call, "user", "team", "on_call");

/// What the orchestrator is asked to do, by any of the three agents.
enum class action_type : std::uint8_t {
  notify_escalation_targets,
  trigger_playbook,
  update_incident_status,
  request_approval,
  log_timeline_event,
  notify_approvers,
  notify_requester,
  execute_approved_action,
  escalate_approval,
  cancel_pending_action,
  log_approval_event,
  notify_stakeholders,
  schedule_review_meeting,
  create_action_items,
  update_knowledge_base,
  log_postmortem_event
};
IM_WIRE_WORDS(action_type, log_postmortem_event, "notify_escalation_targets", "trigger_playbook",
              "update_incident_status", "request_approval", "log_timeline_event", "notify_approvers",
              "notify_requester", "execute_approved_action", "escalate_approval", "cancel_pending_action",
              "log_approval_event", "notify_stakeholders", "schedule_review_meeting", "create_action_items",
              "update_knowledge_base", "log_postmortem_event");

// ---- Human-in-the-loop agent

enum class approval_action : std::uint8_t {
  remediation,
  rollback,
  deployment,
  public_disclosure,
  data_access,
  escalation_override,
  policy_exception,
  budget_override,
  incident_closure
};
IM_WIRE_WORDS(approval_action, incident_closure, "remediation", "rollback", "deployment", "public_disclosure",
              "data_access", "escalation_override", "policy_exception", "budget_override", "incident_closure");

enum class approver_type : std::uint8_t {
  incident_commander,
  on_call_lead,
  security_team,
  sre_lead,
  engineering_manager,
  executive,
  specific_user
};
IM_WIRE_WORDS(approver_type, specific_user, "incident_commander", "on_call_lead", "security_team", "sre_lead",
              "engineering_manager", "executive", "specific_user");

enum class approval_status : std::uint8_t { pending, approved, rejected, expired, escalated, cancelled };
IM_WIRE_WORDS(approval_status, cancelled, "pending", "approved", "rejected", "expired", "escalated", "cancelled");

[[nodiscard]] constexpr bool is_terminal(approval_status s) {
  return s == approval_status::approved || s == approval_status::rejected || s == approval_status::expired ||
         s == approval_status::cancelled;
}

enum class approval_decision : std::uint8_t { approval_pending, approved, rejected, expired, escalated, cancelled };
IM_WIRE_WORDS(approval_decision, cancelled, "approval_pending", "approved", "rejected", "expired", "escalated",
              "cancelled");

enum class expiry_action : std::uint8_t { auto_reject, escalate, notify_and_wait };
IM_WIRE_WORDS(expiry_action, notify_and_wait, "auto_reject", "escalate", "notify_and_wait");

/// Whether a person may approve what that person asked for. Agents and systems never may.
enum class self_approval : std::uint8_t { forbid, allow };
IM_WIRE_WORDS(self_approval, allow, "forbid", "allow");

enum class vote_decision : std::uint8_t { approved, rejected };
IM_WIRE_WORDS(vote_decision, rejected, "approved", "rejected");

enum class target_type : std::uint8_t { service, endpoint, model, deployment, config, data };
IM_WIRE_WORDS(target_type, data, "service", "endpoint", "model", "deployment", "config", "data");

enum class impact_scope : std::uint8_t { single_service, multiple_services, tenant, region, global };
IM_WIRE_WORDS(impact_scope, global, "single_service", "multiple_services", "tenant", "region", "global");

enum class data_sensitivity : std::uint8_t { public_data, internal, confidential, restricted };
IM_WIRE_WORDS(data_sensitivity, restricted, "public", "internal", "confidential", "restricted");

enum class approval_audit_type : std::uint8_t {
  request_created,
  approval_requested,
  approval_received,
  rejection_received,
  escalation_triggered,
  deadline_warning,
  request_expired,
  request_cancelled,
  decision_finalized
};
IM_WIRE_WORDS(approval_audit_type, decision_finalized, "request_created", "approval_requested", "approval_received",
              "rejection_received", "escalation_triggered", "deadline_warning", "request_expired", "request_cancelled",
              "decision_finalized");

/// What a verdict resumes.
enum class gate_purpose : std::uint8_t { action, apply_escalation, close_incident };
IM_WIRE_WORDS(gate_purpose, close_incident, "action", "apply_escalation", "close_incident");

// ---- Post-mortem agent

enum class postmortem_status : std::uint8_t { draft, in_review, approved, published };
IM_WIRE_WORDS(postmortem_status, published, "draft", "in_review", "approved", "published");

enum class timeline_type : std::uint8_t {
  detection,
  notification,
  acknowledgment,
  escalation,
  investigation,
  remediation,
  mitigation,
  resolution,
  communication,
  decision
};
IM_WIRE_WORDS(timeline_type, decision, "detection", "notification", "acknowledgment", "escalation", "investigation",
              "remediation", "mitigation", "resolution", "communication", "decision");

enum class root_cause_category : std::uint8_t {
  code_defect,
  configuration_error,
  infrastructure_failure,
  dependency_failure,
  capacity_exhaustion,
  security_breach,
  human_error,
  process_gap,
  unknown
};
IM_WIRE_WORDS(root_cause_category, unknown, "code_defect", "configuration_error", "infrastructure_failure",
              "dependency_failure", "capacity_exhaustion", "security_breach", "human_error", "process_gap", "unknown");

enum class resolution_type : std::uint8_t { permanent, temporary, workaround, unknown };
IM_WIRE_WORDS(resolution_type, unknown, "permanent", "temporary", "workaround", "unknown");

enum class effectiveness : std::uint8_t { fully_resolved, partially_resolved, mitigated, unknown };
IM_WIRE_WORDS(effectiveness, unknown, "fully_resolved", "partially_resolved", "mitigated", "unknown");

enum class action_item_status : std::uint8_t { open, in_progress, completed, wont_fix };
IM_WIRE_WORDS(action_item_status, wont_fix, "open", "in_progress", "completed", "wont_fix");

enum class action_item_priority : std::uint8_t { critical, high, medium, low };
IM_WIRE_WORDS(action_item_priority, low, "critical", "high", "medium", "low");

enum class action_item_category : std::uint8_t { prevention, detection, response, process, tooling };
IM_WIRE_WORDS(action_item_category, tooling, "prevention", "detection", "response", "process", "tooling");

// ---- Ours

enum class disposition : std::uint8_t { opened, attached, duplicate };
IM_WIRE_WORDS(disposition, duplicate, "opened", "attached", "duplicate");

/// Why an incident is due; what the deadline index holds.
enum class deadline_kind : std::uint8_t { sla_acknowledgment, sla_resolution, evaluation, approval };
IM_WIRE_WORDS(deadline_kind, approval, "sla_acknowledgment", "sla_resolution", "evaluation", "approval");

/// An operator's change of an incident.
enum class change_kind : std::uint8_t { acknowledge, assign, start, escalate, resolve, close, reopen, comment, update };
IM_WIRE_WORDS(change_kind, update, "acknowledge", "assign", "start", "escalate", "resolve", "close", "reopen",
              "comment", "update");

enum class policy_kind : std::uint8_t { escalation, approval, sla };
IM_WIRE_WORDS(policy_kind, sla, "escalation", "approval", "sla");

}  // namespace im
