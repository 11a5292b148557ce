#include "persistence/ruvector/postgres_schema.hpp"

#include <array>
#include <string>

#include "messages/assert.hpp"
#include "persistence/ruvector/postgres_locks.hpp"
#include "persistence/ruvector/postgres_repack.hpp"
#include "persistence/ruvector/schema_steps.hpp"

namespace im::ruvector::postgres {

namespace {

/// Version 1: the tables of the SQLite store. Enums are their numbers, times milliseconds; documents are text, byte by byte
/// as they came, because the next event names the digest of that text.
constexpr const char* version_1 = R"sql(
CREATE TABLE decision_events (
  row           bigint   PRIMARY KEY,
  id            uuid     NOT NULL,
  incident_id   uuid,
  sequence      bigint,
  agent_id      text     COLLATE "C" NOT NULL,
  decision_type smallint NOT NULL,
  timestamp_ms  bigint   NOT NULL,
  actions       integer  NOT NULL,
  doc           text     COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX decision_events_id ON decision_events (id);
CREATE UNIQUE INDEX decision_events_log ON decision_events (incident_id, sequence);
CREATE INDEX decision_events_time ON decision_events (timestamp_ms);

CREATE FUNCTION im_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER decision_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_events
  FOR EACH STATEMENT EXECUTE FUNCTION im_refuse_change();

-- Law 3: what each request id led to.
CREATE TABLE requests (
  request_key uuid     PRIMARY KEY,
  event_row   bigint   NOT NULL,
  disposition smallint NOT NULL
);

-- What lists and deadlines look at. `open` is NULL for a log that opened no incident.
CREATE TABLE incidents (
  incident_id      uuid     PRIMARY KEY,
  sequence         bigint   NOT NULL,
  open             smallint,
  fingerprint_key  uuid     NOT NULL,
  status           smallint NOT NULL,
  severity         smallint NOT NULL,
  category         smallint NOT NULL,
  escalation_level integer  NOT NULL,
  escalated        smallint NOT NULL,
  source           text     COLLATE "C" NOT NULL,
  title            text     COLLATE "C" NOT NULL,
  created_ms       bigint   NOT NULL,
  updated_ms       bigint   NOT NULL,
  due_kind         smallint,
  due_ms           bigint
) WITH (fillfactor = 80);
-- Law 2.
CREATE UNIQUE INDEX incidents_open_fingerprint ON incidents (fingerprint_key) WHERE open = 1;
CREATE INDEX incidents_created ON incidents (open, created_ms, incident_id);
CREATE INDEX incidents_escalated ON incidents (created_ms, incident_id) WHERE escalated = 1;
CREATE INDEX incidents_due ON incidents (due_ms, incident_id) WHERE due_ms IS NOT NULL;

-- A state at some sequence; the events after it are folded onto it when somebody asks.
CREATE TABLE snapshots (
  incident_id uuid   PRIMARY KEY,
  sequence    bigint NOT NULL,
  state       text   COLLATE "C" NOT NULL
);

CREATE TABLE approvals (
  request_id   uuid     NOT NULL,
  incident_id  uuid     NOT NULL,
  status       smallint NOT NULL,
  action_type  smallint NOT NULL,
  requested_ms bigint   NOT NULL,
  gate         text     COLLATE "C" NOT NULL,
  PRIMARY KEY (request_id, incident_id)
);
CREATE INDEX approvals_requested ON approvals (requested_ms, request_id);
CREATE INDEX approvals_incident ON approvals (incident_id);

CREATE TABLE postmortems (
  postmortem_id uuid     NOT NULL,
  incident_id   uuid     NOT NULL,
  status        smallint NOT NULL,
  written_ms    bigint   NOT NULL,
  event_row     bigint   NOT NULL,
  PRIMARY KEY (postmortem_id, incident_id)
);
CREATE INDEX postmortems_written ON postmortems (written_ms, postmortem_id);
CREATE INDEX postmortems_incident ON postmortems (incident_id);

-- Records of agents that keep no log here.
CREATE TABLE agent_states (
  incident_id uuid PRIMARY KEY,
  doc         text COLLATE "C" NOT NULL
);
CREATE TABLE escalation_states (
  incident_id uuid PRIMARY KEY,
  doc         text COLLATE "C" NOT NULL
);

CREATE TABLE policies (
  row     bigint   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind    smallint NOT NULL,
  id      text     COLLATE "C" NOT NULL,
  version text     COLLATE "C" NOT NULL,
  etag    text     COLLATE "C" NOT NULL,
  doc     text     COLLATE "C" NOT NULL,
  UNIQUE (kind, id, version)
);
CREATE TRIGGER policies_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policies
  FOR EACH STATEMENT EXECUTE FUNCTION im_refuse_change();
)sql";

/// The words of incidents, see search_sql.hpp; then what `schema::search` makes. A short list of what waits to go into the index keeps the
/// commit that moves it there short.
constexpr const char* words_table = R"sql(
DROP TABLE IF EXISTS incident_words;
CREATE TABLE incident_words (
  row   bigint PRIMARY KEY,
  words text   COLLATE "C" NOT NULL
);
CREATE INDEX incident_words_words ON incident_words USING gin (array_to_tsvector(string_to_array(words, ' ')))
  WITH (gin_pending_list_limit = 256);
)sql";
const std::string version_5 = std::string{words_table} + schema::search;

/// Version 6: documents are packed, and the server does not try to compress them again; an agent's name stands once, and `incidents`
/// keeps what lists look at and no more. What is wide stands first, so that no bytes are lost between columns. The entries of before are moved by `postgres_repack`.
constexpr const char* version_6 = R"sql(
DROP TRIGGER decision_events_append_only ON decision_events;
DROP INDEX decision_events_id;
DROP INDEX decision_events_log;
DROP INDEX decision_events_time;
DROP INDEX decision_events_actions;
ALTER TABLE decision_events RENAME TO unpacked_events;
ALTER TABLE unpacked_events RENAME CONSTRAINT decision_events_pkey TO unpacked_events_pkey;
CREATE TABLE agents (
  number   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  agent_id text    COLLATE "C" NOT NULL UNIQUE
);
CREATE TABLE decision_events (
  row           bigint   PRIMARY KEY,
  timestamp_ms  bigint   NOT NULL,
  sequence      bigint,
  agent         integer  NOT NULL,
  actions       integer  NOT NULL,
  id            uuid     NOT NULL,
  incident_id   uuid,
  decision_type smallint NOT NULL,
  doc           bytea    NOT NULL
);
ALTER TABLE decision_events ALTER COLUMN doc SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX decision_events_id ON decision_events (id);
CREATE UNIQUE INDEX decision_events_log ON decision_events (incident_id, sequence);
CREATE INDEX decision_events_time ON decision_events (timestamp_ms);
CREATE INDEX decision_events_actions ON decision_events (row) WHERE actions > 0;
CREATE TRIGGER decision_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_events
  FOR EACH STATEMENT EXECUTE FUNCTION im_refuse_change();
ALTER TABLE snapshots ALTER COLUMN state TYPE bytea USING convert_to(state, 'UTF8');
ALTER TABLE snapshots ALTER COLUMN state SET STORAGE EXTERNAL;
ALTER TABLE approvals ALTER COLUMN gate TYPE bytea USING convert_to(gate, 'UTF8');
ALTER TABLE approvals ALTER COLUMN gate SET STORAGE EXTERNAL;
ALTER TABLE incidents DROP COLUMN escalation_level, DROP COLUMN title, DROP COLUMN updated_ms;
)sql";

