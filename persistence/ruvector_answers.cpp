#include "persistence/ruvector_answers.hpp"

#include <algorithm>
#include <ranges>
#include <unordered_map>

#include "messages/assert.hpp"
#include "messages/hash.hpp"
#include "messages/json/codec.hpp"

namespace im::persistence {

namespace {

using json::document;
using json::node;

std::optional<std::uint64_t> find_count(const node& from, std::string_view key) {
  const auto found = from.find(key);
  const auto value = found ? found->as_int() : std::nullopt;
  return value && *value >= 0 ? std::optional{static_cast<std::uint64_t>(*value)} : std::nullopt;
}

std::optional<bool> find_bool(const node& from, std::string_view key) {
  const auto found = from.find(key);
  return found ? found->as_bool() : std::nullopt;
}

template <class Id>
std::optional<Id> find_id(const node& from, std::string_view key) {
  const auto text = from.find_string(key);
  return text ? Id::parse(*text) : std::nullopt;
}

std::optional<covered_elsewhere> read_covered(const node& from) {
  const auto incident = find_id<incident_id>(from, "incident_id");
  const auto event = find_id<event_id>(from, "event_id");
  const auto sequence = find_count(from, "sequence");
  if (!incident || !event || !sequence) return std::nullopt;
  const auto word = from.find_string("disposition");
  const auto known = word ? from_string<disposition>(*word) : std::nullopt;
  return covered_elsewhere{request_id{from.find_string("request_id").value_or("")}, *incident, *event, *sequence,
                           known.value_or(disposition::opened)};
}

/// One event's outcome, or nothing when it is none that we know.
std::optional<write_outcome> read_outcome(const node& from, const incident_id& asked) {
  const auto word = from.find_string("outcome");
  if (word == "created") return write_outcome{};
  if (word == "conflict")
    return outcome_of_conflict(find_id<incident_id>(from, "incident_id"), find_count(from, "head"), asked);
  if (word != "duplicate") return std::nullopt;
  if (const auto request = from.find("request")) {
    auto covered = read_covered(*request);
    return covered ? std::optional{outcome_of_covered(std::move(*covered))} : std::nullopt;
  }
  return find_bool(from, "identical") == true ? std::optional{write_outcome{}} : std::nullopt;
}

std::unexpected<error> not_this(std::string what) { return fail(errc::internal, std::move(what)); }

/// The list that an answer is, or has under `key`.
std::optional<node> list_of(const node& root, std::string_view key) {
  if (root.is(json::kind::array)) return root;
  auto found = root.find(key);
  return found && found->is(json::kind::array) ? found : std::nullopt;
}

result<write_outcome> outcome_of(const incident_write& write, const std::unordered_map<event_id, node>& by_event) {
  write_outcome all;
  for (const auto& event : write.events) {
    const auto said = by_event.find(event->id);
    IM_ASSERT(said != by_event.end());  // the caller has looked
    const auto one = read_outcome(said->second, write.incident_id);
    if (!one) return fail(errc::internal, "the store told an outcome of the write that is not known");
    merge(all, *one);
  }
  return all;
}

result<fingerprint_lookup> read_lookup(const node& incident) {
  fingerprint_lookup out;
  out.newest = find_id<incident_id>(incident, "id");
  if (!out.newest) out.newest = find_id<incident_id>(incident, "incident_id");
  const auto word = incident.find_string("status");
  const auto status = word ? from_string<incident_status>(*word) : std::nullopt;
  if (!out.newest || !status) return not_this("an incident without id or status");
  out.open = is_open(*status);
  return out;
}

}  // namespace

write_outcome outcome_of_conflict(const std::optional<incident_id>& holder, std::optional<std::uint64_t> head,
                                  const incident_id& asked) {
  if (holder && *holder != asked) return {write_outcome::kind::fingerprint_taken, 0, holder, {}};
  // Without a head its id is taken by other content: another instance took the same decision. The log tells.
  return {write_outcome::kind::sequence_taken, head.value_or(0), {}, {}};
}

write_outcome outcome_of_covered(covered_elsewhere covered) {
  return {write_outcome::kind::covered, 0, {}, std::move(covered)};
}

void merge(write_outcome& all, const write_outcome& one) {
  if (all.what == write_outcome::kind::committed) all = one;
}

result<write_results> parse_batch_results(std::string_view body, const std::vector<incident_write>& asked) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  const auto list = list_of(doc->root(), "results");
  if (!list) return not_this("no `results`");
  std::unordered_map<event_id, node> by_event;
  by_event.reserve(list->size());
  list->each_item([&](std::size_t, node item) {
    if (const auto id = find_id<event_id>(item, "id")) by_event.insert_or_assign(*id, item);
  });
  write_results out;
  out.reserve(asked.size());
  for (const auto& write : asked) {
    if (!std::ranges::all_of(write.events, [&](const auto& event) { return by_event.contains(event->id); }))
      return not_this("no result for an event");
    out.push_back(outcome_of(write, by_event));
  }
  return out;
}

