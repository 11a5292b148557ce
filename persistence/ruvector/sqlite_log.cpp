#include "persistence/ruvector/sqlite_log.hpp"

#include <algorithm>
#include <unordered_set>

#include "messages/json/node.hpp"

namespace im::ruvector::sqlite {

namespace {

bool same_content(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = json::document::parse(a, im::limits::stored_json_depth);
  const auto right = json::document::parse(b, im::limits::stored_json_depth);
  return left && right && left->root().canonical() == right->root().canonical();
}

append_result refused_at(std::uint64_t head) {
  append_result out;
  out.outcome = append_outcome::conflict;
  out.head = head;
  return out;
}

}  // namespace

log_writer::log_writer(connection& db)
    : projections_{db},
      loader_{db},
      insert_event_{
          db,
          "INSERT INTO decision_events (row, id, incident_id, sequence, agent_id, decision_type, timestamp_ms,"
          " actions, doc) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)"},
      event_by_id_{db, "SELECT row, sequence, doc FROM decision_events WHERE id = ?1"},
      request_by_key_{db,
                      "SELECT e.incident_id, e.id, e.sequence, r.disposition FROM requests r"
                      " JOIN decision_events e ON e.row = r.event_row WHERE r.request_key = ?1"},
      open_by_fingerprint_{db, "SELECT incident_id FROM incidents WHERE fingerprint_key = ?1 AND open = 1"},
      newest_row_{db, "SELECT max(row) FROM decision_events"},
      data_version_{db, "PRAGMA data_version"},
      cache_{limits::cached_incidents} {}

void log_writer::begin() {
  // Another process may have written (a rebuild, a second service): then what we remember may be old.
  const auto version = data_version_.first([](row r) { return r.integer(0); }).value_or(0);
  if (version == seen_version_) return;
  seen_version_ = version;
  cache_.clear();
  next_row_ = newest_row_.first([](row r) { return r.integer(0); }).value_or(0) + 1;
}

std::vector<append_result> log_writer::append(const std::vector<new_event>& events) {
  std::vector<append_result> results(events.size());
  std::unordered_map<incident_id, group> groups;
  std::vector<incident_id> order;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    results[i].id = event.id;
    if (!event.log) {
      append_foreign(event, results[i]);
      continue;
    }
    auto [entry, added] = groups.try_emplace(event.log->incident_id);
    if (added) order.push_back(event.log->incident_id);
    entry->second.events.push_back(&event);
    entry->second.results.push_back(&results[i]);
  }
  for (const auto& id : order) append_group(id, groups.at(id));
  return results;
}

void log_writer::append_foreign(const new_event& event, append_result& result) {
  if (const auto stored = find(event.id)) {
    const bool same = same_content(stored->document, event.document);
    result.outcome = same ? append_outcome::duplicate : append_outcome::conflict;
    if (same) result.identical = true;
    return;
  }
  write_event(event, next_row_++);
}

void log_writer::append_group(incident_id id, const group& g) {
  auto& incident = hold(id);
  auto refusal = judge(incident, g);
  if (!refusal) {
    const auto first_row = next_row_;
    const auto before = incident.row;
    side_changes changes;
    bool opens = false;
    for (std::size_t i = 0; i < g.events.size(); ++i) {
      if (g.results[i]->identical) continue;
      const auto& event = *g.events[i]->log;
      opens = opens || std::holds_alternative<fact::incident_opened>(event.fact.value);
      fold(incident.state, event, next_row_++, changes);
    }
    if (next_row_ == first_row) return;  // a retry; all of it is here
    incident.row = row_of(incident.state, opens ? nullptr : &before);
    refusal = judge_opening(before.open.value_or(false), incident.row);
    next_row_ = first_row;
    if (!refusal) return write_group(incident, before, g, changes);
    held_.erase(id);  // folded too far
  }
  for (std::size_t i = 0; i < g.events.size(); ++i) {
    *g.results[i] = *refusal;
    g.results[i]->id = g.events[i]->id;
  }
}

