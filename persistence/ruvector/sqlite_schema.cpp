#include "persistence/ruvector/sqlite_schema.hpp"

#include <array>
#include <string>

#include "messages/assert.hpp"
#include "persistence/ruvector/schema_steps.hpp"
#include "persistence/ruvector/sqlite_repack.hpp"

namespace im::ruvector::sqlite {

namespace {

constexpr std::int64_t application_id = 0x696d7276;  // "imrv"

/// Version 1. Enums are their numbers, times milliseconds, ids 16 bytes. The log has no AUTOINCREMENT: nothing is deleted
/// from it, so a row number never comes twice.
constexpr const char* version_1 = R"sql(
CREATE TABLE decision_events (
  row           INTEGER PRIMARY KEY,
  id            BLOB    NOT NULL,
  incident_id   BLOB,
  sequence      INTEGER,
  agent_id      TEXT    NOT NULL,
  decision_type INTEGER NOT NULL,
  timestamp_ms  INTEGER NOT NULL,
  actions       INTEGER NOT NULL,
  doc           TEXT    NOT NULL
);
CREATE UNIQUE INDEX decision_events_id ON decision_events (id);
CREATE UNIQUE INDEX decision_events_log ON decision_events (incident_id, sequence);
CREATE INDEX decision_events_time ON decision_events (timestamp_ms);

CREATE TRIGGER decision_events_no_update BEFORE UPDATE ON decision_events
BEGIN SELECT RAISE(FAIL, 'decision_events is append-only'); END;
CREATE TRIGGER decision_events_no_delete BEFORE DELETE ON decision_events
BEGIN SELECT RAISE(FAIL, 'decision_events is append-only'); END;
-- INSERT OR REPLACE would delete without asking the trigger above.
CREATE TRIGGER decision_events_no_replace BEFORE INSERT ON decision_events
WHEN EXISTS (SELECT 1 FROM decision_events WHERE id = NEW.id)
  OR EXISTS (SELECT 1 FROM decision_events WHERE incident_id = NEW.incident_id AND sequence = NEW.sequence)
  OR EXISTS (SELECT 1 FROM decision_events WHERE row = NEW.row)
BEGIN SELECT RAISE(FAIL, 'decision_events is append-only'); END;

-- Law 3: what each request id led to.
CREATE TABLE requests (
  request_key BLOB    PRIMARY KEY,
  event_row   INTEGER NOT NULL,
  disposition INTEGER NOT NULL
) WITHOUT ROWID;

-- What lists and deadlines look at. `open` is NULL for a log that opened no incident.
CREATE TABLE incidents (
  incident_id      BLOB    PRIMARY KEY,
  sequence         INTEGER NOT NULL,
  open             INTEGER,
  fingerprint_key  BLOB    NOT NULL,
  status           INTEGER NOT NULL,
  severity         INTEGER NOT NULL,
  category         INTEGER NOT NULL,
  escalation_level INTEGER NOT NULL,
  escalated        INTEGER NOT NULL,
  source           TEXT    NOT NULL,
  title            TEXT    NOT NULL,
  created_ms       INTEGER NOT NULL,
  updated_ms       INTEGER NOT NULL,
  due_kind         INTEGER,
  due_ms           INTEGER
) WITHOUT ROWID;
-- Law 2.
CREATE UNIQUE INDEX incidents_open_fingerprint ON incidents (fingerprint_key) WHERE open = 1;
CREATE INDEX incidents_created ON incidents (open, created_ms);
CREATE INDEX incidents_escalated ON incidents (created_ms) WHERE escalated = 1;
CREATE INDEX incidents_due ON incidents (due_ms) WHERE due_ms IS NOT NULL;

-- A state at some sequence; the events after it are folded onto it when somebody asks.
CREATE TABLE snapshots (
  incident_id BLOB    PRIMARY KEY,
  sequence    INTEGER NOT NULL,
  state       TEXT    NOT NULL
);

CREATE TABLE approvals (
  request_id   BLOB    NOT NULL,
  incident_id  BLOB    NOT NULL,
  status       INTEGER NOT NULL,
  action_type  INTEGER NOT NULL,
  requested_ms INTEGER NOT NULL,
  gate         TEXT    NOT NULL,
  PRIMARY KEY (request_id, incident_id)
);
CREATE INDEX approvals_requested ON approvals (requested_ms, request_id);
CREATE INDEX approvals_incident ON approvals (incident_id);

CREATE TABLE postmortems (
  postmortem_id BLOB    NOT NULL,
  incident_id   BLOB    NOT NULL,
  status        INTEGER NOT NULL,
  written_ms    INTEGER NOT NULL,
  event_row     INTEGER NOT NULL,
  PRIMARY KEY (postmortem_id, incident_id)
) WITHOUT ROWID;
CREATE INDEX postmortems_written ON postmortems (written_ms);
CREATE INDEX postmortems_incident ON postmortems (incident_id);

-- Records of agents that keep no log here.
CREATE TABLE agent_states (
  incident_id BLOB PRIMARY KEY,
  doc         TEXT NOT NULL
);
CREATE TABLE escalation_states (
  incident_id BLOB PRIMARY KEY,
  doc         TEXT NOT NULL
);

CREATE TABLE policies (
  row     INTEGER PRIMARY KEY,
  kind    INTEGER NOT NULL,
  id      TEXT    NOT NULL,
  version TEXT    NOT NULL,
  etag    TEXT    NOT NULL,
  doc     TEXT    NOT NULL,
  UNIQUE (kind, id, version)
);
CREATE TRIGGER policies_no_update BEFORE UPDATE ON policies
BEGIN SELECT RAISE(FAIL, 'a policy version is never changed'); END;
CREATE TRIGGER policies_no_delete BEFORE DELETE ON policies
BEGIN SELECT RAISE(FAIL, 'a policy version is never deleted'); END;
)sql";

/// Version 5: an entry names the row of the entry before it. The index by incident and sequence changed a page at a random place for
/// each event, half of all that was written; entries that follow each other lie near each other in time, so in this one, too.
constexpr const char* version_5 = R"sql(
ALTER TABLE decision_events ADD COLUMN previous_row INTEGER;
DROP INDEX decision_events_log;
-- Law 1: one entry follows another, at the next sequence of its incident, and no second one does.
CREATE UNIQUE INDEX decision_events_previous ON decision_events (previous_row) WHERE previous_row IS NOT NULL;
-- Where a walk along a log begins. What names no row stands here too: events of no log, and all entries of older versions.
CREATE UNIQUE INDEX decision_events_marks ON decision_events (incident_id, sequence)
  WHERE previous_row IS NULL OR sequence % 64 = 0;
CREATE TRIGGER decision_events_follow BEFORE INSERT ON decision_events
WHEN CASE WHEN NEW.sequence > 1 THEN NOT EXISTS (SELECT 1 FROM decision_events WHERE row = NEW.previous_row
    AND incident_id = NEW.incident_id AND sequence = NEW.sequence - 1) ELSE NEW.previous_row IS NOT NULL END
BEGIN SELECT RAISE(FAIL, 'a decision event follows the one before it in its log'); END;
DROP TRIGGER decision_events_no_replace;
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

/// The words of incidents, see search_sql.hpp; then what `schema::search` makes.
constexpr const char* words_table = R"sql(
DROP TABLE IF EXISTS incident_words;
CREATE VIRTUAL TABLE incident_words USING fts5 (words, content='', detail=none, columnsize=0, tokenize='ascii');
)sql";
const std::string version_6 = std::string{words_table} + schema::search;

