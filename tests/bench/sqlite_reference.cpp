/// sqlite_reference STORE SCRATCH BATCH SECONDS [WHAT]: how many rows a second SQLite alone takes. Reads the rows of a store and
/// inserts them again and again into a new database at SCRATCH (the same disk, please), BATCH rows a transaction, in WAL mode with
/// full synchronisation. WHAT:
///   log       the log's rows, into a table with nothing but its row number; this is what is done when nothing is said
///   keys      the same, each with what the store's laws ask for: a unique id, a unique place in its incident, a unique request
///   openings  all rows that an opened incident is (of the log, of its request, of the list), into tables without a key
///   schema    the same, into the store's own tables, with their indexes and triggers
/// Prints one JSON object.

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tests/bench/law_keys.hpp"

namespace {

using clock_type = std::chrono::steady_clock;
using database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using query = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;
using blob = std::vector<unsigned char>;
using value = std::variant<std::monostate, std::int64_t, std::string, blob>;
using row = std::vector<value>;

constexpr std::size_t most_rows = 50'000;  // of each table

[[noreturn]] void fail(sqlite3* db) { throw std::runtime_error{sqlite3_errmsg(db)}; }

database open(const char* path, int flags) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path, &db, flags, nullptr);
  database owned{db, sqlite3_close};
  if (code != SQLITE_OK) fail(db);
  return owned;
}

query prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail(db);
  return {statement, sqlite3_finalize};
}

void execute(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(db);
}

value column(sqlite3_stmt* s, int i) {
  switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(s, i);
    case SQLITE_TEXT: return std::string{reinterpret_cast<const char*>(sqlite3_column_text(s, i))};
    case SQLITE_BLOB: {
      const auto* bytes = static_cast<const unsigned char*>(sqlite3_column_blob(s, i));
      return blob(bytes, bytes + sqlite3_column_bytes(s, i));
    }
    default: return std::monostate{};
  }
}

std::vector<row> read_rows(sqlite3* store, const std::string& sql) {
  const auto all = prepare(store, sql + " LIMIT " + std::to_string(most_rows));
  std::vector<row> rows;
  while (sqlite3_step(all.get()) == SQLITE_ROW) {
    row r;
    for (int i = 0; i < sqlite3_column_count(all.get()); ++i) r.push_back(column(all.get(), i));
    rows.push_back(std::move(r));
  }
  if (rows.empty()) throw std::runtime_error{"the store is empty"};
  return rows;
}