/// Laws 3 and 1; events that are stored already are marked in their results and count as written.
std::optional<append_result> log_writer::judge(const live_incident& incident, const group& g) {
  const auto head = incident.state.head();
  auto expected = head + 1;
  std::string_view previous_hash = incident.state.head_hash;
  std::unordered_set<event_id> ids;
  for (std::size_t i = 0; i < g.events.size(); ++i) {
    const auto& event = *g.events[i];
    const auto stored = find(event.id);
    if (stored && same_content(stored->document, event.document)) {
      auto& result = *g.results[i];
      result.outcome = append_outcome::duplicate;
      result.identical = true;
      result.sequence = stored->sequence;
      continue;
    }
    for (std::size_t k = 0; k < event.request_keys.size(); ++k)
      if (auto covered = find_request(event.request_keys[k])) {
        covered->request_id = event.log->request_ids[k];
        append_result out;
        out.outcome = append_outcome::duplicate;
        out.request = std::move(covered);
        return out;
      }
    if (stored) return refused_at(head);
    if (event.log->sequence != expected++) return refused_at(head);
    if (event.log->previous_hash != previous_hash) return refused_at(head);
    previous_hash = event.log->hash;
    if (g.events.size() > 1 && !ids.insert(event.id).second) return refused_at(head);
  }
  return std::nullopt;
}

/// Law 2.
std::optional<append_result> log_writer::judge_opening(bool was_open, const incident_row& now) {
  if (was_open || !now.open.value_or(false)) return std::nullopt;
  const auto open = open_by_fingerprint_.first([](row r) { return incident_id{r.id(0)}; }, now.fingerprint);
  if (!open || *open == now.id) return std::nullopt;
  append_result out;
  out.outcome = append_outcome::conflict;
  out.incident_id = *open;
  return out;
}

void log_writer::write_group(live_incident& incident, const incident_row& before, const group& g,
                             const side_changes& changes) {
  for (std::size_t i = 0; i < g.events.size(); ++i) {
    if (g.results[i]->identical) continue;
    const auto& event = *g.events[i];
    const auto at = next_row_++;
    write_event(event, at);
    const auto how = disposition_of(*event.log);
    for (const auto& key : event.request_keys) projections_.cover(key, at, how);
  }
  if (before.sequence == 0)
    projections_.insert(incident.row);
  else
    projections_.update(before, incident.row);
  projections_.write(incident.row.id, changes);
  if (incident.row.sequence - incident.snapshot_sequence >= limits::snapshot_every_events) {
    projections_.write_snapshot(incident.state);
    incident.snapshot_sequence = incident.row.sequence;
  }
}

void log_writer::write_event(const new_event& event, std::int64_t at) {
  const auto sequence = event.log ? std::optional{event.log->sequence} : std::nullopt;
  insert_event_.run(at, event.id, event.incident, sequence, event.agent_id, static_cast<int>(event.decision_type),
                    event.timestamp, event.action_count, event.document);
}

log_writer::live_incident& log_writer::hold(incident_id id) {
  if (const auto found = held_.find(id); found != held_.end()) return found->second;
  if (auto known = cache_.take(id)) return held_.emplace(id, std::move(*known)).first->second;
  auto loaded = loader_.load(id);
  live_incident fresh{std::move(loaded.state), {}, loaded.snapshot_sequence};
  if (fresh.state.head() != 0) fresh.row = row_of(fresh.state);
  return held_.emplace(id, std::move(fresh)).first->second;
}

std::optional<log_writer::stored_event> log_writer::find(event_id id) {
  return event_by_id_.first(
      [](row r) {
        stored_event out{r.integer(0), std::nullopt, std::string{r.text(2)}};
        if (!r.is_null(1)) out.sequence = static_cast<std::uint64_t>(r.integer(1));
        return out;
      },
      id);
}

std::optional<covered_by> log_writer::find_request(text_key key) {
  return request_by_key_.first(
      [](row r) {
        return covered_by{{},
                          incident_id{r.id(0)},
                          event_id{r.id(1)},
                          static_cast<std::uint64_t>(r.integer(2)),
                          static_cast<disposition>(r.integer(3))};
      },
      key);
}

void log_writer::committed() {
  for (auto& [id, incident] : held_)
    if (incident.state.head() != 0) cache_.put(id, std::move(incident));
  held_.clear();
}

void log_writer::rolled_back() { forget(); }

void log_writer::forget() {
  held_.clear();
  cache_.clear();
  seen_version_ = -1;
}

}  // namespace im::ruvector::sqlite
