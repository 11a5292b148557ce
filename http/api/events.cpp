/// Events from every detector on the platform. Each route knows its dialect; all end as the same command.

#include <algorithm>
#include <array>

#include "http/api/events/batch.hpp"
#include "http/api/events/pubsub.hpp"
#include "http/api/events/signature.hpp"
#include "http/api/resources.hpp"
#include "http/limits.hpp"
#include "http/uri.hpp"
#include "messages/json/fault.hpp"
#include "telemetry/log.hpp"

namespace im::api {

namespace {

using namespace events;

/// What senders call a document a line.
constexpr std::array<std::string_view, 3> line_types{"application/x-ndjson", "application/ndjson", "application/jsonl"};
constexpr std::string_view cloudevents_batch = "application/cloudevents-batch+json";
constexpr std::string_view cloudevents_one = "application/cloudevents+json";

bool has_media_type(const http::request& request, std::string_view wanted) {
  return http::iequals(http::media_type(request.header("Content-Type").value_or("")), wanted);
}

constexpr auto body_events = http::limits::body_events;

/// One result for all events that are beyond the bound.
incoming beyond_bound(std::size_t count) {
  return {fail(errc::payload_too_large, "the last " + std::to_string(count) +
                                            " events were not accepted: a body holds at most " +
                                            std::to_string(body_events) + " events"),
          {}};
}

/// A batch that is not taken is refused before its events are read: whoever sends too much shall not keep others waiting.
result<batch> open_batch(const call& c, std::size_t most) {
  auto room = c.ports().incidents.admit(most);
  if (!room) return std::unexpected{std::move(room.error())};
  return batch{std::move(*room), most};
}

/// A list of events, each judged alone.
result<batch> judge_list(const call& c, const json::node& list, const intake& in, translator translate) {
  const auto count = std::min(list.size(), body_events);
  auto judged = open_batch(c, count);
  if (!judged) return judged;
  list.each_item([&](std::size_t index, json::node event) {
    if (index < count) judged->add(in.judge(event, translate(event, in.at), index));
  });
  if (list.size() > count) judged->add(beyond_bound(list.size() - count));
  return judged;
}

/// The event of a text that stands in the body at `place`.
incoming judge_text(std::string_view text, json::text_position place, const intake& in, translator translate,
                    std::size_t index) {
  const auto event = json::parse_at(text, place);
  if (!event) return {std::unexpected{event.error()}, {}};
  return in.judge(event->root(), translate(event->root(), in.at), index);
}

/// The items of a valid array that could not be read as one document, since an item names a key twice or nests too deeply.
result<batch> judge_texts(const call& c, std::string_view body, const std::vector<std::string_view>& items,
                          const intake& in, translator translate) {
  const auto count = std::min(items.size(), body_events);
  auto judged = open_batch(c, count);
  if (!judged) return judged;
  json::text_position place;
  std::size_t passed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = static_cast<std::size_t>(items[i].data() - body.data());
    place = json::behind(place, body.substr(passed, begin - passed));
    passed = begin;
    judged->add(judge_text(items[i], place, in, translate, i));
  }
  if (items.size() > count) judged->add(beyond_bound(items.size() - count));
  return judged;
}

/// A document a line; a line that is none fails alone. Blank lines are passed over.
result<batch> judge_lines(const call& c, std::string_view body, const intake& in, translator translate) {
  const auto ends = static_cast<std::size_t>(std::ranges::count(body, '\n'));
  auto judged = open_batch(c, std::min(ends + 1, body_events));
  if (!judged) return judged;
  std::size_t beyond = 0;
  for (json::text_position place; !body.empty(); ++place.line) {
    const auto end = std::min(body.find('\n'), body.size());
    auto line = http::trim(body.substr(0, end));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) place.column = static_cast<std::size_t>(line.data() - body.data()) + 1;
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.empty()) continue;
    if (judged->size() == body_events) {
      ++beyond;
      continue;
    }
    judged->add(judge_text(line, place, in, translate, judged->size()));
  }
  if (beyond > 0) judged->add(beyond_bound(beyond));
  if (judged->size() == 0) return fail(errc::malformed_body, "the body holds no event");
  return judged;
}

void submit_all(call c, result<batch> events, sent_again when = sent_again::if_all_failed) {
  if (!events) return c.fail(events.error());
  std::move(*events).submit(std::move(c), when);
}

/// One event, or a list of them.
void take_events(call c, const http::request& request, const intake& in, translator translate) {
  const auto body = json::document::parse(request.body);
  if (!body) {
    const auto text = json::without_mark(request.body);
    const auto items = json::array_items(text);
    if (!items) return c.fail(body.error());
    auto judged = judge_texts(c, text, *items, in, translate);
    return submit_all(std::move(c), std::move(judged));
  }
  const auto root = body->root();
  if (root.is(json::kind::array)) {
    auto judged = judge_list(c, root, in, translate);
    return submit_all(std::move(c), std::move(judged));
  }
  submit_one(std::move(c), in.judge(root, translate(root, in.at), std::nullopt));
}

void receive_platform(call c, const http::request& request) {
  auto in = open_intake(c, request, "events");
  if (!in) return c.fail(in.error());
  in->echoes_id = true;
  if (std::ranges::any_of(line_types, [&](auto type) { return has_media_type(request, type); })) {
    auto judged = judge_lines(c, request.body, *in, from_platform);
    return submit_all(std::move(c), std::move(judged));
  }
  take_events(std::move(c), request, *in, from_platform);
}

