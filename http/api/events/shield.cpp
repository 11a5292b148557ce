/// Shield's violations.

#include "http/api/events/dialect.hpp"

namespace im::api::events {

namespace {

struct shield_event {
  name_text event_id;
  name_text event_type;
  name_text source;
  std::optional<std::string> description;
  object_text metadata;
  time_point timestamp;
  any_severity severity;
};

template <class V>
void describe(V& v, like<shield_event> auto& x) {
  v.required("event_id", x.event_id);
  v.required("event_type", x.event_type);
  v.required("source", x.source);
  v.optional("description", x.description);
  v.optional("metadata", x.metadata);
  v.required("timestamp", x.timestamp);
  v.required("severity", x.severity);
}

}  // namespace

signal_result from_shield(const json::node& event, const reception& at) {
  json::read_state state{uncut};
  shield_event given;
  json::read(state, event, json::path{}, given);
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  cmd::ingest_signal signal;
  signal.source = "llm-shield";
  signal.source_event_id = given.event_id.value;
  signal.severity = given.severity.value;
  signal.category = incident_category::security;
  signal.title = given.event_type.value + " reported by " + given.source.value;
  signal.description = given.description.value_or("");
  signal.timestamp = given.timestamp;
  signal.environment = at.environment;
  signal.resource = named_resource(resource_type::service, given.source.value);
  signal.payload.type = signal_type::violation;
  metadata_writer metadata;
  metadata.add("event_type", given.event_type.value);
  metadata.add("reported_by", given.source.value);
  if (const auto found = event.find("metadata"); found && found->is(json::kind::object)) {
    const loose_object more{*found};
    if (auto resource = more.resource()) signal.resource = std::move(*resource);
    signal.environment = environment_of(more.text({"environment"}).value_or("")).value_or(at.environment);
    signal.fingerprint = more.text({"fingerprint"}).value_or("");
    signal.payload.signal_confidence = more.confidence({"confidence"});
    signal.payload.metrics = more.numbers();
    metadata.add_object("metadata", *found);
  }
  complete(signal, metadata);
  return signal;
}

}  // namespace im::api::events