std::optional<write_outcome> parse_conflict(std::string_view body, const incident_id& asked) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::nullopt;
  const auto why = doc->root().find("error");
  const auto details = why ? why->find("details") : std::nullopt;
  return read_outcome(details ? *details : doc->root(), asked);
}

result<log_page> parse_log(std::string_view body, std::size_t limit) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  const auto list = list_of(doc->root(), "events");
  if (!list) return not_this("no `events`");
  log_page page;
  page.events.reserve(list->size());
  std::optional<error> broken;
  const bool rewritten = find_bool(doc->root(), "rewritten").value_or(false);
  list->each_item([&](std::size_t, node item) {
    auto event = json::decode<decision_event>(item, json::read_bounds::stored());
    if (!event) {
      broken = event.error();
      return;
    }
    if (!rewritten) event->hash = sha256_hex(item.text());
    page.events.push_back(std::make_shared<const decision_event>(std::move(*event)));
  });
  if (broken) return not_this("an event that cannot be read: " + broken->message);
  if (!std::ranges::is_sorted(page.events, {}, [](const auto& event) { return event->sequence; }))
    return not_this("events that are not in sequence order");
  const auto head = find_count(doc->root(), "head");
  page.more = head ? !page.events.empty() && page.events.back()->sequence < *head : page.events.size() >= limit;
  return page;
}

result<void> page_follows(const log_page& page, const incident_id& id, std::uint64_t after) {
  for (auto expected = after + 1; const auto& event : page.events) {
    if (event->incident_id != id) return not_this("an event of another incident");
    if (event->sequence != expected++)
      return not_this("sequence " + std::to_string(event->sequence) + " where " + std::to_string(expected - 1) +
                      " comes next");
  }
  return {};
}

result<incident_list> parse_found_logs(std::string_view body) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  const auto list = doc->root().find("with_log");
  if (!list || !list->is(json::kind::array)) return not_this("no `with_log`");
  incident_list out;
  list->each_item([&](std::size_t, node item) {
    if (const auto text = item.as_string())
      if (const auto id = incident_id::parse(*text)) out.ids.push_back(*id);
  });
  if (out.ids.size() != list->size()) return not_this("an incident that cannot be read");
  return out;
}

result<fingerprint_lookups> parse_newest(std::string_view body, std::size_t count) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  const auto list = doc->root().find("newest");
  if (!list || !list->is(json::kind::array) || list->size() != count)
    return not_this("not one incident for each fingerprint");
  fingerprint_lookups out;
  bool readable = true;
  list->each_item([&](std::size_t, node item) {
    fingerprint_lookup one;
    if (item.is(json::kind::object)) {
      one.newest = find_id<incident_id>(item, "incident_id");
      const auto open = find_bool(item, "open");
      readable = readable && one.newest && open;
      one.open = open.value_or(false);
    }
    out.found.emplace_back(one);
  });
  if (!readable) return not_this("a newest incident that cannot be read");
  return out;
}

