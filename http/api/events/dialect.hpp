#pragma once
/// What the dialects of `POST /api/v1/events…` share. A translator is pure: a document in, a signal out. Where a contract
/// names a field it is strict; in free-form parts it takes what it understands and loses no signal over the rest.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/api/fields.hpp"
#include "messages/commands.hpp"
#include "messages/json/writer.hpp"

namespace im::api::events {

/// What an event that does not say so itself is taken to be.
struct reception {
  time_point received_at;
  im::environment environment = environment::production;
  std::string_view alerts_from = "alertmanager";  ///< who sent a webhook of alerts
  std::uint64_t truncated_alerts = 0;             ///< how many more its sender left out
  std::string pubsub = {};                        ///< of a message of Pub/Sub: JSON of what it says beside its data
};

using signal_result = result<cmd::ingest_signal>;

/// The category that a detector's word for its finding stands for: the first row of the table in dialect.cpp with a part of it.
[[nodiscard]] incident_category category_of(std::string_view word);

/// `production` or `prod`, …; nothing for other words.
[[nodiscard]] std::optional<environment> environment_of(std::string_view word);

/// An incident's metadata, member by member, within `limits::raw_object_bytes`. It says which fields of the event were cut
/// (`"cut"`) and which were derived because the event had no usable value (`"derived"`).
class metadata_writer {
public:
  metadata_writer() { out_.begin_object(); }
  /// A text, cut to `limits::text_chars`.
  void add(std::string_view name, std::string_view text);
  void add_if_given(std::string_view name, const std::optional<std::string>& text) {
    if (text && !text->empty()) add(name, *text);
  }
  /// A value that is JSON already. One that does not fit is left out and noted.
  void add_json(std::string_view name, std::string_view json);
  /// An object. What does not fit of it is cut and noted, member by member.
  void add_object(std::string_view name, const json::node& object);
  void note_cut(std::string_view field, std::string_view member = {}) { note(cut_, field, member); }
  void note_derived(std::string_view field) { note(derived_, field, {}); }
  [[nodiscard]] object_text take();

private:
  struct notes {
    std::vector<std::string> fields;
    std::size_t more = 0;
  };
  static void note(notes& to, std::string_view field, std::string_view member);
  void write(std::string_view name, const notes& noted);

  json::writer out_;
  notes cut_;
  notes derived_;
};

/// Reads free-form objects: what is absent or of another type counts as not given.
class loose_object {
public:
  explicit loose_object(std::optional<json::node> from) : from_{from} {}

  /// The first of these members that is a text which is not empty.
  [[nodiscard]] std::optional<std::string> text(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] std::optional<double> number(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] std::optional<json::node> object(std::initializer_list<std::string_view> names) const;
  /// Tags or labels: an object, or a list of `name:value`. What is too long is cut and noted.
  [[nodiscard]] string_map tags(std::string_view name, metadata_writer& notes) const;
  /// All members that are texts, numbers or booleans. What is too long is cut and noted under `field`.
  [[nodiscard]] string_map all_texts(std::string_view field, metadata_writer& notes) const;
  /// The members that are numbers, `limits::list_items` at most.
  [[nodiscard]] std::map<std::string, double, std::less<>> numbers() const;
  /// 0..1.
  [[nodiscard]] std::optional<double> confidence(std::initializer_list<std::string_view> names) const;
  /// `affected_resource` or `resource`; else the service, endpoint, model, deployment, tenant or host that it names.
  [[nodiscard]] std::optional<affected_resource> resource() const;

private:
  [[nodiscard]] std::optional<json::node> find(std::string_view name) const {
    return from_ ? from_->find(name) : std::nullopt;
  }

  std::optional<json::node> from_;
};

/// For the texts, lists and objects of a detector's event: they are cut later, so that no event is refused for its length.
inline constexpr json::read_bounds uncut{SIZE_MAX, SIZE_MAX, SIZE_MAX, limits::json_depth};

/// A resource that is known by one name.
[[nodiscard]] affected_resource named_resource(resource_type type, std::string_view id);

/// Bounds the texts, fills what follows from the rest (the suggested severity, the resource's name, the fingerprint), and
/// closes the metadata.
void complete(cmd::ingest_signal& signal, metadata_writer& metadata);

// ---- The dialects

/// The platform envelope. Its id is `execution_id`.
[[nodiscard]] signal_result from_platform(const json::node& event, const reception& at);

/// Any of Sentinel's three shapes. Its id is `alert_id`.
[[nodiscard]] signal_result from_sentinel(const json::node& event, const reception& at);

/// Shield's event. Its id is `event_id`.
[[nodiscard]] signal_result from_shield(const json::node& event, const reception& at);

/// One alert of Alertmanager's webhook. Its id is `fingerprint:startsAt`, with `:resolved` when it resolves; its sender repeats it while it
/// fires, byte by byte, so that its state and not its id tells what is news. Refused is only
/// what has no labels, no annotations and no fingerprint.
[[nodiscard]] signal_result from_alert(const json::node& alert, const reception& at);

/// The reception of the alerts of a webhook: Alertmanager's, version 4, or Grafana's, version 1.
[[nodiscard]] reception webhook_reception(const json::node& webhook, reception at);

/// The context attributes of a CloudEvent, wherever they came from.
struct cloudevent {
  std::optional<name_text> specversion;
  std::optional<name_text> id;
  std::optional<name_text> source;
  std::optional<name_text> type;
  std::optional<name_text> subject;
  std::optional<std::string> time;
  std::optional<any_severity> severity;  ///< an extension attribute
};

template <class V>
void describe(V& v, like<cloudevent> auto& x) {
  v.required("specversion", x.specversion);
  v.required("id", x.id);
  v.required("source", x.source);
  v.required("type", x.type);
  v.optional("subject", x.subject);
  v.optional("time", x.time);
  v.optional("severity", x.severity);
}

/// Structured mode. Its id is `source:id`.
[[nodiscard]] signal_result from_cloudevent(const json::node& event, const reception& at);

/// Binary mode: the attributes are the `ce-…` headers without that prefix, the document is the data.
[[nodiscard]] signal_result from_binary_cloudevent(const string_map& attributes, const json::node& data,
                                                   const reception& at);

/// What a payload says beyond its envelope; shared by the platform's envelope and CloudEvents. The caller completes it.
[[nodiscard]] cmd::ingest_signal from_payload(const json::node& payload, std::string_view source,
                                              std::string_view event_type, const reception& at,
                                              metadata_writer& metadata);

}  // namespace im::api::events
