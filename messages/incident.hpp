#pragma once
/// An incident as the API returns it.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "messages/enums.hpp"
#include "messages/ids.hpp"
#include "messages/json/text.hpp"
#include "messages/shared_value.hpp"
#include "messages/time.hpp"

namespace im {

using string_map = std::map<std::string, std::string, std::less<>>;

/// A free-form JSON object that no decision reads.
using json::object_text;

struct affected_resource {
  resource_type type = resource_type::service;
  std::string id;
  std::string name;
  object_text metadata;

  bool operator==(const affected_resource&) const = default;
};

template <class V>
void describe(V& v, like<affected_resource> auto& x) {
  v.required("type", x.type);
  v.required("id", x.id);
  v.optional("name", x.name);
  v.optional("metadata", x.metadata);
}

struct sla_state {
  std::optional<time_point> acknowledgment_deadline;
  std::optional<time_point> resolution_deadline;
  bool acknowledgment_breached = false;
  bool resolution_breached = false;

  bool operator==(const sla_state&) const = default;
};

template <class V>
void describe(V& v, like<sla_state> auto& x) {
  v.optional("acknowledgment_deadline", x.acknowledgment_deadline);
  v.optional("resolution_deadline", x.resolution_deadline);
  v.optional("acknowledgment_breached", x.acknowledgment_breached);
  v.optional("resolution_breached", x.resolution_breached);
}

struct resolution_record {
  std::string root_cause;
  std::string resolution_notes;
  std::string resolved_by;
  std::optional<std::string> playbook_used;
  std::vector<std::string> actions_taken;

  bool operator==(const resolution_record&) const = default;
};

template <class V>
void describe(V& v, like<resolution_record> auto& x) {
  v.optional("root_cause", x.root_cause);
  v.optional("resolution_notes", x.resolution_notes);
  v.required("resolved_by", x.resolved_by);
  v.optional("playbook_used", x.playbook_used);
  v.optional("actions_taken", x.actions_taken);
}

/// Mean times of one incident, in seconds; absent until they can be known.
struct incident_metrics {
  std::optional<double> mttd;  ///< from the first signal's own timestamp to our opening
  std::optional<double> mtta;  ///< from opening to acknowledgment
  std::optional<double> mttr;  ///< from opening to resolution

  bool operator==(const incident_metrics&) const = default;
};

template <class V>
void describe(V& v, like<incident_metrics> auto& x) {
  v.optional("mttd", x.mttd);
  v.optional("mtta", x.mtta);
  v.optional("mttr", x.mttr);
}

struct incident {
  incident_id id;
  std::optional<std::string> external_id;
  std::string fingerprint;
  im::severity severity = severity::p4;
  incident_status status = incident_status::fresh;
  incident_category category = incident_category::other;
  im::environment environment = environment::production;
  int escalation_level = 0;
  std::string title;
  std::string description;
  std::optional<std::string> impact;
  std::string source;
  std::optional<std::string> source_event_id;
  std::optional<std::string> assigned_to;
  std::optional<std::string> assigned_team;
  time_point created_at;
  time_point updated_at;
  std::optional<time_point> acknowledged_at;
  std::optional<time_point> resolved_at;
  std::optional<time_point> closed_at;
  sla_state sla;
  std::vector<incident_id> related_incidents;
  std::optional<incident_id> parent_incident;
  std::optional<incident_id> duplicate_of;
  incident_metrics metrics;
  affected_resource resource;
  shared_value<string_map> tags;
  shared_value<string_map> labels;
  std::optional<shared_value<resolution_record>> resolution;
  object_text metadata;
  std::uint64_t sequence = 0;     ///< of its last DecisionEvent
  std::uint64_t event_count = 0;  ///< signals that it covers, the opening one included

  bool operator==(const incident&) const = default;
};

template <class V>
void describe(V& v, like<incident> auto& x) {
  v.required("id", x.id);
  v.optional("external_id", x.external_id);
  v.required("fingerprint", x.fingerprint);
  v.required("severity", x.severity);
  v.required("status", x.status);
  v.required("category", x.category);
  v.required("title", x.title);
  v.required("description", x.description);
  v.optional("impact", x.impact);
  v.required("source", x.source);
  v.optional("source_event_id", x.source_event_id);
  v.optional("assigned_to", x.assigned_to);
  v.optional("assigned_team", x.assigned_team);
  v.required("escalation_level", x.escalation_level);
  v.required("created_at", x.created_at);
  v.required("updated_at", x.updated_at);
  v.optional("acknowledged_at", x.acknowledged_at);
  v.optional("resolved_at", x.resolved_at);
  v.optional("closed_at", x.closed_at);
  v.required("sla", x.sla);
  v.required("related_incidents", x.related_incidents);
  v.optional("parent_incident", x.parent_incident);
  v.optional("duplicate_of", x.duplicate_of);
  v.required("metrics", x.metrics);
  v.required("resource", x.resource);
  v.required("environment", x.environment);
  v.required("tags", x.tags);
  v.required("labels", x.labels);
  v.optional("resolution", x.resolution);
  v.required("metadata", x.metadata);
  v.required("sequence", x.sequence);
  v.required("event_count", x.event_count);
}

/// The fingerprint of what gave none: SHA-256 over source, category, resource and title.
[[nodiscard]] std::string derive_fingerprint(std::string_view source, incident_category category,
                                             const affected_resource& resource, std::string_view title);

}  // namespace im
