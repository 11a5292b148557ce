#pragma once
/// Requests, votes and outputs of the human-in-the-loop agent, schema version 1.2.0 of the platform's contracts.

#include <optional>
#include <string>
#include <vector>

#include "messages/actions.hpp"
#include "messages/incident.hpp"

namespace im {

/// One person's vote.
struct approval_record {
  std::string approver_id;
  std::string approver_name;
  im::approver_type approver_type = approver_type::on_call_lead;
  vote_decision decision = vote_decision::rejected;
  std::string rationale;
  std::vector<std::string> conditions;
  time_point decision_timestamp;
  std::optional<std::string> signature;

  bool operator==(const approval_record&) const = default;
};

template <class V>
void describe(V& v, like<approval_record> auto& x) {
  v.required("approver_id", x.approver_id);
  v.optional("approver_name", x.approver_name);
  v.required("approver_type", x.approver_type);
  v.required("decision", x.decision);
  v.optional("rationale", x.rationale);
  v.optional("conditions", x.conditions);
  v.required("decision_timestamp", x.decision_timestamp);
  v.optional("signature", x.signature);
}

struct approver_requirement {
  im::approver_type approver_type = approver_type::on_call_lead;
  std::optional<std::string> approver_id;  ///< for `specific_user`
  bool required = true;
  std::optional<int> order;

  bool operator==(const approver_requirement&) const = default;
};

template <class V>
void describe(V& v, like<approver_requirement> auto& x) {
  v.required("approver_type", x.approver_type);
  v.optional("approver_id", x.approver_id);
  v.optional("required", x.required);
  v.optional("order", x.order);
}

struct action_parameters {
  std::string target;
  im::target_type target_type = target_type::service;
  object_text parameters;  ///< never persisted in decisions
  bool reversible = false;
  std::optional<double> estimated_duration_seconds;
  std::vector<std::string> affected_resources;

  bool operator==(const action_parameters&) const = default;
};

template <class V>
void describe(V& v, like<action_parameters> auto& x) {
  v.required("target", x.target);
  v.required("target_type", x.target_type);
  v.optional("parameters", x.parameters);
  v.optional("reversible", x.reversible);
  v.optional("estimated_duration_seconds", x.estimated_duration_seconds);
  v.optional("affected_resources", x.affected_resources);
}

/// What a gate asks, complete: a caller's request with everything the policy fills in.
struct approval_request {
  approval_id id;
  im::incident_id incident_id;
  approval_action action_type = approval_action::remediation;
  std::string action_description;
  im::severity incident_severity = severity::p4;
  actor_type requester_type = actor_type::system;
  std::string requester_id;
  std::string request_reason;
  im::priority request_priority = priority::normal;
  std::vector<approver_requirement> required_approvers;
  int min_approvals_required = 1;
  time_point requested_at;
  time_point approval_deadline;
  im::expiry_action expiry_action = expiry_action::auto_reject;
  action_parameters parameters;
  std::string policy_id;
  std::string policy_version;
  std::optional<bool> sequential;  ///< true: approvals count in the order of their requirements; absent: in any

  bool operator==(const approval_request&) const = default;
};

template <class V>
void describe(V& v, like<approval_request> auto& x) {
  v.required("approval_request_id", x.id);
  v.required("incident_id", x.incident_id);
  v.required("action_type", x.action_type);
  v.required("action_description", x.action_description);
  v.required("incident_severity", x.incident_severity);
  v.required("requester_type", x.requester_type);
  v.required("requester_id", x.requester_id);
  v.optional("request_reason", x.request_reason);
  v.optional("request_priority", x.request_priority);
  v.required("required_approvers", x.required_approvers);
  v.required("min_approvals_required", x.min_approvals_required);
  v.required("request_timestamp", x.requested_at);
  v.required("approval_deadline", x.approval_deadline);
  v.optional("expiry_action", x.expiry_action);
  v.required("action_parameters", x.parameters);
  v.optional("policy_id", x.policy_id);
  v.optional("policy_version", x.policy_version);
  v.optional("sequential", x.sequential);
}

struct approval_audit_entry {
  time_point timestamp;
  approval_audit_type event_type = approval_audit_type::request_created;
  std::string actor_id;
  im::actor_type actor_type = actor_type::system;
  std::string details;

  bool operator==(const approval_audit_entry&) const = default;
};

template <class V>
void describe(V& v, like<approval_audit_entry> auto& x) {
  v.required("timestamp", x.timestamp);
  v.required("event_type", x.event_type);
  v.required("actor_id", x.actor_id);
  v.required("actor_type", x.actor_type);
  v.required("details", x.details);
}

/// A gate as its log tells it: what was asked, who voted, where it stands. The whole input of the gate's rules.
struct gate_state {
  approval_request request;
  gate_purpose purpose = gate_purpose::action;
  approval_status status = approval_status::pending;
  std::vector<approval_record> votes;  ///< distinct approvers, in order of arrival; who objects later has withdrawn
  std::vector<approval_audit_entry> audit;
  std::optional<time_point> decided_at;
  std::string decided_reason;
  std::optional<time_point> next_due_at;  ///< when the clock must decide: the deadline; none once it has
  // What the verdict resumes, by purpose:
  std::optional<severity> proposed_severity;  ///< apply_escalation
  std::optional<int> proposed_level;          ///< apply_escalation
  std::string note;                           ///< close_incident: the closing comment
  std::string review;  ///< what has changed since it was asked, so that people must look again before they decide