const std::array migrations{version_1,         schema::version_2, schema::version_3,
                            schema::version_4, version_5.c_str(), version_6};

std::int64_t number_of(connection& db, const char* sql) {
  return statement{db, sql}.first([](row r) { return r.integer(0); }).value_or(0);
}

void take_steps(connection& db) {
  constexpr std::int64_t newest = std::tuple_size_v<decltype(migrations)>;
  transaction all{db};
  const auto lock = [&](std::int64_t name) { statement{db, "SELECT 1 FROM pg_advisory_xact_lock(?1)"}.run(name); };
  lock(lock_of_migrations);
  const bool ours = number_of(db, "SELECT count(to_regclass('im_schema_version'))") != 0;
  if (!ours && number_of(db, "SELECT count(to_regclass('decision_events'))") != 0)
    throw store_failure{unavailable("the PostgreSQL schema has tables of another program; give this one its own")};
  if (!ours)
    db.execute(
        "CREATE TABLE im_schema_version (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())");
  const auto there = number_of(db, "SELECT coalesce(max(version), 0) FROM im_schema_version");
  if (there > newest)
    throw store_failure{unavailable("the PostgreSQL database has schema version " + std::to_string(there) +
                                    ", this program knows " + std::to_string(newest) + "; use a newer one")};
  if (there < newest) lock(lock_of_writers);  // nothing is written between the fold of the log and the new tables
  statement applied{db, "INSERT INTO im_schema_version (version) VALUES (?1)"};
  IM_ASSERT(there >= 0);
  for (auto version = there; version < newest; ++version) {
    db.execute(migrations[static_cast<std::size_t>(version)]);
    applied.run(version + 1);
  }
  if (schema::needs_fold(there)) db.execute(schema::remember_fold);
  all.commit();
}

}  // namespace

void migrate(connection& db) {
  take_steps(db);
  while (pack_some(db)) {
  }
}

}  // namespace im::ruvector::postgres
