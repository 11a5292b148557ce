#pragma once
/// A database for one test, in either store: a test case over EACH_DATABASE runs once on each.

#include <catch2/generators/catch_generators.hpp>
#include <ostream>

#include "persistence/ruvector/postgres_store.hpp"
#include "tests/persistence/ruvector/support.hpp"
#include "tests/support/temporary_postgres.hpp"

namespace im::ruvector::test {

enum class database_kind : std::uint8_t { sqlite, postgres };

inline std::ostream& operator<<(std::ostream& to, database_kind kind) {
  return to << (kind == database_kind::sqlite ? "SQLite" : "PostgreSQL");
}

/// One cluster for the whole program, started when the first test asks for it.
inline im::test::temporary_postgres& cluster() {
  static im::test::temporary_postgres all;
  return all;
}

/// Empty at first.
class test_database {
public:
  explicit test_database(database_kind kind)
      : kind_{kind}, url_{kind == database_kind::postgres ? cluster().create_schema() : std::string{}} {}
  test_database(const test_database&) = delete;
  test_database& operator=(const test_database&) = delete;

  [[nodiscard]] database_kind kind() const { return kind_; }
  [[nodiscard]] bool is_postgres() const { return kind_ == database_kind::postgres; }
  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] const temp_dir& folder() const { return folder_; }

private:
  database_kind kind_;
  temp_dir folder_;
  std::string url_;
};

#define EACH_DATABASE GENERATE(database_kind::sqlite, database_kind::postgres)

inline std::unique_ptr<store> open_store(const test_database& in) {
  if (!in.is_postgres()) return open_store(in.folder());
  auto store = open_postgres_store(in.url());
  if (!store) throw std::runtime_error{store.error().message};
  return std::move(*store);
}

/// Runs SQL behind the store's back. What the database said; empty if nothing went wrong.
inline std::string sql(const test_database& in, const std::string& text) {
  return in.is_postgres() ? im::test::run_sql(in.url(), text) : sql(in.folder(), text);
}

/// Makes of a database, to which no gate was ever written, what it was before documents were packed: version 4 in PostgreSQL, 5 in SQLite.
inline std::string back_to_unpacked(const test_database& in) {
  if (!in.is_postgres()) return sql(in, back_to_version_5);
  std::string fill;
  const auto exported = open_store(in)->export_events(
      [&, row = 0](std::string_view document) mutable {
        fill += "UPDATE decision_events SET doc = $doc$" + std::string{document} +
                "$doc$ WHERE row = " + std::to_string(++row) + ';';
      },
      [](std::string_view) {});
  if (!exported) return exported.error().message;
  return sql(
      in,
      "DROP INDEX decision_events_id; DROP INDEX decision_events_log; DROP INDEX decision_events_time;"
      " ALTER TABLE decision_events RENAME TO packed_events;"
      " ALTER TABLE packed_events RENAME CONSTRAINT decision_events_pkey TO packed_pkey;"
      " CREATE TABLE decision_events (row bigint PRIMARY KEY, id uuid NOT NULL, incident_id uuid, sequence bigint,"
      " agent_id text NOT NULL, decision_type smallint NOT NULL, timestamp_ms bigint NOT NULL, actions integer NOT "
      "NULL,"
      " doc text NOT NULL); INSERT INTO decision_events SELECT row, id, incident_id, sequence,"
      " (SELECT agent_id FROM agents WHERE number = agent), decision_type, timestamp_ms, actions, '' FROM "
      "packed_events;"
      " DROP TABLE packed_events; DROP TABLE agents; ALTER TABLE incidents ADD COLUMN escalation_level integer NOT NULL"
      " DEFAULT 0, ADD COLUMN title text NOT NULL DEFAULT '', ADD COLUMN updated_ms bigint NOT NULL DEFAULT 0;" +
          fill +
          "CREATE UNIQUE INDEX decision_events_id ON decision_events (id);"
          " CREATE UNIQUE INDEX decision_events_log ON decision_events (incident_id, sequence);"
          " CREATE INDEX decision_events_time ON decision_events (timestamp_ms);"
          " CREATE TRIGGER decision_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_events"
          " FOR EACH STATEMENT EXECUTE FUNCTION im_refuse_change();"
          " DELETE FROM snapshots; ALTER TABLE snapshots ALTER COLUMN state TYPE text USING '';"
          " ALTER TABLE approvals ALTER COLUMN gate TYPE text USING '';"
          " DELETE FROM im_schema_version WHERE version > 4");
}

}  // namespace im::ruvector::test