  bool operator==(const gate_state&) const = default;
};

template <class V>
void describe(V& v, like<gate_state> auto& x) {
  v.required("request", x.request);
  v.required("purpose", x.purpose);
  v.required("status", x.status);
  v.optional("votes", x.votes);
  v.required("audit_trail", x.audit);
  v.optional("decided_at", x.decided_at);
  v.optional("decided_reason", x.decided_reason);
  v.optional("next_due_at", x.next_due_at);
  v.optional("proposed_severity", x.proposed_severity);
  v.optional("proposed_level", x.proposed_level);
  v.optional("note", x.note);
  v.optional("review", x.review);
}

struct final_approver {
  std::string id;
  std::string name;
  approver_type type = approver_type::on_call_lead;

  bool operator==(const final_approver&) const = default;
};

template <class V>
void describe(V& v, like<final_approver> auto& x) {
  v.required("id", x.id);
  v.required("name", x.name);
  v.required("type", x.type);
}

struct approval_conditions {
  std::vector<std::string> approval_conditions;
  bool conditions_acknowledged = false;

  bool operator==(const im::approval_conditions&) const = default;
};

template <class V>
void describe(V& v, like<approval_conditions> auto& x) {
  v.required("approval_conditions", x.approval_conditions);
  v.required("conditions_acknowledged", x.conditions_acknowledged);
}

struct rule_evaluation {
  std::string rule_id;
  std::string rule_name;
  bool satisfied = false;
  std::optional<std::string> details;

  bool operator==(const rule_evaluation&) const = default;
};

template <class V>
void describe(V& v, like<rule_evaluation> auto& x) {
  v.required("rule_id", x.rule_id);
  v.required("rule_name", x.rule_name);
  v.required("satisfied", x.satisfied);
  v.optional("details", x.details);
}

struct policy_compliance {
  bool compliant = false;
  std::string policy_id;
  std::string policy_name;
  std::vector<rule_evaluation> rules_evaluated;
  std::vector<std::string> violations;

  bool operator==(const policy_compliance&) const = default;
};

template <class V>
void describe(V& v, like<policy_compliance> auto& x) {
  v.required("compliant", x.compliant);
  v.required("policy_id", x.policy_id);
  v.required("policy_name", x.policy_name);
  v.required("rules_evaluated", x.rules_evaluated);
  v.required("violations", x.violations);
}

struct approval_output {
  approval_decision decision = approval_decision::approval_pending;
  std::string reason;
  approval_status updated_status = approval_status::pending;
  int approvals_obtained = 0;
  int approvals_remaining = 0;
  int rejections_count = 0;
  std::vector<approval_record> approval_records;
  std::vector<std::string> consolidated_conditions;
  std::optional<im::final_approver> final_approver;
  bool action_authorized = false;  ///< true exactly when approved
  std::optional<approval_conditions> modified_action_parameters;
  std::vector<orchestrator_action> orchestrator_actions;
  std::optional<time_point> decision_finalized_at;
  std::optional<time_point> next_check_at;
  double time_remaining_seconds = 0;
  std::vector<approval_audit_entry> audit_trail;
  im::policy_compliance policy_compliance;
  // Ours, so that an answer says what it is about:
  std::optional<approval_id> approval_request_id;
  std::optional<approval_status> status;
  std::vector<approver_requirement> required_approvers;
  std::vector<std::string> next_approvers;  ///< of a sequential request: whose turn it is
  std::string review;                       ///< what has changed since it was asked
  std::optional<std::string> note;          ///< e.g. that this approver had voted before

  bool operator==(const approval_output&) const = default;
};

template <class V>
void describe(V& v, like<approval_output> auto& x) {
  v.optional("approval_request_id", x.approval_request_id);
  v.optional("status", x.status);
  v.required("decision", x.decision);
  v.required("reason", x.reason);
  v.required("updated_status", x.updated_status);
  v.required("approvals_obtained", x.approvals_obtained);
  v.required("approvals_remaining", x.approvals_remaining);
  v.required("rejections_count", x.rejections_count);
  v.required("approval_records", x.approval_records);
  v.required("consolidated_conditions", x.consolidated_conditions);
  v.optional("required_approvers", x.required_approvers);
  v.optional("final_approver", x.final_approver);
  v.required("action_authorized", x.action_authorized);
  v.optional("modified_action_parameters", x.modified_action_parameters);
  v.required("orchestrator_actions", x.orchestrator_actions);
  v.optional("decision_finalized_at", x.decision_finalized_at);
  v.optional("next_check_at", x.next_check_at);
  v.required("time_remaining_seconds", x.time_remaining_seconds);
  v.required("audit_trail", x.audit_trail);
  v.required("policy_compliance", x.policy_compliance);
  v.optional("next_approvers", x.next_approvers);
  v.optional("review", x.review);
  v.optional("note", x.note);
}

}  // namespace im
