#include "persistence/ruvector/sqlite_tables.hpp"

#include "messages/assert.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/row_readers.hpp"

namespace im::ruvector::sqlite {

namespace {

bool indexed_columns_equal(const incident_row& a, const incident_row& b) {
  return a.open == b.open && a.fingerprint == b.fingerprint && a.escalated == b.escalated && a.due_at == b.due_at &&
         a.due_kind == b.due_kind && a.created_at == b.created_at && a.source == b.source;
}

}  // namespace

tables::tables(connection& db)
    : loader_{db},
      // Of one row nothing is written before all is checked, so there is nothing to undo. `OR ABORT`, the default, would have
      // SQLite copy each page before it changes it, since this table has triggers.
      insert_event_{db,
                    "INSERT OR FAIL INTO decision_events (row, id, incident_id, sequence, agent, decision_type,"
                    " timestamp_ms, actions, previous_row, doc) VALUES (?1,?2,?3,?4,"
                    "(SELECT number FROM agents WHERE agent_id = ?5),?6,?7,?8,?9,?10)"},
      know_agent_{db, "INSERT INTO agents (agent_id) VALUES (?1) ON CONFLICT DO NOTHING"},
      event_by_id_{db, "SELECT sequence, doc FROM decision_events WHERE id = ?1"},
      request_by_key_{db,
                      "SELECT e.incident_id, e.id, e.sequence, r.disposition FROM requests r"
                      " JOIN decision_events e ON e.row = r.event_row WHERE r.ordered_key = ?1"},
      open_by_fingerprint_{db, "SELECT incident_id FROM incidents WHERE fingerprint_key = ?1 AND open = 1"},
      insert_row_{db, std::string{"INSERT INTO incidents ("} + incident_columns +
                          ") VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"},
      update_row_{db,
                  "UPDATE incidents SET sequence=?2, open=?3, fingerprint_key=?4, status=?5, severity=?6, category=?7,"
                  " escalated=?8, source=?9, created_ms=?10, due_kind=?11, due_ms=?12 WHERE incident_id=?1"},
      update_unindexed_{db,
                        "UPDATE incidents SET sequence=?2, status=?3, severity=?4, category=?5 WHERE incident_id=?1"},
      put_gate_{
          db,
          "INSERT INTO approvals (request_id, incident_id, status, action_type, requested_ms, gate)"
          " VALUES (?1,?2,?3,?4,?5,?6) ON CONFLICT (request_id, incident_id) DO UPDATE SET status=excluded.status,"
          " action_type=excluded.action_type, requested_ms=excluded.requested_ms, gate=excluded.gate"},
      put_postmortem_{db,
                      "INSERT INTO postmortems (postmortem_id, incident_id, status, written_ms, event_row)"
                      " VALUES (?1,?2,?3,?4,?5) ON CONFLICT (postmortem_id, incident_id) DO UPDATE SET"
                      " status=excluded.status, written_ms=excluded.written_ms, event_row=excluded.event_row"},
      publish_{db, "UPDATE postmortems SET status=?3 WHERE postmortem_id=?1 AND incident_id=?2"},
      put_snapshot_{db,
                    "INSERT INTO snapshots (incident_id, sequence, state) VALUES (?1,?2,?3)"
                    " ON CONFLICT (incident_id) DO UPDATE SET sequence=excluded.sequence, state=excluded.state"},
      put_request_{
          db, "INSERT INTO requests (ordered_key, event_row, disposition) VALUES (?1,?2,?3) ON CONFLICT DO NOTHING"},
      first_row_{db, driver::any_entry()},
      take_words_{db, "INSERT INTO incident_words (incident_words, rowid, words) VALUES ('delete',?1,?2)"},
      put_words_{db, "INSERT INTO incident_words (rowid, words) VALUES (?1,?2)"} {}

std::optional<stored_event> tables::find_event(event_id id) {
  return event_by_id_.first(
      [id](row r) {
        stored_event out{std::nullopt, unpack_or_throw(r.bytes(1), [id] { return named(id); })};
        if (!r.is_null(0)) out.sequence = static_cast<std::uint64_t>(r.integer(0));
        return out;
      },
      id);
}

std::optional<covered_by> tables::find_request(text_key key) {
  return request_by_key_.first([](row r) { return read_cover(r); }, key);
}

std::optional<incident_id> tables::open_incident(text_key fingerprint) {
  return open_by_fingerprint_.first([](row r) { return incident_id{r.id(0)}; }, fingerprint);
}

void tables::insert_event(const new_event& event, std::int64_t row, std::optional<std::int64_t> previous_row) {
  IM_ASSERT(!event.packed.bytes.empty());
  const auto sequence = event.log ? std::optional{event.log->sequence} : std::nullopt;
  know_agent_.run(event.agent_id);
  insert_event_.run(row, event.id, event.incident, sequence, event.agent_id, number(event.decision_type),
                    event.timestamp, event.action_count, previous_row, event.packed);
}

void tables::insert(const incident_row& r) {
  insert_row_.run(r.id, r.sequence, r.open, r.fingerprint, number(r.status), number(r.severity), number(r.category),
                  r.escalated, r.source, r.created_at, number(r.due_kind), r.due_at);
}

void tables::update(const incident_row& before, const incident_row& now) {
  const int changed =
      indexed_columns_equal(before, now)
          ? update_unindexed_.run(now.id, now.sequence, number(now.status), number(now.severity), number(now.category))
          : update_row_.run(now.id, now.sequence, now.open, now.fingerprint, number(now.status), number(now.severity),
                            number(now.category), now.escalated, now.source, now.created_at, number(now.due_kind),
                            now.due_at);
  if (changed != 1) damaged_projection(now.id);
}

void tables::write(incident_id incident, const side_changes& changes) {
  for (const auto& [id, gate] : changes.gates)
    put_gate_.run(id, incident, number(gate.status), number(gate.action_type), gate.requested_at, pack(gate.item));
  for (const auto& [id, document] : changes.postmortems) {
    if (document.event_row)
      put_postmortem_.run(id, incident, number(document.status), document.written_at, *document.event_row);
    else
      publish_.run(id, incident, number(document.status));
  }
  if (changes.words) write_words(incident, *changes.words);
}

void tables::write_words(incident_id incident, const words_change& words) {
  if (words.before == words.now) return;
  const auto row = words.first_row ? words.first_row : first_row_.first([](auto r) { return r.integer(0); }, incident);
  if (!row) damaged_projection(incident);
  if (!words.before.empty()) take_words_.run(*row, words.before);
  if (!words.now.empty()) put_words_.run(*row, words.now);
}

void tables::write_snapshot(const incident_state& state) {
  put_snapshot_.run(state.record.id, state.head(), pack(json::encode(state)));
}

void tables::cover(text_key request, std::int64_t event_row, disposition how) {
  put_request_.run(request, event_row, number(how));
}

}  // namespace im::ruvector::sqlite
