/// The platform envelope: {source, event_type, execution_id, timestamp, severity, payload}. The envelope is binding, the
/// payload is each agent's own.

#include <array>

#include "http/api/events/dialect.hpp"

namespace im::api::events {

namespace {

struct envelope {
  name_text source;
  name_text event_type;
  name_text execution_id;
  time_point timestamp;
  any_severity severity;
};

template <class V>
void describe(V& v, like<envelope> auto& x) {
  v.required("source", x.source);
  v.required("event_type", x.event_type);
  v.required("execution_id", x.execution_id);
  v.required("timestamp", x.timestamp);
  v.required("severity", x.severity);
}

/// How an event's type tells what kind of signal it is; anomaly unless a row is part of it.
constexpr auto signal_parts = std::to_array<std::pair<std::string_view, signal_type>>({
    {"violation", signal_type::violation},
    {"threshold", signal_type::threshold_breach},
    {"breach", signal_type::threshold_breach},
    {"timeout", signal_type::timeout},
    {"manual", signal_type::manual},
    {"scheduled", signal_type::scheduled},
});

signal_type signal_type_of(const loose_object& payload, std::string_view event_type) {
  if (const auto given = payload.text({"signal_type", "type"}))
    if (const auto known = from_string<signal_type>(*given)) return *known;
  const auto folded = fold_word(event_type);
  for (const auto& [part, type] : signal_parts)
    if (folded.find(part) != std::string::npos) return type;
  return signal_type::anomaly;
}

incident_category category_in(const loose_object& payload, std::string_view event_type) {
  if (const auto given = payload.text({"category"}))
    if (const auto category = category_of(*given); category != incident_category::other) return category;
  return category_of(event_type);
}

}  // namespace

cmd::ingest_signal from_payload(const json::node& payload, std::string_view source, std::string_view event_type,
                                const reception& at, metadata_writer& metadata) {
  const loose_object given{payload};
  cmd::ingest_signal signal;
  signal.source = source;
  signal.timestamp = at.received_at;
  signal.external_id = given.text({"external_id", "external_incident_id"});
  signal.fingerprint = given.text({"fingerprint"}).value_or("");
  signal.category = category_in(given, event_type);
  signal.title = given.text({"title", "summary"}).value_or(std::string{event_type}.append(" from ").append(source));
  signal.description = given.text({"description", "message", "details"}).value_or("");
  signal.impact = given.text({"impact"});
  signal.resource = given.resource().value_or(named_resource(resource_type::service, source));
  signal.environment = environment_of(given.text({"environment"}).value_or("")).value_or(at.environment);
  signal.tags = given.tags("tags", metadata);
  signal.labels = given.tags("labels", metadata);
  if (!at.pubsub.empty()) metadata.add_json("pubsub", at.pubsub);
  signal.payload.type = signal_type_of(given, event_type);
  signal.payload.signal_confidence = given.confidence({"confidence", "signal_confidence"});
  if (const auto metrics = given.object({"metrics"})) signal.payload.metrics = loose_object{metrics}.numbers();
  metadata.add("event_type", event_type);
  if (const auto more = given.object({"metadata"})) metadata.add_object("metadata", *more);
  return signal;
}

signal_result from_platform(const json::node& event, const reception& at) {
  json::read_state state{json::read_bounds{}};
  envelope given;
  json::read(state, event, json::path{}, given);
  const auto payload = event.find("payload");
  if (event.is(json::kind::object)) {
    if (!payload || payload->is(json::kind::null))
      state.report(field_error::kind::required, {nullptr, "payload"}, "is required");
    else
      (void)json::expect(state, *payload, {nullptr, "payload"}, json::kind::object);
  }
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  metadata_writer metadata;
  auto signal = from_payload(*payload, given.source.value, given.event_type.value, at, metadata);
  signal.source_event_id = std::move(given.execution_id.value);
  signal.severity = given.severity.value;
  signal.timestamp = given.timestamp;
  complete(signal, metadata);
  return signal;
}

}  // namespace im::api::events
