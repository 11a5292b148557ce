/// sqlite_reference STORE SCRATCH BATCH WARMUP SECONDS WHAT: how many rows a second SQLite alone takes, WARMUP seconds after it began.
/// Reads the rows of a store and inserts them again and again into a new database at SCRATCH (the same disk, please), BATCH rows a
/// transaction, in WAL mode with full synchronisation. WHAT:
///   openings  all rows that an opened incident is (of the log, of its request, of the list), into tables without a key
///   store     all that the store wrote, request by request, into another store's tables, as the store writes
/// Prints one JSON object.

#include <chrono>
#include <cstdio>
#include <string_view>

#include "tests/bench/sqlite_rows.hpp"

namespace {

using namespace im::bench;
using clock_type = std::chrono::steady_clock;
using written = store_replay::written;

/// A table without keys, with the rows that go there, and how many of them at a time.
struct table {
  std::vector<row> rows;
  query insert;
  std::size_t together = 1;
  std::size_t next = 0;
};

/// Writes rows into new tables that have nothing but them.
class plain_tables {
public:
  plain_tables(sqlite3* store, const char* path) : store_{store}, db_{open_target(path)} {}

  void add(const std::string& name, const std::string& order, std::size_t together) {
    auto rows =
        read_rows(store_, "SELECT * FROM " + name + " ORDER BY " + order + " LIMIT " + std::to_string(most_rows));
    std::string create = "CREATE TABLE " + name + " (place INTEGER PRIMARY KEY";
    std::string insert = "INSERT INTO " + name + " VALUES (NULL";
    for (std::size_t i = 0; i < rows.front().size(); ++i) {
      create += ", c" + std::to_string(i);
      insert += ", ?";
    }
    execute(db_.get(), (create + ")").c_str());
    tables_.push_back({std::move(rows), prepare(db_.get(), insert + ")"), together});
  }

  /// `batch` rows or a few more, in one transaction.
  written commit(std::size_t batch) {
    execute(db_.get(), "BEGIN IMMEDIATE");
    written done;
    while (done.rows < batch)
      for (auto& t : tables_)
        for (std::size_t i = 0; i < t.together; ++i, ++done.rows) {
          auto& r = t.rows[t.next % t.rows.size()];
          renew(r, static_cast<std::uint32_t>(t.next++ / t.rows.size()));
          run(db_.get(), t.insert.get(), r);
        }
    execute(db_.get(), "COMMIT");
    return done;
  }

private:
  sqlite3* store_;
  database db_;
  std::vector<table> tables_;
};

written commit(store_replay& to, std::size_t batch) {
  to.begin();
  written done;
  while (done.rows < batch) {
    const auto one = to.write_next();
    done.rows += one.rows;
    done.requests += one.requests;
  }
  to.commit();
  return done;
}

/// Commits for so many seconds; what they took.
template <class Commit>
std::chrono::duration<double> commit_for(double seconds, Commit&& commit_some, written& all) {
  const auto began = clock_type::now();
  std::chrono::duration<double> took{0};
  while (took.count() < seconds) {
    const written some = commit_some();
    all.rows += some.rows;
    all.requests += some.requests;
    took = clock_type::now() - began;
  }
  return took;
}

template <class Commit>
void measure(Commit&& commit_some, double warmup, double seconds) {
  written unmeasured;
  (void)commit_for(warmup, commit_some, unmeasured);
  written all;
  const auto took = commit_for(seconds, commit_some, all);
  std::printf("{\"rows\":%zu,\"seconds\":%.3f,\"rows_per_second\":%.1f,\"requests_per_second\":%.1f}\n", all.rows,
              took.count(), static_cast<double>(all.rows) / took.count(),
              static_cast<double>(all.requests) / took.count());
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string_view what = argc == 7 ? argv[6] : "";
  if (what != "openings" && what != "store") {
    std::fprintf(stderr, "usage: sqlite_reference STORE SCRATCH BATCH WARMUP SECONDS openings|store\n");
    return 2;
  }
  const auto batch = std::stoul(argv[3]);
  const auto warmup = std::stod(argv[4]);
  const auto seconds = std::stod(argv[5]);
  if (what == "store") {
    store_replay to{argv[1], argv[2]};
    measure([&] { return commit(to, batch); }, warmup, seconds);
    return 0;
  }
  const auto store = open_store(argv[1]);
  plain_tables to{store.get(), argv[2]};
  // An opened incident is two entries of the log, the request of the first, and a line of the list.
  to.add("decision_events", "row", 2);
  to.add("requests", "event_row", 1);
  to.add("incidents", "incident_id", 1);
  measure([&] { return to.commit(batch); }, warmup, seconds);
} catch (const std::exception& e) {
  std::fprintf(stderr, "sqlite_reference: %s\n", e.what());
  return 1;
}
