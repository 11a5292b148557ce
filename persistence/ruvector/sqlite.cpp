#include "persistence/ruvector/sqlite.hpp"

#include <algorithm>
#include <cerrno>

#include "persistence/ruvector/limits.hpp"

namespace im::ruvector::sqlite {

namespace {

/// What an operator can do about a failure of this kind; may be empty.
std::string_view advice(int code, int system_error) {
  switch (fault_of(code, system_error)) {
    case fault::full: return "the disk of the database is full: make room, and writing goes on by itself";
    case fault::io: return "the disk of the database failed: look at the system's log and at the disk";
    case fault::unreadable:
      return "the disk cannot read a part of the database: look at the system's log and at the disk; "
             "`ruvector-service check` tells what is damaged, `ruvector-service restore FILE` puts a backup in its "
             "place";
    case fault::damage:
      return "the database is damaged: `ruvector-service check` tells where, `ruvector-service restore FILE` puts a "
             "backup in its place";
    case fault::busy: return "another process holds the database";
    case fault::none:
    case fault::other: break;
  }
  const int kind = code & 0xff;
  return kind == SQLITE_READONLY || kind == SQLITE_PERM ? "the database and its folder must be writable by this user"
                                                        : std::string_view{};
}

error error_of(int code, std::string text, int system_error) {
  if (const auto help = advice(code, system_error); !help.empty()) text.append("; ").append(help);
  if (fault_of(code, system_error) == fault::unreadable) return {errc::damaged, std::move(text)};
  switch (code & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG: return {errc::internal, std::move(text)};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return {errc::damaged, std::move(text)};
    default: return unavailable(std::move(text));
  }
}

/// SQLite counts the bytes it holds under a mutex of its own, at every allocation; nobody asks for that number. Takes effect
/// only before its first use.
void configure_once() {
  static const int told = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(told);
}

}  // namespace

fault fault_of(int code, int system_error) noexcept {
  switch (code) {
    case SQLITE_IOERR_READ:
    case SQLITE_IOERR_SHORT_READ: return fault::unreadable;
    case SQLITE_IOERR_SHMSIZE: return fault::full;  // the index of the log, which every start makes anew, cannot grow
    case SQLITE_IOERR_WRITE:
      if (system_error == EDQUOT || system_error == ENOSPC) return fault::full;
      break;
    default: break;
  }
  switch (code & 0xff) {
    case SQLITE_OK: return fault::none;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fault::busy;
    case SQLITE_FULL: return fault::full;
    case SQLITE_IOERR: return fault::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return fault::damage;
    default: return fault::other;
  }
}

sqlite_failure::sqlite_failure(int code, const std::string& what, int system_error)
    : store_failure{error_of(code, what, system_error)}, code_{code}, kind_{fault_of(code, system_error)} {
  switch (kind_) {
    case fault::unreadable:
    case fault::damage: note_damage(); break;
    case fault::io: note_stop(); break;
    case fault::none:
    case fault::busy:
    case fault::full:
    case fault::other: break;
  }
}

connection::connection(const std::string& file, open_mode mode, int cache_kb, milliseconds wait) {
  configure_once();
  const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (mode == open_mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &db, flags, nullptr);
  db_.reset(db);
  if (code != SQLITE_OK) fail(code, "open the database");
  sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_wal_autocheckpoint(db, 0);  // it would tell nobody that it failed
  sqlite3_busy_timeout(db, static_cast<int>(wait.count()));
  // Before the first read: SQLite then keeps the index of the log in this connection alone.
  if (mode == open_mode::exclusive) execute("PRAGMA locking_mode=EXCLUSIVE");
  execute("PRAGMA temp_store=FILE");     // a check sorts the whole log
  execute("PRAGMA cell_size_check=ON");  // a damaged page is met where it is read first, not where it does harm
  execute(("PRAGMA cache_size=-" + std::to_string(cache_kb)).c_str());
}

void connection::execute(const char* sql) {
  if (const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code, sql);
}

bool connection::has_moved() const noexcept {
  int moved = 0;
  return sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

void connection::fail(int code, std::string_view doing) const {
  std::string text = "SQLite could not ";
  text.append(doing.substr(0, doing.find('\n'))).append(": ").append(sqlite3_errstr(code));
  if (db_ && sqlite3_errcode(db_.get()) != SQLITE_OK) text.append(" (").append(sqlite3_errmsg(db_.get())).append(")");
  throw sqlite_failure{code, text, db_ ? sqlite3_system_errno(db_.get()) : 0};
}

void connection::use_write_ahead_log() {
  const auto mode = statement{*this, "PRAGMA journal_mode=WAL"}.first([](row r) { return std::string{r.text(0)}; });
  if (mode != "wal") throw sqlite_failure{SQLITE_CANTOPEN, "the database takes no write-ahead log"};
}

std::string_view row::text(int i) const noexcept {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(s_, i));
  return bytes == nullptr ? std::string_view{}
                          : std::string_view{bytes, static_cast<std::size_t>(sqlite3_column_bytes(s_, i))};
}

std::string_view row::bytes(int i) const noexcept {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(s_, i));
  return bytes == nullptr ? std::string_view{}
                          : std::string_view{bytes, static_cast<std::size_t>(sqlite3_column_bytes(s_, i))};
}

