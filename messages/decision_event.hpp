#pragma once
/// The one canonical output: exactly one per decision, append-only, kept forever.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/facts.hpp"
#include "messages/json/codec.hpp"

namespace im {

struct threshold_constraint {
  std::string threshold;
  threshold_direction direction = threshold_direction::above;
  bool triggered = false;
};

template <class V>
void describe(V& v, like<threshold_constraint> auto& x) {
  v.required("threshold", x.threshold);
  v.required("direction", x.direction);
  v.required("triggered", x.triggered);
}

struct policy_constraint {
  std::string policy_id;
  std::string policy_name;
  std::string policy_version;
  bool satisfied = true;
  std::optional<std::string> reason;
};

template <class V>
void describe(V& v, like<policy_constraint> auto& x) {
  v.required("policy_id", x.policy_id);
  v.required("policy_name", x.policy_name);
  v.required("policy_version", x.policy_version);
  v.required("satisfied", x.satisfied);
  v.optional("reason", x.reason);
}

struct approval_constraint {
  approver_kind approver_type = approver_kind::user;
  std::string approver_id;
  bool required = true;
  bool obtained = false;
};

template <class V>
void describe(V& v, like<approval_constraint> auto& x) {
  v.required("approver_type", x.approver_type);
  v.required("approver_id", x.approver_id);
  v.required("required", x.required);
  v.required("obtained", x.obtained);
}

struct time_constraint {
  time_constraint_type type = time_constraint_type::sla;
  time_point deadline;
  bool breached = false;
};

template <class V>
void describe(V& v, like<time_constraint> auto& x) {
  v.required("type", x.type);
  v.required("deadline", x.deadline);
  v.required("breached", x.breached);
}

struct rate_limit_constraint {
  std::string limit_type;
  double limit_value = 0;
  double current_value = 0;
  bool exceeded = false;
};

template <class V>
void describe(V& v, like<rate_limit_constraint> auto& x) {
  v.required("limit_type", x.limit_type);
  v.required("limit_value", x.limit_value);
  v.required("current_value", x.current_value);
  v.required("exceeded", x.exceeded);
}

struct constraints_applied {
  std::vector<threshold_constraint> severity_thresholds;
  std::vector<policy_constraint> policy_constraints;
  std::vector<approval_constraint> approval_requirements;
  std::vector<time_constraint> time_constraints;
  std::vector<rate_limit_constraint> rate_limits;
};

template <class V>
void describe(V& v, like<constraints_applied> auto& x) {
  v.optional("severity_thresholds", x.severity_thresholds);
  v.optional("policy_constraints", x.policy_constraints);
  v.optional("approval_requirements", x.approval_requirements);
  v.optional("time_constraints", x.time_constraints);
  v.optional("rate_limits", x.rate_limits);
}

struct manual_override {
  std::string field;
  std::string original_value;
  std::string override_value;
  std::string reason;
  std::string approved_by;
};

template <class V>
void describe(V& v, like<manual_override> auto& x) {
  v.required("field", x.field);
  v.required("original_value", x.original_value);
  v.required("override_value", x.override_value);
  v.required("reason", x.reason);
  v.required("approved_by", x.approved_by);
}

struct audit_metadata {
  std::vector<std::string> sources;
  std::vector<std::string> policies_evaluated;
  std::vector<manual_override> manual_overrides;
};

template <class V>
void describe(V& v, like<audit_metadata> auto& x) {
  v.required("sources", x.sources);
  v.required("policies_evaluated", x.policies_evaluated);
  v.optional("manual_overrides", x.manual_overrides);
}

/// Trace ids, confidence factors and the region belong to telemetry and are never persisted, so they are not here.
struct decision_event {
  event_id id;
  std::string agent_id;  ///< `{agent_type}:{version}:{instance}`
  std::string agent_version;
  im::agent_classification agent_classification = im::agent_classification::incident_orchestration;
  im::decision_type decision_type = im::decision_type::no_action_required;
  std::string inputs_hash;
  object_text outputs;  ///< the agent's output document
  double confidence = 0;
  im::constraints_applied constraints_applied;
  uuid execution_ref;
  time_point timestamp;
  im::environment environment = im::environment::development;
  bool requires_review = false;
  std::optional<time_point> review_deadline;
  std::optional<im::audit_metadata> audit_metadata;
  im::incident_id incident_id;
  std::uint64_t sequence = 0;  ///< position in the incident's log, from 1
  std::string previous_hash;   ///< SHA-256 of the text before it in that log; empty for the first (messages/chain)
  std::vector<request_id> request_ids;  ///< every request and event id that it covers
  fact_box fact;

  // About the document, not in it:
  std::string text;  ///< as it is sent to the store; empty until it is sealed
  std::string hash;  ///< SHA-256 of its text; empty until it is sealed, or where the store may have rewritten it
  std::optional<std::size_t> action_count;  ///< orchestrator actions in `outputs`, where whoever wrote them has counted
};

template <class V>
void describe(V& v, like<decision_event> auto& x) {
  v.required("id", x.id);
  v.required("agent_id", x.agent_id);
  v.required("agent_version", x.agent_version);
  v.required("agent_classification", x.agent_classification);
  v.required("decision_type", x.decision_type);
  v.required("inputs_hash", x.inputs_hash);
  v.required("outputs", x.outputs);
  v.required("confidence", x.confidence);
  v.required("constraints_applied", x.constraints_applied);
  v.required("execution_ref", x.execution_ref);
  v.required("timestamp", x.timestamp);
  v.required("environment", x.environment);
  v.required("requires_review", x.requires_review);
  v.optional("review_deadline", x.review_deadline);
  v.optional("audit_metadata", x.audit_metadata);
  v.required("incident_id", x.incident_id);
  v.required("sequence", x.sequence);
  v.optional("previous_hash", x.previous_hash);
  v.required("request_ids", x.request_ids);
  v.required("fact", x.fact);
}

}  // namespace im

namespace im::json {

// Compiled once, in decision_event.cpp: many sources would else spend a second each on all that it is made of.
extern template void write(writer& out, const decision_event& value);
extern template void read(read_state& state, const node& from, const path& where, decision_event& to);

}  // namespace im::json
