#pragma once
/// Input and output of the post-mortem agent, schema version 1.2.0 of the platform's contracts.
/// Every sentence is backed by a recorded fact; what the record does not say is `unknown`.

#include <optional>
#include <string>
#include <vector>

#include "messages/actions.hpp"
#include "messages/escalation.hpp"
#include "messages/incident.hpp"

namespace im {

struct timeline_entry {
  time_point timestamp;
  timeline_type type = timeline_type::decision;
  std::string description;
  std::string actor;
  std::optional<im::actor_type> actor_type;
  std::optional<double> gap_to_next_seconds;
  std::optional<std::string> annotation;

  bool operator==(const timeline_entry&) const = default;
};

template <class V>
void describe(V& v, like<timeline_entry> auto& x) {
  v.required("timestamp", x.timestamp);
  v.required("type", x.type);
  v.required("description", x.description);
  v.required("actor", x.actor);
  v.optional("actor_type", x.actor_type);
  v.optional("gap_to_next_seconds", x.gap_to_next_seconds);
  v.optional("annotation", x.annotation);
}

/// The full input form; from our own log it is filled by `logic::postmortem_story`.
struct postmortem_input {
  im::incident_id incident_id;
  std::string title;
  std::string description;
  im::severity severity = severity::p4;
  im::severity peak_severity = severity::p4;
  incident_status status = incident_status::resolved;
  time_point incident_created_at;
  time_point incident_resolved_at;
  double duration_seconds = 0;
  double time_to_resolve_seconds = 0;
  std::optional<incident_category> category;
  std::optional<im::environment> environment;
  std::optional<affected_resource> resource;
  std::optional<time_point> incident_closed_at;
  std::optional<double> time_to_detect_seconds;
  std::optional<double> time_to_acknowledge_seconds;
  std::optional<double> time_to_mitigate_seconds;
  std::vector<timeline_entry> timeline_events;
  std::vector<escalation_history_entry> escalation_history;
  std::optional<int> max_escalation_level;
  std::optional<std::string> resolution_summary;
  std::vector<std::string> resolution_actions;
  std::optional<std::string> resolved_by;
  std::optional<std::string> root_cause;  ///< ours: the words of whoever resolved it
  std::optional<sla_state> sla;           ///< ours
  std::optional<std::string> impact;      ///< ours

  bool operator==(const postmortem_input&) const = default;
};

template <class V>
void describe(V& v, like<postmortem_input> auto& x) {
  v.required("incident_id", x.incident_id);
  v.required("title", x.title);
  v.required("description", x.description);
  v.required("severity", x.severity);
  v.required("peak_severity", x.peak_severity);
  v.required("status", x.status);
  v.required("incident_created_at", x.incident_created_at);
  v.required("incident_resolved_at", x.incident_resolved_at);
  v.required("duration_seconds", x.duration_seconds);
  v.required("time_to_resolve_seconds", x.time_to_resolve_seconds);
  v.optional("category", x.category);
  v.optional("environment", x.environment);
  v.optional("affected_resource", x.resource);
  v.optional("incident_closed_at", x.incident_closed_at);
  v.optional("time_to_detect_seconds", x.time_to_detect_seconds);
  v.optional("time_to_acknowledge_seconds", x.time_to_acknowledge_seconds);
  v.optional("time_to_mitigate_seconds", x.time_to_mitigate_seconds);
  v.optional("timeline_events", x.timeline_events);
  v.optional("escalation_history", x.escalation_history);
  v.optional("max_escalation_level", x.max_escalation_level);
  v.optional("resolution_summary", x.resolution_summary);
  v.optional("resolution_actions", x.resolution_actions);
  v.optional("resolved_by", x.resolved_by);
  v.optional("root_cause", x.root_cause);
  v.optional("sla", x.sla);
  v.optional("impact", x.impact);
}

struct key_moment {
  time_point timestamp;
  std::string label;
  std::string significance;

  bool operator==(const key_moment&) const = default;
};

template <class V>
void describe(V& v, like<key_moment> auto& x) {
  v.required("timestamp", x.timestamp);
  v.required("label", x.label);
  v.required("significance", x.significance);
}

struct root_cause {
  root_cause_category category = root_cause_category::unknown;
  std::string description;
  std::vector<std::string> contributing_factors;
  bool preventable = false;
  std::optional<std::string> detection_gap;

