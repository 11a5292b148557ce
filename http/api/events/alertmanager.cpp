/// One alert of the Prometheus Alertmanager webhook, version 4. Labels and annotations are their owners' words, so an absent or
/// unknown severity is P3 and loses no alert.

#include <array>

#include "http/api/events/dialect.hpp"

namespace im::api::events {

namespace {

struct alert {
  std::string status;
  json::object_text labels;
  json::object_text annotations;
  time_point starts_at;
  std::optional<std::string> ends_at;  ///< `0001-01-01T00:00:00Z` while it fires, which is no time of ours
  std::optional<std::string> generator_url;
  name_text fingerprint;
};

template <class V>
void describe(V& v, like<alert> auto& x) {
  v.required("status", x.status);
  v.required("labels", x.labels);
  v.optional("annotations", x.annotations);
  v.required("startsAt", x.starts_at);
  v.optional("endsAt", x.ends_at);
  v.optional("generatorURL", x.generator_url);
  v.required("fingerprint", x.fingerprint);
}

/// What Prometheus' users write beside the platform's own words.
constexpr auto label_severities = std::to_array<std::pair<std::string_view, severity>>({
    {"page", severity::p0},
    {"emergency", severity::p0},
    {"error", severity::p1},
    {"major", severity::p1},
    {"warning", severity::p2},
    {"warn", severity::p2},
    {"minor", severity::p3},
    {"notice", severity::p4},
    {"none", severity::p4},
});

severity severity_of(const loose_object& labels) {
  const auto word = fold_word(labels.text({"severity", "priority"}).value_or(""));
  if (const auto known = severity_from_word(word)) return *known;
  for (const auto& [label, value] : label_severities)
    if (label == word) return value;
  return severity::p3;
}

affected_resource resource_of(const loose_object& labels, std::string_view alertname) {
  if (auto named = labels.resource()) return std::move(*named);
  if (const auto app = labels.text({"app", "job", "container"})) return named_resource(resource_type::service, *app);
  if (const auto at = labels.text({"instance", "node", "pod"}))
    return named_resource(resource_type::infrastructure, *at);
  return named_resource(resource_type::service, alertname);
}

incident_category category_in(const loose_object& labels, std::string_view alertname) {
  if (const auto given = labels.text({"category"}))
    if (const auto category = category_of(*given); category != incident_category::other) return category;
  return category_of(alertname);
}

}  // namespace

signal_result from_alert(const json::node& event, const reception& at) {
  json::read_state state{json::read_bounds{}};
  alert given;
  json::read(state, event, json::path{}, given);
  const bool resolved = given.status == "resolved";
  if (!resolved && given.status != "firing" && state.errors.empty())
    state.report(field_error::kind::invalid_value, {nullptr, "status"}, "must be firing or resolved");
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  const auto labels_node = *event.find("labels");
  const loose_object labels{labels_node};
  const auto annotations = event.find("annotations");
  const loose_object notes{annotations && annotations->is(json::kind::object) ? *annotations : labels_node};
  const auto alertname = labels.text({"alertname"}).value_or("Alert");

  cmd::ingest_signal signal;
  signal.source = "alertmanager";
  signal.source_event_id = given.fingerprint.value + ':' + to_string(given.starts_at) + (resolved ? ":resolved" : "");
  signal.fingerprint = given.fingerprint.value;
  signal.severity = severity_of(labels);
  signal.category = category_in(labels, alertname);
  signal.title = notes.text({"summary", "title"}).value_or(alertname);
  signal.description = notes.text({"description", "message"}).value_or("");
  signal.impact = notes.text({"impact"});
  signal.resource = resource_of(labels, alertname);
  signal.environment = environment_of(labels.text({"environment", "env"}).value_or("")).value_or(at.environment);
  signal.timestamp = resolved ? parse_time(given.ends_at.value_or("")).value_or(at.received_at) : given.starts_at;
  signal.payload.type = signal_type::threshold_breach;
  signal.labels = labels.all_texts();
  signal.resolves = resolved;
  signal.firing_since = given.starts_at;
  metadata_writer metadata;
  metadata.add("alertname", alertname);
  metadata.add_if_given("generator_url", given.generator_url);
  if (!given.annotations.empty()) metadata.add_json("annotations", given.annotations.text);
  signal.metadata = metadata.take();
  complete(signal);
  return signal;
}

}  // namespace im::api::events