result<event_ptr> parse_event(std::string_view body) {
  auto event = json::decode<decision_event>(body, json::read_bounds::stored());
  if (!event) return not_this("an event that cannot be read: " + event.error().message);
  return std::make_shared<const decision_event>(std::move(*event));
}

result<fingerprint_lookup> parse_fingerprint(std::string_view body) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  const auto list = list_of(doc->root(), "items");
  if (!list) return not_this("no `items`");
  result<fingerprint_lookup> out;
  list->each_item([&](std::size_t index, node item) {
    if (index == 0) out = read_lookup(item);
  });
  return out;
}

result<due_page> parse_due(std::string_view body, std::size_t limit) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  const auto list = list_of(doc->root(), "items");
  if (!list) return not_this("no list of deadlines");
  due_page page;
  bool readable = true;
  list->each_item([&](std::size_t, node item) {
    const auto id = find_id<incident_id>(item, "incident_id");
    const auto word = item.find_string("kind");
    const auto kind = word ? from_string<deadline_kind>(*word) : std::nullopt;
    const auto at = item.find_string("due_at");
    const auto due = at ? parse_time(*at) : std::nullopt;
    readable = readable && id && kind && due;
    if (!readable) return;
    page.entries.push_back({*id, *kind, *due});
    if (page.entries.size() >= limit) page.next_cursor = item.find_string("cursor").value_or("");
  });
  if (!readable) return not_this("a deadline that cannot be read");
  if (const auto cursor = doc->root().find_string("next_cursor")) page.next_cursor = *cursor;
  return page;
}

result<covered_elsewhere> parse_covered(std::string_view body, const request_id& asked) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  auto covered = read_covered(doc->root());
  if (!covered) return not_this("no incident_id, event_id or sequence");
  covered->request = asked;
  return std::move(*covered);
}

result<query_page> parse_query(std::string_view body) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  const auto list = list_of(doc->root(), "events");
  if (!list) return not_this("no `events`");
  query_page page;
  page.size = list->size();
  list->each_item([&](std::size_t, node item) {
    if (const auto sequence = find_count(item, "sequence")) page.events.emplace(*sequence, item.text());
  });
  return page;
}

std::string log_of(const std::map<std::uint64_t, std::string>& events, std::size_t limit) {
  json::writer out;
  out.begin_object();
  out.key("events");
  out.begin_array();
  for (const auto& [sequence, text] : events | std::views::take(limit)) out.raw(text);
  out.end_array();
  out.key("rewritten");
  out.boolean(true);
  out.key("head");
  out.number(events.empty() ? 0 : events.rbegin()->first);
  out.end_object();
  return out.take();
}

namespace {

/// What the checks with `status` say, a sentence each.
std::vector<std::string> told_by_checks(const node& health, std::string_view status) {
  std::vector<std::string> told;
  const auto checks = health.find("checks");
  if (!checks) return told;
  checks->each_item([&](std::size_t, const node& check) {
    if (told.size() == limits::store_warnings || check.find_string("status") != status) return;
    told.push_back(std::string{check.find_string("name").value_or("store")} + ": " +
                   std::string{check.find_string("message").value_or("needs an operator")});
  });
  return told;
}

}  // namespace

result<store_condition> parse_health(std::string_view body) {
  const auto doc = document::parse(body, limits::stored_json_depth);
  const auto status = doc ? doc->root().find_string("status") : std::nullopt;
  if (status == "healthy" || status == "degraded") return store_condition{told_by_checks(doc->root(), "warn")};
  if (status != "unhealthy") return fail(errc::store_unavailable, "the store's health cannot be read");
  const auto failing = told_by_checks(doc->root(), "fail");
  return fail(errc::store_unavailable,
              failing.empty() ? "the store is unhealthy" : "the store is unhealthy, " + failing.front());
}

}  // namespace im::persistence
