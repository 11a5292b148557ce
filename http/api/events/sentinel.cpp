/// Sentinel's three shapes: an AlertEvent holds its finding under `anomaly`, the webhook's wrapper under `data`, and a bare
/// AnomalyEvent is it.

#include "http/api/events/dialect.hpp"

namespace im::api::events {

namespace {

struct anomaly_details {
  std::optional<std::string> metric;
  std::optional<double> value;
  std::optional<double> baseline;
  std::optional<double> threshold;
  std::optional<double> deviation_sigma;
};

template <class V>
void describe(V& v, like<anomaly_details> auto& x) {
  v.optional("metric", x.metric);
  v.optional("value", x.value);
  v.optional("baseline", x.baseline);
  v.optional("threshold", x.threshold);
  v.optional("deviation_sigma", x.deviation_sigma);
}

/// What is kept of the context: neither trace ids nor users.
struct anomaly_context {
  std::optional<std::string> region;
  any_json time_window;
  any_json sample_count;
};

template <class V>
void describe(V& v, like<anomaly_context> auto& x) {
  v.optional("region", x.region);
  v.optional("time_window", x.time_window);
  v.optional("sample_count", x.sample_count);
}

/// Sentinel writes a custom type as `{"custom": "name"}`.
struct anomaly_word {
  std::string value;
};

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, anomaly_word& to) {
  if (!from.is(json::kind::object) || from.size() != 1)
    return read_bounded(state, from, where, to.value, limits::name_chars);
  from.each_member([&](std::string_view key, json::node value) {
    to.value = clip(value.as_string().value_or(key), limits::name_chars);
  });
}

/// What an AlertEvent says of itself counts more than what its anomaly says, so here all may be absent.
struct anomaly_event {
  std::optional<name_text> alert_id;
  std::optional<time_point> timestamp;
  std::optional<any_severity> severity;
  std::optional<anomaly_word> anomaly_type;
  std::optional<std::string> service_name;
  std::optional<std::string> model;
  std::optional<std::string> detection_method;
  std::optional<fraction> confidence;
  anomaly_details details;
  anomaly_context context;
  any_json root_cause;
  any_json remediation;
  any_json related_alerts;
  std::optional<std::string> runbook_url;
};

template <class V>
void describe(V& v, like<anomaly_event> auto& x) {
  v.optional("alert_id", x.alert_id);
  v.optional("timestamp", x.timestamp);
  v.optional("severity", x.severity);
  v.required("anomaly_type", x.anomaly_type);
  v.optional("service_name", x.service_name);
  v.optional("model", x.model);
  v.optional("detection_method", x.detection_method);
  v.optional("confidence", x.confidence);
  v.optional("details", x.details);
  v.optional("context", x.context);
  v.optional("root_cause", x.root_cause);
  v.optional("remediation", x.remediation);
  v.optional("related_alerts", x.related_alerts);
  v.optional("runbook_url", x.runbook_url);
}

struct alert_event {
  std::optional<name_text> alert_id;
  std::optional<time_point> timestamp;
  std::optional<any_severity> severity;
  std::optional<std::string> title;
  std::optional<std::string> description;
  std::optional<std::string> service_name;
  std::optional<std::string> model;
  anomaly_event anomaly;
};

template <class V>
void describe(V& v, like<alert_event> auto& x) {
  v.optional("alert_id", x.alert_id);
  v.optional("timestamp", x.timestamp);
  v.optional("severity", x.severity);
  v.optional("title", x.title);
  v.optional("description", x.description);
  v.optional("service_name", x.service_name);
  v.optional("model", x.model);
  v.required("anomaly", x.anomaly);
}

template <class T>
void fall_back(std::optional<T>& field, std::optional<T>& other) {
  if (!field) field = std::move(other);
}

/// One shape for all three: an alert, whose own fields are those of its anomaly where it has none.
alert_event read_alert(json::read_state& state, const json::node& event, const json::path& where) {
  alert_event alert;
  const auto anomaly = event.find("anomaly");
  if (anomaly && anomaly->is(json::kind::object))
    json::read(state, event, where, alert);
  else
    json::read(state, event, where, alert.anomaly);
  auto& inner = alert.anomaly;
  fall_back(alert.alert_id, inner.alert_id);
  fall_back(alert.timestamp, inner.timestamp);
  fall_back(alert.severity, inner.severity);
  fall_back(alert.service_name, inner.service_name);
  fall_back(alert.model, inner.model);
  if (!event.is(json::kind::object)) return alert;
  const auto require = [&](bool given, std::string_view name) {
    if (!given) state.report(field_error::kind::required, {&where, name}, "is required");
  };
  require(alert.alert_id.has_value(), "alert_id");
  require(alert.timestamp.has_value(), "timestamp");
  require(alert.severity.has_value(), "severity");
  return alert;
}

std::string title_of(const alert_event& alert) {
  if (alert.title && !alert.title->empty()) return *alert.title;
  std::string title = alert.anomaly.anomaly_type->value;
  if (alert.anomaly.details.metric) title.append(" of ").append(*alert.anomaly.details.metric);
  if (alert.service_name) title.append(" on ").append(*alert.service_name);
  if (alert.model) title.append(" (").append(*alert.model).append(")");
  return title;
}

affected_resource resource_of(const alert_event& alert) {
  if (!alert.service_name || alert.service_name->empty())
    return named_resource(alert.model ? resource_type::model : resource_type::service, alert.model.value_or("unknown"));
  auto resource = named_resource(resource_type::service, *alert.service_name);
  if (alert.model) {
    metadata_writer metadata;
    metadata.add_if_given("model", alert.model);
    resource.metadata = metadata.take();
  }
  return resource;
}

signal_payload payload_of(const anomaly_event& anomaly) {
  signal_payload payload;
  payload.type = signal_type::anomaly;
  if (anomaly.confidence) payload.signal_confidence = anomaly.confidence->value;
  const auto& d = anomaly.details;
  const auto take = [&](std::string_view name, const std::optional<double>& value) {
    if (value) payload.metrics.emplace(clip(name, limits::name_chars), *value);
  };
  take(d.metric ? std::string_view{*d.metric} : "value", d.value);
  take("baseline", d.baseline);
  take("threshold", d.threshold);
  take("deviation_sigma", d.deviation_sigma);
  return payload;
}

void describe_anomaly(const anomaly_event& anomaly, metadata_writer& metadata) {
  metadata.add("anomaly_type", anomaly.anomaly_type->value);
  metadata.add_if_given("detection_method", anomaly.detection_method);
  metadata.add_if_given("region", anomaly.context.region);
  metadata.add_if_given("runbook_url", anomaly.runbook_url);
  const auto add = [&](std::string_view name, const any_json& value) {
    if (!value.empty()) metadata.add_json(name, value.text);
  };
  add("time_window", anomaly.context.time_window);
  add("sample_count", anomaly.context.sample_count);
  add("root_cause", anomaly.root_cause);
  add("remediation", anomaly.remediation);
  add("related_alerts", anomaly.related_alerts);
}

}  // namespace

signal_result from_sentinel(const json::node& event, const reception& at) {
  json::read_state state{uncut};
  const json::path top{};
  const auto data = event.find("data");
  const bool wrapped = data && data->is(json::kind::object);
  const auto alert = wrapped ? read_alert(state, *data, {&top, "data"}) : read_alert(state, event, top);
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  cmd::ingest_signal signal;
  signal.source = "llm-sentinel";
  signal.source_event_id = alert.alert_id->value;
  signal.severity = alert.severity->value;
  signal.category = category_of(alert.anomaly.anomaly_type->value);
  signal.title = title_of(alert);
  signal.description = alert.description.value_or("");
  signal.resource = resource_of(alert);
  signal.environment = at.environment;
  signal.timestamp = *alert.timestamp;
  signal.payload = payload_of(alert.anomaly);
  metadata_writer metadata;
  signal.tags = loose_object{wrapped ? *data : event}.tags("tags", metadata);
  describe_anomaly(alert.anomaly, metadata);
  complete(signal, metadata);
  return signal;
}

}  // namespace im::api::events
