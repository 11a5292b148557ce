#include "persistence/ruvector/reader.hpp"

#include <algorithm>
#include <string>

#include "messages/assert.hpp"
#include "persistence/ruvector/list_sql.hpp"
#include "persistence/ruvector/postgres.hpp"
#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/row_readers.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector {

namespace {

/// The document of the first row, which `what` names where it cannot be unpacked.
std::optional<std::string> document_of(auto& s, const char* what, const auto& id) {
  return s.first(
      [&](const auto& r) { return unpack_or_throw(r.bytes(0), [&] { return std::string{what} + ' ' + id.str(); }); },
      id);
}

}  // namespace

template <class Driver>
reader<Driver>::reader(const typename Driver::source& from)
    : db_{Driver::connect_reader(from)},
      loader_{db_},
      event_{db_, "SELECT doc FROM decision_events WHERE id = ?1"},
      log_{db_, Driver::entries()},
      open_of_{db_, "SELECT incident_id FROM incidents WHERE fingerprint_key = ?1 AND open = 1"},
      ended_of_{db_,
                "SELECT incident_id FROM incidents WHERE fingerprint_key = ?1 AND open = 0"
                " ORDER BY created_ms DESC, incident_id DESC LIMIT 1"},
      request_{db_,
               "SELECT e.incident_id, e.id, e.sequence, r.disposition FROM requests r"
               " JOIN decision_events e ON e.row = r.event_row WHERE r.ordered_key = ?1"},
      newest_row_{db_, "SELECT max(row) FROM decision_events"},
      feed_{db_, "SELECT row, doc FROM decision_events WHERE actions > 0 AND row >= ?1 ORDER BY row LIMIT ?2"},
      agent_state_{db_, "SELECT doc FROM agent_states WHERE incident_id = ?1"},
      escalation_state_{db_, "SELECT doc FROM escalation_states WHERE incident_id = ?1"},
      approval_{db_, "SELECT gate FROM approvals WHERE request_id = ?1 ORDER BY requested_ms DESC LIMIT 1"},
      postmortem_{db_,
                  "SELECT p.status, e.doc FROM postmortems p JOIN decision_events e ON e.row = p.event_row"
                  " WHERE p.postmortem_id = ?1 ORDER BY p.written_ms DESC LIMIT 1"},
      deadlines_{db_, list_sql::deadlines()},
      policy_{db_, "SELECT version, etag, doc FROM policies WHERE kind = ?1 AND id = ?2 ORDER BY row DESC LIMIT 1"},
      policy_version_{db_, "SELECT version, etag, doc FROM policies WHERE kind = ?1 AND id = ?2 AND version = ?3"},
      policy_count_{db_, "SELECT count(*) FROM policies"} {}

template <class Driver>
std::optional<std::string> reader<Driver>::event(event_id id) {
  return document_of(event_, "DecisionEvent", id);
}

/// Whether a log goes on is asked most often; the list tells, so that no walk begins.
template <class Driver>
log_page reader<Driver>::log(incident_id id, std::uint64_t after, std::size_t limit) {
  log_page page;
  page.head = loader_.head(id);
  if (page.head != 0 && page.head <= after) return page;
  std::size_t bytes = 0;
  auto last = after;
  bool cut = limit == 0;
  log_.each(
      [&](row r) {
        const auto sequence = static_cast<std::uint64_t>(r.integer(1));
        if (sequence != last + 1) damaged_after(id, last);
        last = sequence;
        page.events.push_back(unpack_or_throw(r.bytes(2), [&] { return named(id, sequence); }));
        bytes += page.events.back().size();
        cut = bytes >= limits::page_bytes || page.events.size() >= limit;
        return !cut;
      },
      id, after, limit);
  if (!cut && last < page.head) damaged_after(id, last);
  // Entries may have come since the list was asked; a log that it knows nothing of may not.
  if (page.head == 0 && last > after && loader_.head(id) == 0) damaged_projection(id);
  page.head = std::max(page.head, last);
  return page;
}

template <class Driver>
std::vector<incident_id> reader<Driver>::with_log(std::span<const incident_id> among) {
  const read_transaction together{db_};
  std::vector<incident_id> found;
  for (const auto& id : among)
    if (loader_.head(id) != 0) found.push_back(id);
  return found;
}

template <class Driver>
std::vector<std::optional<newest_incident>> reader<Driver>::newest_of(std::span<const std::string> fingerprints) {
  const auto first_of = [](statement& s, const text_key& key, bool open) {
    return s.first([open](const row& r) { return newest_incident{incident_id{r.id(0)}, open}; }, key);
  };
  const read_transaction together{db_};
  std::vector<std::optional<newest_incident>> found;
  found.reserve(fingerprints.size());
  for (const auto& fingerprint : fingerprints) {
    const auto key = key_of(fingerprint);
    auto newest = first_of(open_of_, key, true);
    found.push_back(newest ? newest : first_of(ended_of_, key, false));
  }
  return found;
}

