#include "persistence/ruvector/log_writer.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <utility>

#include "messages/json/node.hpp"

namespace im::ruvector {

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

log_writer::log_writer(log_tables& tables) : tables_{tables}, known_{limits::cached_incidents} {}

void log_writer::begin(std::optional<std::int64_t> newest_row) {
  if (!newest_row) return;
  known_.clear();
  next_row_ = *newest_row + 1;
}

void log_writer::expect(std::span<const new_event* const> events) {
  tables_.expect(events, [this](incident_id id) { return known_.contains(id); });
}

std::vector<append_result> log_writer::append(const std::vector<new_event>& events) {
  std::vector<append_result> results(events.size());
  std::vector<group> groups;
  boost::unordered_flat_map<incident_id, std::size_t, std::hash<incident_id>> places;
  std::size_t place = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto& event = events[i];
    results[i].id = event.id;
    if (!event.log) {
      append_foreign(event, results[i]);
      continue;
    }
    const auto id = event.log->incident_id;
    // An incident's events stand together, as a rule.
    if (groups.empty() || groups[place].incident != id) {
      place = places.try_emplace(id, groups.size()).first->second;
      if (place == groups.size()) groups.push_back({id, {}, {}});
    }
    groups[place].events.push_back(&event);
    groups[place].results.push_back(&results[i]);
  }
  for (const auto& g : groups) append_group(g);
  return results;
}

void log_writer::append_foreign(const new_event& event, append_result& result) {
  if (const auto stored = tables_.find_event(event.id)) {
    const bool same = same_content(stored->document, event.document());
    result.outcome = same ? append_outcome::duplicate : append_outcome::conflict;
    if (same) result.identical = true;
    return;
  }
  tables_.insert_event(event, next_row_++, std::nullopt);
}

void log_writer::append_group(const group& g) {
  auto& incident = hold(g.incident);
  auto refusal = judge(incident, g);
  if (!refusal) {
    const auto first_row = next_row_;
    const auto before = incident.row;
    side_changes changes;
    std::optional<text_key> fingerprint;  // given when an incident opens, and stays
    if (before.open) fingerprint = before.fingerprint;
    bool was_open = before.open.value_or(false);
    for (std::size_t i = 0; i < g.events.size() && !refusal; ++i) {
      if (g.results[i]->identical) continue;
      const auto& event = *g.events[i]->log;
      fold(incident.state, event, next_row_++, changes);
      if (std::holds_alternative<fact::incident_opened>(event.fact.value))
        fingerprint = key_of(incident.state.record.fingerprint);
      refusal = judge_opening(incident.state, fingerprint, was_open);
    }
    if (next_row_ == first_row) return;  // a retry; all of it is here
    incident.row = row_of(incident.state, fingerprint);
    next_row_ = first_row;
    if (!refusal) return write_group(incident, before, g, changes);
    known_.erase(g.incident);  // folded too far
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
  for (std::size_t i = 0; i < g.events.size(); ++i) {
    const auto& event = *g.events[i];
    const auto stored = tables_.find_event(event.id);
    if (stored && same_content(stored->document, event.document())) {
      auto& result = *g.results[i];
      result.outcome = append_outcome::duplicate;
      result.identical = true;
      result.sequence = stored->sequence;
      continue;
    }
    for (std::size_t k = 0; k < event.request_keys.size(); ++k)
      if (auto covered = tables_.find_request(event.request_keys[k])) {
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
    const auto stands_before = [&](const new_event* earlier) { return earlier->id == event.id; };
    if (std::any_of(g.events.begin(), g.events.begin() + i, stands_before)) return refused_at(head);
  }
  return std::nullopt;
}

/// Law 2, after each event: what opens and ends in one batch has been open, too. `was_open` goes on with the state.
std::optional<append_result> log_writer::judge_opening(const incident_state& now, std::optional<text_key> fingerprint,
                                                       bool& was_open) {
  const bool is_open_now = fingerprint && is_open(now.record.status);
  if (std::exchange(was_open, is_open_now) || !is_open_now) return std::nullopt;
  const auto open = tables_.open_incident(*fingerprint);
  if (!open || *open == now.record.id) return std::nullopt;
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
    tables_.insert_event(event, at, incident.last_row);
    incident.last_row = at;
    const auto how = disposition_of(*event.log);
    for (const auto& key : event.request_keys) tables_.cover(key, at, how);
  }
  if (before.sequence == 0)
    tables_.insert(incident.row);
  else
    tables_.update(before, incident.row);
  tables_.write(incident.row.id, changes);
  if (incident.row.sequence - incident.snapshot_sequence >= limits::snapshot_every_events) {
    tables_.write_snapshot(incident.state);
    incident.snapshot_sequence = incident.row.sequence;
  }
}

log_writer::live_incident& log_writer::hold(incident_id id) {
  if (auto* known = known_.use(id)) return *known;
  auto loaded = tables_.load(id);
  live_incident fresh{std::move(loaded.state), {}, loaded.snapshot_sequence, loaded.last_row};
  if (fresh.state.head() != 0) fresh.row = row_of(fresh.state);
  return known_.add(id, std::move(fresh));
}

void log_writer::committed() { known_.trim(); }

void log_writer::rolled_back() { forget(); }

void log_writer::forget() { known_.clear(); }

}  // namespace im::ruvector
