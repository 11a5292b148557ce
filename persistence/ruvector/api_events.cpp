#include "messages/json/codec.hpp"
#include "messages/store_pages.hpp"
#include "persistence/ruvector/api.hpp"
#include "persistence/ruvector/api_params.hpp"
#include "persistence/ruvector/event_reader.hpp"

namespace im::ruvector {

namespace {

struct query_body {
  std::optional<std::string> agent_id;
  std::optional<im::decision_type> decision_type;
  std::optional<im::incident_id> incident_id;
  std::optional<time_point> from_timestamp;
  std::optional<time_point> to_timestamp;
  std::int64_t limit = static_cast<std::int64_t>(limits::page_default);
  std::int64_t offset = 0;
  std::optional<std::string> cursor;
};

template <class V>
void describe(V& v, like<query_body> auto& x) {
  v.optional("agent_id", x.agent_id);
  v.optional("decision_type", x.decision_type);
  v.optional("incident_id", x.incident_id);
  v.optional("from_timestamp", x.from_timestamp);
  v.optional("to_timestamp", x.to_timestamp);
  v.optional("limit", x.limit);
  v.optional("offset", x.offset);
  v.optional("cursor", x.cursor);
}

void write_texts(json::writer& out, std::string_view name, const std::vector<std::string>& documents) {
  out.key(name);
  out.begin_array();
  for (const auto& document : documents) out.raw(document);
  out.end_array();
}

template <class N>
void write_number(json::writer& out, std::string_view name, N value) {
  out.key(name);
  out.number(value);
}

/// A query, and whether it asks for cursors: with an empty one for its first page.
struct asked_query {
  event_query what;
  bool by_cursor = false;
};

result<asked_query> read_query(std::string_view body) {
  const auto doc = json::document::parse(body, im::limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  json::read_state state{json::read_bounds{}};
  query_body in;
  json::read(state, doc->root(), json::path{}, in);
  const json::path root{};
  if (in.limit < 1 || in.limit > static_cast<std::int64_t>(limits::page_max))
    state.report(field_error::kind::invalid_value, {&root, "limit"},
                 "must be from 1 to " + std::to_string(limits::page_max));
  if (in.offset < 0 || in.offset > static_cast<std::int64_t>(limits::query_offset))
    state.report(
        field_error::kind::invalid_value, {&root, "offset"},
        "must be from 0 to " + std::to_string(limits::query_offset) + "; further on, use cursor or a time range");
  const auto after = in.cursor && !in.cursor->empty() ? event_cursor::parse(*in.cursor) : std::nullopt;
  if (in.cursor && !in.cursor->empty() && !after)
    state.report(field_error::kind::invalid_value, {&root, "cursor"}, "is no cursor of a page given here");
  if (in.cursor && in.offset != 0)
    state.report(field_error::kind::invalid_value, {&root, "offset"}, "must be 0 with a cursor");
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  return asked_query{{in.agent_id, in.decision_type, in.incident_id, in.from_timestamp, in.to_timestamp,
                      static_cast<std::size_t>(in.limit), static_cast<std::size_t>(in.offset), after},
                     in.cursor.has_value()};
}

http::response single_reply(const append_result& r) {
  json::writer out;
  out.begin_object();
  out.key("id");
  json::write(out, r.id);
  if (r.outcome == append_outcome::created) {
    out.end_object();
    return json_reply(out.take(), http::status::created);
  }
  if (r.identical) {
    out.key("duplicate");
    out.boolean(true);
    out.end_object();
    return json_reply(out.take());
  }
  const auto* why = r.request       ? "a request that it covers has led to another DecisionEvent"
                    : r.incident_id ? "an incident is open for this fingerprint"
                    : r.head        ? "its sequence is not the next of the incident's log, or its id is taken"
                                    : "a DecisionEvent with this id and other content is stored";
  return error_reply({errc::conflict, why}, json::encode(r));
}

}  // namespace

void api::post_event(http::request&& req, http::responder&& answer) {
  auto event = read_event(req.body);
  if (!event) return answer(error_reply(event.error()));
  std::vector<new_event> one;
  one.push_back(std::move(*event));
  store_.append(std::move(one), [answer = std::move(answer)](result<std::vector<append_result>> results) mutable {
    answer(results ? single_reply(results->front()) : error_reply(results.error()));
  });
}

void api::post_batch(http::request&& req, http::responder&& answer) {
  auto events = read_events(req.body);
  if (!events) return answer(error_reply(events.error()));
  store_.append(std::move(*events), [answer = std::move(answer)](result<std::vector<append_result>> results) mutable {
    if (!results) return answer(error_reply(results.error()));
    json::writer out;
    out.begin_object();
    out.key("results");
    json::write(out, *results);
    out.end_object();
    answer(json_reply(out.take()));
  });
}

void api::get_event(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<event_id>("id");
  if (in.failed()) return answer(error_reply(in.take_error()));
  later_text(std::move(answer), [this, id] { return store_.event(id); });
}

void api::post_query(http::request&& req, http::responder&& answer) {
  auto query = read_query(req.body);
  if (!query) return answer(error_reply(query.error()));
  later_list(std::move(answer), [this, query = std::move(query->what), by_cursor = query->by_cursor] {
    const auto page = store_.query(query);
    if (!page) return error_reply(page.error());
    json::writer out;
    out.begin_object();
    write_texts(out, "events", page->events);
    write_number(out, "total", page->total);
    write_number(out, "limit", query.limit);
    write_number(out, "offset", query.offset);
    if (page->has_more_than_total) {
      out.key("total_is_bound");
      out.boolean(true);
    }
    if (by_cursor && page->next_cursor) {
      out.key("next_cursor");
      out.string(*page->next_cursor);
    }
    out.end_object();
    return json_reply(out.take());
  });
}

void api::get_log(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<incident_id>("id");
  const auto after = in.number("after", 0, 0, INT64_MAX);
  const auto limit = in.limit(limits::log_page_events);
  if (in.failed()) return answer(error_reply(in.take_error()));
  later(std::move(answer), [=, this] {
    const auto page = store_.log(id, after, limit);
    return page ? json_reply(write_log_page(page->events, page->head)) : error_reply(page.error());
  });
}

void api::get_request(http::request&& req, http::responder&& answer) {
  later(std::move(answer), [this, id = std::string{req.params.get("request_id").value_or("")}] {
    auto covered = store_.request(id);
    if (!covered) return error_reply(covered.error());
    covered->request_id.clear();  // the caller has it
    return json_reply(json::encode(*covered));
  });
}

void api::get_actions(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto limit = in.limit();
  const auto wait = in.number("wait", 0, 0, static_cast<std::uint64_t>(limits::gate_wait_max.count()));
  const auto text = in.text("after");
  const auto after = text ? feed_cursor::parse(*text) : feed_cursor{};
  if (!after)
    return answer(error_reply(json::validation_error(
        {{"after", field_error::kind::invalid_value, "after is no cursor of a page given here", *text}})));
  if (in.failed()) return answer(error_reply(in.take_error()));
  feed_.poll(*after, limit, seconds{wait}, [answer = std::move(answer)](result<feed_page> page) mutable {
    answer(page ? json_reply(write_action_page(page->actions, page->next.str())) : error_reply(page.error()));
  });
}

}  // namespace im::ruvector