uuid row::id(int i) const {
  uuid::bytes_type bytes{};
  const auto* blob = static_cast<const std::uint8_t*>(sqlite3_column_blob(s_, i));
  if (blob == nullptr || sqlite3_column_bytes(s_, i) != static_cast<int>(bytes.size())) return {};
  std::copy_n(blob, bytes.size(), bytes.begin());
  return uuid{bytes};
}

statement::statement(connection& db, std::string_view sql) : db_{&db} {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(db.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                      &made, nullptr);
  stmt_.reset(made);
  if (code != SQLITE_OK) db.fail(code, sql);
}

void statement::bind_one(int index, std::nullopt_t) { check_bound(sqlite3_bind_null(stmt_.get(), index)); }

void statement::bind_one(int index, std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  check_bound(sqlite3_bind_text64(stmt_.get(), index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                                  SQLITE_UTF8));
}

void statement::bind_one(int index, const uuid& id) {
  check_bound(
      sqlite3_bind_blob(stmt_.get(), index, id.bytes().data(), static_cast<int>(id.bytes().size()), SQLITE_STATIC));
}

void statement::bind_one(int index, const packed_document& document) {
  check_bound(sqlite3_bind_blob64(stmt_.get(), index, document.bytes.data(), document.bytes.size(), SQLITE_STATIC));
}

void statement::bind_number(int index, std::int64_t value) {
  check_bound(sqlite3_bind_int64(stmt_.get(), index, value));
}

void statement::check_bound(int code) const {
  if (code != SQLITE_OK) db_->fail(code, sqlite3_sql(stmt_.get()));
}

bool statement::step() {
  const int code = sqlite3_step(stmt_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) db_->fail(code, sqlite3_sql(stmt_.get()));
  return false;
}

transaction::~transaction() {
  // SQLite ends a transaction itself on some failures, and a failed rollback leaves nothing to be done.
  if (db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

connection driver::connect_reader(const source& file) {
  return connection{file, open_mode::read_only, limits::page_cache_kb / 2};
}

void driver::inspect(connection& db, const std::function<void(std::string)>& problem) {
  statement{db, "PRAGMA integrity_check(20)"}.each([&](row r) {
    if (r.text(0) != "ok") problem("SQLite: " + std::string{r.text(0)});
  });
}

void driver::inspect_links(connection& db, const std::function<void(std::string)>& problem) {
  statement{db,
            "SELECT e.row FROM decision_events e LEFT JOIN decision_events p ON p.row = e.previous_row"
            " WHERE e.previous_row IS NOT NULL AND (p.row IS NULL OR p.incident_id IS NOT e.incident_id"
            " OR p.sequence IS NOT e.sequence - 1) LIMIT ?1"}
      .each(
          [&](row r) {
            problem("row " + std::to_string(r.integer(0)) + " of the log names a row that is not before it");
          },
          limits::problems_reported);
}

}  // namespace im::ruvector::sqlite