template <class Driver>
list_page reader<Driver>::newest_page(const std::string& fingerprint) {
  const auto newest = newest_of(std::span{&fingerprint, 1});
  IM_ASSERT(newest.size() == 1);
  list_page page;
  if (!newest.front()) return page;
  const read_transaction together{db_};
  const auto& state = loader_.load(newest.front()->incident_id).state;
  page.items.push_back(incident_json(state));
  page.next_cursor = list_cursor{state.record.created_at, state.record.id.value()}.str();
  return page;
}

template <class Driver>
std::optional<covered_by> reader<Driver>::request(std::string_view id) {
  return request_.first(
      [&](row r) {
        auto covered = read_cover(r);
        covered.request_id = id;
        return covered;
      },
      request_key(id));
}

template <class Driver>
std::int64_t reader<Driver>::newest_row() {
  return newest_row_.first([](row r) { return r.integer(0); }).value_or(0);
}

/// Goes from one event with actions to the next; a page that ends for want of more goes on behind the newest event of all.
template <class Driver>
feed_page reader<Driver>::actions(feed_cursor after, std::size_t limit) {
  IM_ASSERT(limit > 0);
  const bool whole = after.actions == feed_cursor::whole_event;
  const read_transaction together{db_};
  const auto newest = newest_row();
  feed_page page{{}, after};
  std::size_t bytes = 0;
  std::size_t looked_at = 0;
  bool full = false;
  feed_.each(
      [&](row r) {
        const auto at = r.integer(0);
        const auto skip = at == after.row && !whole ? after.actions : 0;
        const auto before = page.actions.size();
        const auto document = unpack_or_throw(r.bytes(1), [at] { return "row " + std::to_string(at) + " of the log"; });
        const bool ended = append_actions(page.actions, document, at, skip, limit - before);
        const auto taken = static_cast<std::uint32_t>(page.actions.size() - before);
        page.next = {at, ended ? feed_cursor::whole_event : skip + taken};
        for (auto i = before; i < page.actions.size(); ++i) bytes += page.actions[i].size();
        full = ++looked_at == limits::feed_scan_events || page.actions.size() >= limit || bytes >= limits::page_bytes;
        return !full;
      },
      after.row + (whole ? 1 : 0), limits::feed_scan_events);
  if (!full && newest > page.next.row) page.next = {newest, feed_cursor::whole_event};
  return page;
}

template <class Driver>
std::optional<std::string> reader<Driver>::record(incident_id id, std::string (*make)(const incident_state&),
                                                  statement& agents_own) {
  const read_transaction together{db_};
  const auto loaded = loader_.load(id);
  if (loaded.state.opened) return make(loaded.state);
  return document_of(agents_own, "the record of incident", id);
}

template <class Driver>
std::optional<std::string> reader<Driver>::incident_state_record(incident_id id) {
  return record(id, &incident_state_json, agent_state_);
}

template <class Driver>
std::optional<std::string> reader<Driver>::escalation_record(incident_id id) {
  return record(id, &escalation_json, escalation_state_);
}

template <class Driver>
std::optional<std::string> reader<Driver>::approval(approval_id id) {
  return document_of(approval_, "approval request", id);
}

template <class Driver>
std::optional<std::string> reader<Driver>::postmortem(postmortem_id id) {
  return postmortem_.first(
      [id](row r) {
        return stored_postmortem_json(unpack_or_throw(r.bytes(1), [id] { return named(id); }),
                                      static_cast<postmortem_status>(r.integer(0)));
      },
      id);
}

template <class Driver>
std::vector<due_incident> reader<Driver>::deadlines(time_point before, std::optional<list_cursor> after,
                                                    std::size_t limit) {
  const auto start = after.value_or(list_cursor{time_point::min(), uuid{}});
  std::vector<due_incident> due;
  deadlines_.each(
      [&](row r) {
        due.push_back({incident_id{r.id(1)}, static_cast<deadline_kind>(r.integer(2)), r.time(0)});
      },
      before, start.at, start.id, limit);
  return due;
}

template <class Driver>
std::optional<policy_document> reader<Driver>::policy(policy_kind kind, std::string_view id,
                                                      const std::optional<std::string>& version) {
  const auto make = [&](row r) {
    return policy_document{kind, std::string{id}, std::string{r.text(0)}, std::string{r.text(1)},
                           std::string{r.text(2)}};
  };
  const auto number = static_cast<int>(kind);
  return version ? policy_version_.first(make, number, id, *version) : policy_.first(make, number, id);
}

template <class Driver>
std::uint64_t reader<Driver>::policy_count() {
  return static_cast<std::uint64_t>(policy_count_.first([](row r) { return r.integer(0); }).value_or(0));
}

template class reader<postgres::driver>;
template class reader<sqlite::driver>;

}  // namespace im::ruvector
