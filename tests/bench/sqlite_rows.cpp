#include "tests/bench/sqlite_rows.hpp"

#include <cstring>
#include <map>
#include <stdexcept>

#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/sqlite_store.hpp"

namespace im::bench {

namespace {

[[noreturn]] void fail(sqlite3* db) { throw std::runtime_error{sqlite3_errmsg(db)}; }

database open(const char* path, int flags) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path, &db, flags, nullptr);
  database owned{db, sqlite3_close};
  if (code != SQLITE_OK) fail(db);
  return owned;
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

constexpr std::size_t id_bytes = 16;

std::int64_t number(const value& v) { return std::get<std::int64_t>(v); }

/// `r` with its ids in another round and the row numbers at these columns moved on.
row in_round(row r, std::uint32_t round, std::int64_t rows, std::initializer_list<std::size_t> row_numbers) {
  renew(r, round);
  for (const auto i : row_numbers)
    if (auto* n = std::get_if<std::int64_t>(&r[i])) *n += rows * round;
  return r;
}

// Columns of decision_events, requests and incidents.
constexpr std::size_t entry_row = 0;
constexpr std::size_t entry_incident = 2;
constexpr std::size_t entry_sequence = 3;
constexpr std::size_t entry_previous_row = 8;
constexpr std::size_t request_row = 1;
constexpr std::size_t line_incident = 0;
constexpr std::size_t line_sequence = 1;

/// An empty store.
std::string made(const char* path) {
  auto store = ruvector::open_sqlite_store(path);
  if (!store) throw std::runtime_error{store.error().message};
  return path;
}

}  // namespace

database open_store(const char* path) { return open(path, SQLITE_OPEN_READONLY); }

database open_target(const char* path) {
  auto db = open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  execute(db.get(), "PRAGMA journal_mode=WAL");
  execute(db.get(), "PRAGMA synchronous=FULL");
  return db;
}

query prepare(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) fail(db);
  return {statement, sqlite3_finalize};
}

void execute(sqlite3* db, const char* sql) {
  if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(db);
}

void run(sqlite3* db, sqlite3_stmt* s, const row& r) {
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
  if (sqlite3_step(s) != SQLITE_DONE) fail(db);
  sqlite3_reset(s);
}

std::vector<row> read_rows(sqlite3* store, const std::string& sql) {
  const auto all = prepare(store, sql);
  std::vector<row> rows;
  while (sqlite3_step(all.get()) == SQLITE_ROW) {
    row r;
    for (int i = 0; i < sqlite3_column_count(all.get()); ++i) r.push_back(column(all.get(), i));
    rows.push_back(std::move(r));
  }
  if (rows.empty()) throw std::runtime_error{"the store is empty"};
  return rows;
}

void renew(row& r, std::uint32_t round) {
  for (auto& v : r)
    if (auto* id = std::get_if<blob>(&v); id != nullptr && id->size() == id_bytes)
      std::memcpy(id->data() + id->size() - sizeof round, &round, sizeof round);
}

store_replay::store_replay(const char* store, const char* to)
    : db_{made(to), ruvector::sqlite::open_mode::read_write, ruvector::limits::page_cache_kb},
      checkpointer_{to, db_, {}} {
  db_.execute("PRAGMA synchronous=FULL");
  checkpointer_.start({});
  read(open_store(store).get());
  const auto insert = [&](const std::string& table, std::size_t columns) {
    std::string sql = "INSERT INTO " + table + " VALUES (?";
    for (std::size_t i = 1; i < columns; ++i) sql += ", ?";
    return prepare(db_.handle(), sql + ")");
  };
  insert_entry_ = insert("decision_events", 10);
  insert_request_ = insert("requests", 3);
  insert_line_ = insert("incidents", 12);
  update_line_ = prepare(db_.handle(), "UPDATE incidents SET sequence = ?2 WHERE incident_id = ?1");
}

void store_replay::read(sqlite3* store) {
  auto entries = read_rows(store, "SELECT * FROM decision_events ORDER BY row LIMIT " + std::to_string(most_rows));
  rows_ = number(entries.back()[entry_row]);
  const auto upto = std::to_string(rows_);
  std::map<std::int64_t, std::vector<row>> requests;
  for (auto& r : read_rows(store, "SELECT * FROM requests WHERE event_row <= " + upto))
    requests[number(r[request_row])].push_back(std::move(r));
  std::map<value, row> lines;
  for (auto& r : read_rows(store,
                           "SELECT * FROM incidents WHERE incident_id IN (SELECT incident_id FROM decision_events"
                           " WHERE row <= " +
                               upto + ")"))
    lines.emplace(r[line_incident], std::move(r));
  for (auto& entry : entries) {
    const auto covers = requests.find(number(entry[entry_row]));
    if (covers != requests.end() || units_.empty()) {
      units_.emplace_back();
      if (covers != requests.end()) units_.back().requests = std::move(covers->second);
    }
    auto& u = units_.back();
    if (number(entry[entry_sequence]) == 1) {
      u.opens = true;
      u.line = lines.at(entry[entry_incident]);
    } else if (u.opens) {
      u.line[line_sequence] = entry[entry_sequence];
    } else {
      u.line = {entry[entry_incident], entry[entry_sequence]};
    }
    u.entries.push_back(std::move(entry));
  }
}

store_replay::written store_replay::write_next() {
  const auto& u = units_[next_ % units_.size()];
  const auto round = static_cast<std::uint32_t>(next_++ / units_.size());
  for (const auto& entry : u.entries)
    run(db_.handle(), insert_entry_.get(), in_round(entry, round, rows_, {entry_row, entry_previous_row}));
  for (const auto& request : u.requests)
    run(db_.handle(), insert_request_.get(), in_round(request, round, rows_, {request_row}));
  run(db_.handle(), u.opens ? insert_line_.get() : update_line_.get(), in_round(u.line, round, 0, {}));
  return {u.entries.size() + u.requests.size() + 1, u.requests.size()};
}

}  // namespace im::bench