  bool operator==(const root_cause&) const = default;
};

template <class V>
void describe(V& v, like<root_cause> auto& x) {
  v.required("category", x.category);
  v.required("description", x.description);
  v.required("contributing_factors", x.contributing_factors);
  v.required("preventable", x.preventable);
  v.optional("detection_gap", x.detection_gap);
}

struct postmortem_impact {
  std::string scope;  ///< an `impact_scope` word, or `unknown` when the record does not say
  std::vector<std::string> services_affected;
  std::optional<double> users_affected_estimate;
  std::optional<double> user_impact_duration_seconds;
  std::optional<double> revenue_impact_estimate;
  std::optional<std::string> sla_impact;
  std::optional<std::string> data_impact;

  bool operator==(const postmortem_impact&) const = default;
};

template <class V>
void describe(V& v, like<postmortem_impact> auto& x) {
  v.required("scope", x.scope);
  v.required("services_affected", x.services_affected);
  v.optional("users_affected_estimate", x.users_affected_estimate);
  v.optional("user_impact_duration_seconds", x.user_impact_duration_seconds);
  v.optional("revenue_impact_estimate", x.revenue_impact_estimate);
  v.optional("sla_impact", x.sla_impact);
  v.optional("data_impact", x.data_impact);
}

struct postmortem_resolution {
  std::string approach;
  im::resolution_type resolution_type = resolution_type::unknown;
  im::effectiveness effectiveness = effectiveness::unknown;
  std::vector<std::string> remaining_risks;
  bool follow_up_required = false;

  bool operator==(const postmortem_resolution&) const = default;
};

template <class V>
void describe(V& v, like<postmortem_resolution> auto& x) {
  v.required("approach", x.approach);
  v.required("resolution_type", x.resolution_type);
  v.required("effectiveness", x.effectiveness);
  v.required("remaining_risks", x.remaining_risks);
  v.required("follow_up_required", x.follow_up_required);
}

struct action_item {
  std::string id;
  std::string title;
  std::string description;
  action_item_priority priority = action_item_priority::medium;
  action_item_status status = action_item_status::open;
  std::optional<std::string> assigned_to;
  std::optional<time_point> due_date;
  action_item_category category = action_item_category::process;

  bool operator==(const action_item&) const = default;
};

template <class V>
void describe(V& v, like<action_item> auto& x) {
  v.required("id", x.id);
  v.required("title", x.title);
  v.required("description", x.description);
  v.required("priority", x.priority);
  v.required("status", x.status);
  v.optional("assigned_to", x.assigned_to);
  v.optional("due_date", x.due_date);
  v.required("category", x.category);
}

struct postmortem_output {
  im::postmortem_id postmortem_id;
  im::incident_id incident_id;  ///< ours
  postmortem_status status = postmortem_status::draft;
  std::string summary;
  std::vector<timeline_entry> timeline;
  std::vector<key_moment> key_moments;
  im::root_cause root_cause;
  postmortem_impact impact;
  postmortem_resolution resolution;
  std::vector<action_item> action_items;
  std::vector<orchestrator_action> orchestrator_actions;
  std::vector<std::string> what_went_well;
  std::vector<std::string> what_could_be_improved;
  std::vector<std::string> lessons_learned;

  bool operator==(const postmortem_output&) const = default;
};

template <class V>
void describe(V& v, like<postmortem_output> auto& x) {
  v.required("postmortem_id", x.postmortem_id);
  v.required("incident_id", x.incident_id);
  v.required("status", x.status);
  v.required("summary", x.summary);
  v.required("timeline", x.timeline);
  v.required("key_moments", x.key_moments);
  v.required("root_cause", x.root_cause);
  v.required("impact", x.impact);
  v.required("resolution", x.resolution);
  v.required("action_items", x.action_items);
  v.required("orchestrator_actions", x.orchestrator_actions);
  v.required("what_went_well", x.what_went_well);
  v.required("what_could_be_improved", x.what_could_be_improved);
  v.required("lessons_learned", x.lessons_learned);
}

}  // namespace im
