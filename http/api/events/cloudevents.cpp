/// CloudEvents 1.0. The data is a platform payload with its `severity` (which may be an extension attribute instead), or a
/// whole platform envelope; the CloudEvent's own id counts.

#include "http/api/events/base64.hpp"
#include "http/api/events/dialect.hpp"
#include "http/uri.hpp"

namespace im::api::events {

namespace {

using field_kind = field_error::kind;

/// A URI has colons of its own; the id's are encoded, so that the two never run together.
std::string event_id_of(const cloudevent& event) {
  return event.source->value + ':' + http::percent_encode(event.id->value);
}

/// The envelope inside the data, or the data itself.
json::node payload_in(const json::node& data, std::string_view& source, std::string_view& event_type) {
  const auto payload = data.find("payload");
  const auto inner_type = data.find_string("event_type");
  if (!payload || !payload->is(json::kind::object) || !inner_type || inner_type->empty()) return data;
  event_type = *inner_type;
  if (const auto inner_source = data.find_string("source"); inner_source && !inner_source->empty())
    source = *inner_source;
  return *payload;
}

signal_result translate(json::read_state& state, const cloudevent& event, const std::optional<json::node>& data,
                        const reception& at) {
  if (event.specversion && event.specversion->value != "1.0" && !event.specversion->value.empty())
    state.report(field_kind::invalid_value, {nullptr, "specversion"}, "must be 1.0");
  const auto time = event.time ? parse_time(*event.time) : std::nullopt;
  if (event.time && !time) state.report(field_kind::invalid_value, {nullptr, "time"}, "must be an RFC 3339 time");
  const json::path in_data{nullptr, "data"};
  auto severity = event.severity;
  if (!data || data->is(json::kind::null))
    state.report(field_kind::required, in_data, "is required");
  else if (json::expect(state, *data, in_data, json::kind::object)) {
    if (const auto own = data->find("severity"); own && !own->is(json::kind::null))
      json::read(state, *own, {&in_data, "severity"}, severity);
    else if (!severity)
      state.report(field_kind::required, {&in_data, "severity"}, "is required");
  }
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};

  std::string_view source = event.source->value;
  std::string_view event_type = event.type->value;
  const auto payload = payload_in(*data, source, event_type);
  metadata_writer metadata;
  auto signal = from_payload(payload, source, event_type, at, metadata);
  if (event.subject && !loose_object{payload}.resource())
    signal.resource = named_resource(resource_type::service, event.subject->value);
  signal.source_event_id = event_id_of(event);
  signal.severity = severity->value;
  signal.timestamp = time.value_or(at.received_at);
  complete(signal, metadata);
  return signal;
}

}  // namespace

signal_result from_cloudevent(const json::node& event, const reception& at) {
  json::read_state state{json::read_bounds{}};
  cloudevent given;
  json::read(state, event, json::path{}, given);
  if (!event.is(json::kind::object)) return std::unexpected{json::validation_error(std::move(state.errors))};
  const auto wrapped = event.find_string("data_base64");
  if (!wrapped) return translate(state, given, event.find("data"), at);
  const auto data = unwrap_base64(*wrapped);
  if (!data) {
    state.report(field_kind::invalid_value, {nullptr, "data_base64"}, "must be base64 of JSON or of a text");
    return std::unexpected{json::validation_error(std::move(state.errors))};
  }
  return translate(state, given, data->root(), at);
}

signal_result from_binary_cloudevent(const string_map& attributes, const json::node& data, const reception& at) {
  // The attributes as the object that structured mode has, so that one description reads both.
  const auto as_json = json::document::parse(json::encode(attributes));
  if (!as_json) return std::unexpected{as_json.error()};
  json::read_state state{json::read_bounds{}};
  cloudevent given;
  json::read(state, as_json->root(), json::path{}, given);
  return translate(state, given, data, at);
}

}  // namespace im::api::events