/// Version 7: documents are packed, an agent's name stands once, and `incidents` keeps what lists look at and no more. The document
/// stands last, behind what is read without it. The entries of before are moved by `sqlite_repack`, which also makes the triggers again.
constexpr const char* version_7 = R"sql(
DROP TRIGGER decision_events_no_update;
DROP TRIGGER decision_events_no_delete;
DROP TRIGGER decision_events_no_replace;
DROP TRIGGER decision_events_follow;
DROP INDEX decision_events_id;
DROP INDEX decision_events_time;
DROP INDEX decision_events_actions;
DROP INDEX decision_events_previous;
DROP INDEX decision_events_marks;
ALTER TABLE decision_events RENAME TO unpacked_events;
CREATE TABLE agents (
  number   INTEGER PRIMARY KEY,
  agent_id TEXT    NOT NULL UNIQUE
);
CREATE TABLE decision_events (
  row           INTEGER PRIMARY KEY,
  id            BLOB    NOT NULL,
  incident_id   BLOB,
  sequence      INTEGER,
  agent         INTEGER NOT NULL,
  decision_type INTEGER NOT NULL,
  timestamp_ms  INTEGER NOT NULL,
  actions       INTEGER NOT NULL,
  previous_row  INTEGER,
  doc           BLOB    NOT NULL
);
CREATE UNIQUE INDEX decision_events_id ON decision_events (id);
CREATE INDEX decision_events_time ON decision_events (timestamp_ms);
CREATE INDEX decision_events_actions ON decision_events (row) WHERE actions > 0;
-- Law 1, as since version 5.
CREATE UNIQUE INDEX decision_events_previous ON decision_events (previous_row) WHERE previous_row IS NOT NULL;
CREATE UNIQUE INDEX decision_events_marks ON decision_events (incident_id, sequence)
  WHERE previous_row IS NULL OR sequence % 64 = 0;