void bind(sqlite3_stmt* s, const row& r) {
  int at = 0;
  for (const auto& v : r) {
    ++at;
    if (const auto* n = std::get_if<std::int64_t>(&v))
      sqlite3_bind_int64(s, at, *n);
    else if (const auto* text = std::get_if<std::string>(&v))
      sqlite3_bind_text(s, at, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
    else if (const auto* bytes = std::get_if<blob>(&v))
      sqlite3_bind_blob(s, at, bytes->data(), static_cast<int>(bytes->size()), SQLITE_STATIC);
    else
      sqlite3_bind_null(s, at);
  }
}

void run(sqlite3* db, sqlite3_stmt* s, const row& r) {
  bind(s, r);
  if (sqlite3_step(s) != SQLITE_DONE) fail(db);
  sqlite3_reset(s);
}

/// A table to be written to, with the rows that go there, and how many of them at a time.
struct table {
  std::vector<row> rows;
  query insert;
  std::size_t together = 1;
  std::size_t next = 0;
};

/// The ids of a row in another round, so that they are new, and as near to their neighbours as they were.
void renew(row& r, std::uint32_t round) {
  for (auto& v : r)
    if (auto* id = std::get_if<blob>(&v)) std::memcpy(id->data() + id->size() - sizeof round, &round, sizeof round);
}

/// Writes rows into new tables of a new database.
class target {
public:
  target(sqlite3* store, const char* path)
      : store_{store}, db_{open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)} {
    execute(db_.get(), "PRAGMA journal_mode=WAL");
    execute(db_.get(), "PRAGMA synchronous=FULL");
  }

  /// A table of the store without keys. The log's own row number is its key there, so it is left to be given anew.
  void add_plain(const std::string& name, const std::string& order, std::size_t together, bool numbered) {
    auto rows = rows_of(name, order, numbered);
    const std::string called = numbered ? "log" : name;
    std::string create = "CREATE TABLE " + called + " (row INTEGER PRIMARY KEY";
    if (numbered) create += ", id, incident, sequence";
    for (std::size_t i = numbered ? 3 : 0; i < rows.front().size(); ++i) create += ", c" + std::to_string(i);
    execute(db_.get(), (create + ")").c_str());
    add(called, std::move(rows), together, true);
  }

  /// A table as it is in the store, with all that belongs to it.
  void add_whole(const std::string& name, const std::string& order, std::size_t together, bool numbered) {
    const auto parts = prepare(store_, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name = '" + name +
                                           "' ORDER BY type = 'table' DESC");
    while (sqlite3_step(parts.get()) == SQLITE_ROW)
      execute(db_.get(), reinterpret_cast<const char*>(sqlite3_column_text(parts.get(), 0)));
    auto rows = rows_of(name, order, numbered);
    add(name, std::move(rows), together, numbered);
  }

  void add_law_keys() {
    execute(db_.get(), im::bench::law_keys);
    insert_key_ = prepare(db_.get(), im::bench::insert_request);
  }

  /// `batch` rows or a few more, in one transaction; how many.
  std::size_t commit(std::size_t batch) {
    execute(db_.get(), "BEGIN IMMEDIATE");
    std::size_t done = 0;
    while (done < batch)
      for (auto& t : tables_)
        for (std::size_t i = 0; i < t.together; ++i, ++done) {
          auto& r = t.rows[t.next % t.rows.size()];
          renew(r, static_cast<std::uint32_t>(t.next++ / t.rows.size()));
          run(db_.get(), t.insert.get(), r);
          if (insert_key_) run(db_.get(), insert_key_.get(), {r.front()});
        }
    execute(db_.get(), "COMMIT");
    return done;
  }

private:
  [[nodiscard]] std::vector<row> rows_of(const std::string& name, const std::string& order, bool numbered) {
    auto rows = read_rows(store_, "SELECT * FROM " + name + " ORDER BY " + order);
    if (numbered)
      for (auto& r : rows) r.erase(r.begin());
    return rows;
  }

  void add(const std::string& name, std::vector<row> rows, std::size_t together, bool numbered) {
    std::string sql = "INSERT INTO " + name + " VALUES (";
    if (numbered) sql += "NULL, ";
    for (std::size_t i = 0; i < rows.front().size(); ++i) sql += i == 0 ? "?" : ", ?";
    auto insert = prepare(db_.get(), sql + ")");
    tables_.push_back({std::move(rows), std::move(insert), together});
  }

  sqlite3* store_;
  database db_;
  std::vector<table> tables_;
  query insert_key_{nullptr, sqlite3_finalize};
};

/// An opened incident is two entries of the log, the request of the first, and a line of the list.
void add_openings(target& to, void (target::*add)(const std::string&, const std::string&, std::size_t, bool)) {
  (to.*add)("decision_events", "row", 2, true);
  (to.*add)("requests", "event_row", 1, false);
  (to.*add)("incidents", "incident_id", 1, false);
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string_view what = argc == 6 ? argv[5] : "log";
  const bool of_log = what == "log" || what == "keys";
  if ((argc != 5 && argc != 6) || (!of_log && what != "openings" && what != "schema")) {
    std::fprintf(stderr, "usage: sqlite_reference STORE SCRATCH BATCH SECONDS [log|keys|openings|schema]\n");
    return 2;
  }
  const auto store = open(argv[1], SQLITE_OPEN_READONLY);
  target to{store.get(), argv[2]};
  if (of_log)
    to.add_plain("decision_events", "row", 1, true);
  else
    add_openings(to, what == "schema" ? &target::add_whole : &target::add_plain);
  if (what == "keys") to.add_law_keys();
  const auto batch = std::stoul(argv[3]);
  const std::chrono::duration<double> longest{std::stod(argv[4])};
  std::size_t done = 0;
  const auto began = clock_type::now();
  while (clock_type::now() - began < longest) done += to.commit(batch);
  const std::chrono::duration<double> took = clock_type::now() - began;
  std::printf("{\"rows\":%zu,\"seconds\":%.3f,\"rows_per_second\":%.1f,\"batch\":%lu}\n", done, took.count(),
              static_cast<double>(done) / took.count(), batch);
} catch (const std::exception& e) {
  std::fprintf(stderr, "sqlite_reference: %s\n", e.what());
  return 1;
}
