/// One alert of the Prometheus Alertmanager webhook, version 4. Its sender reads the status alone and keeps no alert that was refused.
/// So no alert is refused for its form: what is too long is cut, what is missing is derived, an absent or unknown severity is P3.

#include <algorithm>
#include <array>

#include "http/api/events/dialect.hpp"
#include "http/limits.hpp"
#include "messages/hash.hpp"

namespace im::api::events {

namespace {

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

/// A moment that can be meant: not the zero of Go's or of Unix' time, and not far ahead of our clock.
std::optional<time_point> moment(const loose_object& alert, std::string_view name, const reception& at) {
  const auto given = parse_time(alert.text({name}).value_or(""));
  const bool plausible = given && *given > first_time && *given <= at.received_at + http::limits::event_ahead;
  return plausible ? given : std::nullopt;
}

/// The fingerprint that Alertmanager computes of these labels (prometheus/common, model/signature.go, LabelsToSignature): FNV-1a,
/// 64 bits, over the sorted names and values, each followed by 0xFF.
std::string signature_of(const json::node& labels) {
  std::vector<std::pair<std::string_view, std::string_view>> sorted;
  labels.each_member([&](std::string_view name, json::node value) {
    sorted.emplace_back(name, value.as_string().value_or(std::string_view{}));
  });
  std::ranges::sort(sorted);
  std::uint64_t hash = 0xcbf29ce484222325U;
  const auto mix = [&](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    hash = (hash ^ 0xffU) * 0x100000001b3U;
  };
  for (const auto& [name, value] : sorted) {
    mix(name);
    mix(value);
  }
  std::string text(16, '0');
  for (auto at = text.rbegin(); at != text.rend(); ++at, hash >>= 4U) *at = "0123456789abcdef"[hash & 15U];
  return text;
}

std::string fingerprint_of(const loose_object& alert, metadata_writer& notes) {
  const auto given = alert.text({"fingerprint"});
  if (given && given->size() <= limits::name_chars && is_name(*given)) return *given;
  notes.note_derived("fingerprint");
  if (given) return "sha256:" + sha256_hex(*given);
  if (const auto labels = alert.object({"labels"}); labels && labels->size() > 0) return signature_of(*labels);
  const auto annotations = alert.object({"annotations"});
  return "sha256:" + sha256_hex(annotations ? annotations->canonical() : std::string{"{}"});
}

bool is_resolved(const loose_object& alert, metadata_writer& notes) {
  const auto status = fold_word(alert.text({"status"}).value_or(""));
  if (status != "firing" && status != "resolved") notes.note_derived("status");
  return status == "resolved";
}

/// Why this is no alert.
std::optional<error> refusal(const json::node& event, const loose_object& alert) {
  json::read_state state{json::read_bounds{}};
  if (json::expect(state, event, json::path{}, json::kind::object) && !alert.object({"labels", "annotations"}) &&
      !alert.text({"fingerprint"}))
    state.report(field_error::kind::required, {nullptr, "labels"}, "is required");
  if (state.errors.empty()) return std::nullopt;
  return json::validation_error(std::move(state.errors));
}

}  // namespace

reception webhook_reception(const json::node& webhook, reception at) {
  if (webhook.find_string("version") == "1") at.alerts_from = "grafana";
  const auto truncated = webhook.find("truncatedAlerts");
  at.truncated_alerts =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, truncated ? truncated->as_int().value_or(0) : 0));
  return at;
}

signal_result from_alert(const json::node& event, const reception& at) {
  const loose_object alert{event};
  if (auto wrong = refusal(event, alert)) return std::unexpected{std::move(*wrong)};
  const loose_object labels{alert.object({"labels"})};
  const auto annotations = alert.object({"annotations"});
  const loose_object notes{annotations};
  const auto alertname = labels.text({"alertname"}).value_or("Alert");

  metadata_writer metadata;
  const bool resolved = is_resolved(alert, metadata);
  const auto starts_at = moment(alert, "startsAt", at);
  if (!starts_at) metadata.note_derived("startsAt");
  const auto started = starts_at.value_or(at.received_at);
  cmd::ingest_signal signal;
  signal.source = at.alerts_from;
  signal.fingerprint = fingerprint_of(alert, metadata);
  signal.source_event_id = signal.fingerprint + ':' + to_string(started) + (resolved ? ":resolved" : "");
  signal.severity = severity_of(labels);
  signal.category = category_in(labels, alertname);
  signal.title = notes.text({"summary", "title"}).value_or(alertname);
  signal.description = notes.text({"description", "message"}).value_or("");
  signal.impact = notes.text({"impact"});
  signal.resource = resource_of(labels, alertname);
  signal.environment = environment_of(labels.text({"environment", "env"}).value_or("")).value_or(at.environment);
  signal.timestamp = resolved ? moment(alert, "endsAt", at).value_or(at.received_at) : started;
  signal.payload.type = signal_type::threshold_breach;
  signal.labels = labels.all_texts("labels", metadata);
  signal.resolves = resolved;
  signal.firing_since = started;
  metadata.add("alertname", alertname);
  metadata.add_if_given("generator_url", alert.text({"generatorURL"}));
  metadata.add_if_given("silence_url", alert.text({"silenceURL"}));
  metadata.add_if_given("dashboard_url", alert.text({"dashboardURL"}));
  metadata.add_if_given("panel_url", alert.text({"panelURL"}));
  metadata.add_if_given("value_string", alert.text({"valueString"}));
  if (const auto values = alert.object({"values"}); values && values->size() > 0)
    metadata.add_object("values", *values);
  if (at.truncated_alerts > 0) metadata.add_json("truncated_alerts", std::to_string(at.truncated_alerts));
  if (annotations && annotations->size() > 0) metadata.add_object("annotations", *annotations);
  complete(signal, metadata);
  return signal;
}

}  // namespace im::api::events
