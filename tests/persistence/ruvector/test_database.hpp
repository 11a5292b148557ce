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

}  // namespace im::ruvector::test
