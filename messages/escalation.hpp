#pragma once
/// Input and output of the escalation agent, schema version 1.2.0 of the platform's contracts.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messages/actions.hpp"
#include "messages/incident.hpp"

namespace im {

struct signal_payload {
  signal_type type = signal_type::manual;
  std::optional<im::severity> suggested_severity;
  std::map<std::string, double, std::less<>> metrics;
  object_text raw_data;  ///< never persisted
  std::optional<double> signal_confidence;

  bool operator==(const signal_payload&) const = default;
};

template <class V>
void describe(V& v, like<signal_payload> auto& x) {
  v.required("type", x.type);
  v.optional("suggested_severity", x.suggested_severity);
  v.optional("metrics", x.metrics);
  v.optional("raw_data", x.raw_data);
  v.optional("signal_confidence", x.signal_confidence);
}

struct escalation_history_entry {
  time_point timestamp;
  severity from_severity = severity::p4;
  severity to_severity = severity::p4;
  int from_level = 0;
  int to_level = 0;
  std::string reason;
  std::string actor;

  bool operator==(const escalation_history_entry&) const = default;
};

template <class V>
void describe(V& v, like<escalation_history_entry> auto& x) {
  v.required("timestamp", x.timestamp);
  v.required("from_severity", x.from_severity);
  v.required("to_severity", x.to_severity);
  v.required("from_level", x.from_level);
  v.required("to_level", x.to_level);
  v.optional("reason", x.reason);
  v.optional("actor", x.actor);
}

/// A complete input. Which fields a caller must send is decided where it is read (`http/api`): for an incident that
/// we hold, `incident_id` alone is enough and the rest is filled from its state.
struct escalation_input {
  im::incident_id incident_id;
  std::optional<std::string> external_incident_id;
  std::string fingerprint;
  severity current_severity = severity::p4;
  incident_status current_status = incident_status::fresh;
  int current_escalation_level = 0;
  incident_category category = incident_category::other;
  std::string signal_source;
  time_point signal_timestamp;
  signal_payload payload;
  std::optional<im::environment> environment;
  std::optional<std::string> title;
  std::optional<affected_resource> resource;
  std::optional<time_point> incident_created_at;
  std::optional<time_point> incident_updated_at;
  std::optional<time_point> state_entered_at;  ///< ours: when the current status began; else updated_at
  std::optional<double> time_since_last_escalation_s;
  std::vector<escalation_history_entry> history;
  std::optional<std::string> policy_id;
  std::optional<sla_state> sla;

  bool operator==(const escalation_input&) const = default;
};

struct threshold_evaluation {
  std::string name;
  double threshold_value = 0;
  double actual_value = 0;
  bool breached = false;
  double weight = 0;

  bool operator==(const threshold_evaluation&) const = default;
};

template <class V>
void describe(V& v, like<threshold_evaluation> auto& x) {
  v.required("name", x.name);
  v.required("threshold_value", x.threshold_value);
  v.required("actual_value", x.actual_value);
  v.required("breached", x.breached);
  v.required("weight", x.weight);
}

struct time_factor {
  std::string name;
  double value_seconds = 0;
  double score_contribution = 0;

  bool operator==(const time_factor&) const = default;
};

template <class V>
void describe(V& v, like<time_factor> auto& x) {
  v.required("name", x.name);
  v.required("value_seconds", x.value_seconds);
  v.required("score_contribution", x.score_contribution);
}

struct escalation_details {
  std::vector<threshold_evaluation> thresholds_evaluated;
  std::vector<time_factor> time_factors;
  double raw_escalation_score = 0;
  double normalized_score = 0;

  bool operator==(const escalation_details&) const = default;
};

template <class V>
void describe(V& v, like<escalation_details> auto& x) {
  v.required("thresholds_evaluated", x.thresholds_evaluated);
  v.required("time_factors", x.time_factors);
  v.required("raw_escalation_score", x.raw_escalation_score);
  v.required("normalized_score", x.normalized_score);
}

struct applied_escalation_policy {
  std::string policy_id;
  std::string policy_name;
  std::string policy_version;
  std::optional<int> triggered_level;
  int max_level = 0;

  bool operator==(const applied_escalation_policy&) const = default;
};

template <class V>
void describe(V& v, like<applied_escalation_policy> auto& x) {
  v.required("policy_id", x.policy_id);
  v.required("policy_name", x.policy_name);
  v.required("policy_version", x.policy_version);
  v.optional("triggered_level", x.triggered_level);
  v.required("max_level", x.max_level);
}

struct assignment_update {
  assignment_type type = assignment_type::assign;
  std::string target_id;
  assignment_target target_type = assignment_target::user;
  std::string reason;

  bool operator==(const assignment_update&) const = default;
};

template <class V>
void describe(V& v, like<assignment_update> auto& x) {
  v.required("type", x.type);
  v.required("target_id", x.target_id);
  v.required("target_type", x.target_type);
  v.required("reason", x.reason);
}

struct escalation_output {
  escalation_decision decision = escalation_decision::maintain;
  std::string reason;
  std::optional<severity> new_severity;
  std::optional<int> new_escalation_level;
  std::optional<int> severity_delta;  ///< negative: more severe
  std::vector<orchestrator_action> orchestrator_actions;
  std::vector<assignment_update> assignment_updates;
  std::optional<time_point> defer_until;
  std::optional<time_point> next_evaluation_at;
  applied_escalation_policy applied_policy;
  escalation_details evaluation_details;

  bool operator==(const escalation_output&) const = default;
};

template <class V>
void describe(V& v, like<escalation_output> auto& x) {
  v.required("decision", x.decision);
  v.required("reason", x.reason);
  v.optional("new_severity", x.new_severity);
  v.optional("new_escalation_level", x.new_escalation_level);
  v.optional("severity_delta", x.severity_delta);
  v.required("orchestrator_actions", x.orchestrator_actions);
  v.optional("assignment_updates", x.assignment_updates);
  v.optional("defer_until", x.defer_until);
  v.optional("next_evaluation_at", x.next_evaluation_at);
  v.required("applied_policy", x.applied_policy);
  v.required("evaluation_details", x.evaluation_details);
}

}  // namespace im
