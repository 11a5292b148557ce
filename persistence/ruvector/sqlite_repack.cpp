#include "persistence/ruvector/sqlite_repack.hpp"

#include "messages/assert.hpp"
#include "persistence/ruvector/care.hpp"
#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/sqlite_tables.hpp"

namespace im::ruvector::sqlite {

namespace {

/// They refuse what moving entries needs: entries of old that name no row, and a table that is emptied.
constexpr const char* triggers = R"sql(
CREATE TRIGGER decision_events_no_update BEFORE UPDATE ON decision_events
BEGIN SELECT RAISE(FAIL, 'decision_events is append-only'); END;
CREATE TRIGGER decision_events_no_delete BEFORE DELETE ON decision_events
BEGIN SELECT RAISE(FAIL, 'decision_events is append-only'); END;
CREATE TRIGGER decision_events_follow BEFORE INSERT ON decision_events
WHEN CASE WHEN NEW.sequence > 1 THEN NOT EXISTS (SELECT 1 FROM decision_events WHERE row = NEW.previous_row
    AND incident_id = NEW.incident_id AND sequence = NEW.sequence - 1) ELSE NEW.previous_row IS NOT NULL END
BEGIN SELECT RAISE(FAIL, 'a decision event follows the one before it in its log'); END;
-- INSERT OR REPLACE would delete without asking a trigger.
CREATE TRIGGER decision_events_no_replace BEFORE INSERT ON decision_events
WHEN EXISTS (SELECT 1 FROM decision_events WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM decision_events WHERE previous_row = NEW.previous_row)
  OR EXISTS (SELECT 1 FROM decision_events WHERE row = NEW.row)
  -- Behind an entry that names no row, nobody's naming it tells whether there is a next one: it may be an older version's.
  OR ((NEW.previous_row IS NULL
      OR EXISTS (SELECT 1 FROM decision_events WHERE row = NEW.previous_row AND previous_row IS NULL))
    AND EXISTS (SELECT 1 FROM decision_events WHERE incident_id = NEW.incident_id AND sequence = NEW.sequence
      AND (previous_row IS NULL OR sequence % 64 = 0)))
BEGIN SELECT RAISE(FAIL, 'decision_events is append-only'); END;
)sql";

bool has_table(connection& db, std::string_view name) {
  return statement{db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1"}
      .first([](row) { return true; }, name)
      .value_or(false);
}

void finish(connection& db) {
  db.execute("DROP TABLE unpacked_events");
  db.execute(triggers);
  if (!has_table(db, "pending_fold")) return;
  tables written{db};
  (void)rebuild<driver>(db, written);
  db.execute("DROP TABLE pending_fold");
}

/// The last row that moved; nothing: none is left.
std::optional<std::int64_t> move_some(connection& db) {
  statement insert{db,
                   "INSERT INTO decision_events (row, id, incident_id, sequence, agent, decision_type, timestamp_ms,"
                   " actions, previous_row, doc) SELECT row, id, incident_id, sequence,"
                   " (SELECT number FROM agents a WHERE a.agent_id = u.agent_id), decision_type,"
                   " timestamp_ms, actions, previous_row, ?2 FROM unpacked_events u WHERE row = ?1"};
  statement know_agent{db,
                       "INSERT INTO agents (agent_id) SELECT agent_id FROM unpacked_events WHERE row = ?1"
                       " ON CONFLICT DO NOTHING"};
  std::optional<std::int64_t> last;
  std::size_t bytes = 0;
  statement{db, "SELECT row, doc FROM unpacked_events ORDER BY row LIMIT ?1"}.each(
      [&](row r) {
        bytes += r.bytes(1).size();
        last = r.integer(0);
        know_agent.run(*last);
        const int moved = insert.run(*last, pack(r.bytes(1)));
        IM_ASSERT(moved == 1);
        return bytes < limits::repacked_bytes;
      },
      limits::repacked_events);
  return last;
}

}  // namespace

bool is_being_packed(connection& db) { return has_table(db, "unpacked_events"); }

bool pack_some(connection& db) {
  transaction some{db, "BEGIN IMMEDIATE"};
  if (!is_being_packed(db)) return false;
  const auto last = move_some(db);
  if (last)
    statement{db, "DELETE FROM unpacked_events WHERE row <= ?1"}.run(*last);
  else
    finish(db);
  some.commit();
  return last.has_value();
}

}  // namespace im::ruvector::sqlite