ALTER TABLE incidents DROP COLUMN escalation_level;
ALTER TABLE incidents DROP COLUMN title;
ALTER TABLE incidents DROP COLUMN updated_ms;
)sql";

const std::array migrations{version_1, schema::version_2, schema::version_3, schema::version_4,
                            version_5, version_6.c_str(), version_7};
constexpr std::int64_t newest = std::tuple_size_v<decltype(migrations)>;

std::int64_t pragma(connection& db, const char* sql) {
  return statement{db, sql}.first([](row r) { return r.integer(0); }).value_or(0);
}

}  // namespace

void expect_ours(connection& db) {
  if (pragma(db, "PRAGMA application_id") != application_id)
    throw sqlite_failure{SQLITE_CANTOPEN,
                         "the database file belongs to another program; does DATA_DIR name the right folder?"};
  if (const auto version = pragma(db, "PRAGMA user_version"); version > newest)
    throw sqlite_failure{SQLITE_CANTOPEN, "the database file has schema version " + std::to_string(version) +
                                              ", this program knows " + std::to_string(newest) + "; use a newer one"};
}

void expect_packed(connection& db) {
  expect_ours(db);
  if (is_being_packed(db))
    throw sqlite_failure{SQLITE_CANTOPEN,
                         "the database file is on its way to a newer schema version; a start of the service completes "
                         "it, and `ruvector-service restore` a copy of it"};
}

void expect_current(connection& db) {
  expect_packed(db);
  if (const auto version = pragma(db, "PRAGMA user_version"); version < newest)
    throw sqlite_failure{SQLITE_CANTOPEN, "the database file has the older schema version " + std::to_string(version) +
                                              "; a start of the service brings it up to date, and `ruvector-service "
                                              "restore` a copy of it"};
}

namespace {

void take_steps(connection& db, schema_origin origin) {
  transaction all{db, "BEGIN IMMEDIATE"};
  if (origin == schema_origin::stored) expect_ours(db);
  const auto there = pragma(db, "PRAGMA user_version");
  if (there == newest) return;
  IM_ASSERT(there >= 0 && there < newest);
  for (auto version = there; version < newest; ++version) db.execute(migrations[static_cast<std::size_t>(version)]);
  if (schema::needs_fold(there)) db.execute(schema::remember_fold);
  db.execute(("PRAGMA user_version=" + std::to_string(newest)).c_str());
  db.execute(("PRAGMA application_id=" + std::to_string(application_id)).c_str());
  all.commit();
}

}  // namespace

void migrate(connection& db, schema_origin origin) {
  take_steps(db, origin);
  while (pack_some(db)) {
  }
}

}  // namespace im::ruvector::sqlite