void receive_sentinel(call c, const http::request& request) {
  const auto in = open_intake(c, request, "sentinel");
  if (!in) return c.fail(in.error());
  if (const auto& key = c.ports().sentinel_webhook_secret; !key.empty()) {
    const auto body = json::document::parse(request.body);
    if (!body) return c.fail(body.error());
    const auto verified = verify_signature(request.body, request.header("X-Sentinel-Signature"),
                                           body->root().find_string("signature"), key.reveal());
    if (!verified) {
      log::warn(log::event::signature_refused, verified.error().message, {{"correlation_id", c.correlation_id()}});
      return c.fail(verified.error());
    }
  }
  take_events(std::move(c), request, *in, from_sentinel);
}

void receive_shield(call c, const http::request& request) {
  const auto in = open_intake(c, request, "shield");
  if (!in) return c.fail(in.error());
  take_events(std::move(c), request, *in, from_shield);
}

/// Alertmanager forgets what was answered 2xx and sends again what was answered 5xx, whatever the body says.
void receive_alertmanager(call c, const http::request& request) {
  auto in = open_intake(c, request, "alertmanager");
  if (!in) return c.fail(in.error());
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  const auto version = body->root().find_string("version");
  if (!body->has("version"))
    body->require(false, "version");
  else if (version != "4" && version != "1")
    body->reject(field_error::kind::invalid_value, "version", "must be \"4\", or Grafana's \"1\"");
  const auto alerts = body->root().find("alerts");
  body->require(body->has("alerts"), "alerts");
  if (body->has("alerts") && !alerts->is(json::kind::array))
    body->reject(field_error::kind::invalid_type, "alerts", "must be an array");
  if (const auto wrong = body->verdict()) return c.fail(*wrong);
  in->at = webhook_reception(body->root(), in->at);
  auto judged = judge_list(c, *alerts, *in, from_alert);
  submit_all(std::move(c), std::move(judged), sent_again::if_any_may_pass);
}

/// A header's value without its quotes, their escapes, and its percent-encoding (CloudEvents' HTTP binding, §3.1.3.2).
std::string attribute_of(std::string_view value) {
  std::string plain;
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      plain += value[i];
    }
  } else {
    plain = value;
  }
  return http::percent_decode(plain).value_or(plain);
}

/// The `ce-…` headers without that prefix.
string_map cloudevent_attributes(const http::request& request) {
  constexpr std::string_view prefix = "ce-";
  string_map attributes;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const auto [name, value] = request.headers.at(i);
    if (name.size() <= prefix.size() || !http::iequals(name.substr(0, prefix.size()), prefix)) continue;
    attributes.emplace(fold_word(name.substr(prefix.size())), attribute_of(value));
  }
  return attributes;
}

void receive_cloudevents(call c, const http::request& request) {
  const auto in = open_intake(c, request, "cloudevents");
  if (!in) return c.fail(in.error());
  const auto attributes = cloudevent_attributes(request);
  const bool structured = has_media_type(request, cloudevents_one) || has_media_type(request, cloudevents_batch);
  if (structured || !attributes.contains("specversion"))
    return take_events(std::move(c), request, *in, from_cloudevent);
  const auto data =
      json::document::parse(request.body.empty() ? std::string_view{"null"} : std::string_view{request.body});
  if (!data) return c.fail(data.error());
  const auto root = data->root();
  submit_one(std::move(c), in->judge(root, from_binary_cloudevent(attributes, root, in->at), std::nullopt));
}

/// Google's Pub/Sub sends again what is not answered 2xx.
void receive_pubsub(call c, const http::request& request) {
  auto in = open_intake(c, request, "pubsub");
  if (!in) return c.fail(in.error());
  const auto body = json::document::parse(request.body);
  if (!body) return c.fail(body.error());
  const auto message = open_pubsub(body->root());
  if (!message) return c.fail(message.error());
  in->at.pubsub = message->about;
  const auto root = message->data.root();
  const auto translate = translator_of(root);
  if (root.is(json::kind::array)) {
    auto judged = judge_list(c, root, *in, translate);
    return submit_all(std::move(c), std::move(judged), sent_again::if_any_may_pass);
  }
  submit_one(std::move(c), in->judge(root, translate(root, in->at), std::nullopt));
}

http::route_options batch_of(std::vector<std::string> content_types) {
  return {.max_body_bytes = limits::batch_body_bytes, .content_types = std::move(content_types)};
}

}  // namespace

void add_event_routes(route_adder& routes) {
  std::vector<std::string> taken{"application/json"};
  taken.insert(taken.end(), line_types.begin(), line_types.end());
  routes.post("/api/v1/events", receive_platform, batch_of(std::move(taken)));
  routes.post("/api/v1/events/sentinel", receive_sentinel, batch_of({"application/json"}));
  routes.post("/api/v1/events/shield", receive_shield, batch_of({"application/json"}));
  routes.post("/api/v1/events/alertmanager", receive_alertmanager, batch_of({"application/json"}));
  routes.post("/api/v1/events/pubsub", receive_pubsub, batch_of({"application/json"}));
  routes.post("/api/v1/events/cloudevents", receive_cloudevents,
              batch_of({"application/json", std::string{cloudevents_one}, std::string{cloudevents_batch}}));
}

}  // namespace im::api
