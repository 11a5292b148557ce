/// sqlite_reference STORE SCRATCH BATCH SECONDS [keys]: how many rows a second SQLite alone takes. Reads the rows of a store's log and
/// inserts them again and again into a new database at SCRATCH (the same disk, please), BATCH rows a transaction, in WAL mode with
/// full synchronisation, into a table with nothing but its row number. With `keys` each row also has what the store's laws ask for:
/// a unique id, a unique place in its incident, and a unique request; that is what no store of ours can do without.
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

constexpr std::size_t most_rows = 50'000;

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

/// The log without its row numbers: they are given anew.
std::vector<row> read_rows(const char* store) {
  const auto db = open(store, SQLITE_OPEN_READONLY);
  const auto all = prepare(db.get(), "SELECT * FROM decision_events ORDER BY row LIMIT " + std::to_string(most_rows));
  std::vector<row> rows;
  while (sqlite3_step(all.get()) == SQLITE_ROW) {
    row r;
    for (int i = 1; i < sqlite3_column_count(all.get()); ++i) r.push_back(column(all.get(), i));
    rows.push_back(std::move(r));
  }
  if (rows.empty()) throw std::runtime_error{"the store's log is empty"};
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

database fresh_table(const char* path, std::size_t columns) {
  auto db = open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  execute(db.get(), "PRAGMA journal_mode=WAL");
  execute(db.get(), "PRAGMA synchronous=FULL");
  std::string create = "CREATE TABLE log (row INTEGER PRIMARY KEY, id, incident, sequence";
  for (std::size_t i = 3; i < columns; ++i) create += ", c" + std::to_string(i);
  execute(db.get(), (create + ")").c_str());
  return db;
}

/// The columns of `decision_events` after its row number.
constexpr std::size_t id_column = 0, incident_column = 1;

/// The same ids in another round, so that they are new, and as near to their neighbours as they were.
void renew(row& r, std::uint32_t round) {
  for (const auto at : {id_column, incident_column})
    if (auto* id = std::get_if<blob>(&r[at])) std::memcpy(id->data() + id->size() - sizeof round, &round, sizeof round);
}

}  // namespace

int main(int argc, char** argv) try {
  const bool keys = argc == 6 && std::string_view{argv[5]} == "keys";
  if (argc != 5 && !keys) {
    std::fprintf(stderr, "usage: sqlite_reference STORE SCRATCH BATCH SECONDS [keys]\n");
    return 2;
  }
  auto rows = read_rows(argv[1]);
  const auto batch = std::stoul(argv[3]);
  const std::chrono::duration<double> longest{std::stod(argv[4])};
  const auto db = fresh_table(argv[2], rows.front().size());
  std::string sql = "INSERT INTO log VALUES (NULL";
  for (std::size_t i = 0; i < rows.front().size(); ++i) sql += ", ?";
  const auto insert = prepare(db.get(), sql + ")");
  if (keys) execute(db.get(), im::bench::law_keys);
  const auto insert_key = keys ? prepare(db.get(), im::bench::insert_request) : query{nullptr, sqlite3_finalize};
  std::size_t done = 0;
  const auto began = clock_type::now();
  while (clock_type::now() - began < longest) {
    execute(db.get(), "BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < batch; ++i) {
      auto& r = rows[done % rows.size()];
      if (keys) renew(r, static_cast<std::uint32_t>(done / rows.size()));
      ++done;
      run(db.get(), insert.get(), r);
      if (keys) run(db.get(), insert_key.get(), {r[id_column]});
    }
    execute(db.get(), "COMMIT");
  }
  const std::chrono::duration<double> took = clock_type::now() - began;
  std::printf("{\"rows\":%zu,\"seconds\":%.3f,\"rows_per_second\":%.1f,\"batch\":%lu}\n", done, took.count(),
              static_cast<double>(done) / took.count(), batch);
} catch (const std::exception& e) {
  std::fprintf(stderr, "sqlite_reference: %s\n", e.what());
  return 1;
}
