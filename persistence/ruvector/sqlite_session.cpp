#include "persistence/ruvector/sqlite_session.hpp"

#include "persistence/ruvector/care.hpp"
#include "persistence/ruvector/limits.hpp"

namespace im::ruvector::sqlite {

session::session(const std::string& file, checkpoint_steps steps, std::string unrecovered)
    : db_{file, open_mode::read_write, limits::page_cache_kb},
      tables_{db_},
      records_{db_},
      checkpointer_{file, db_, steps, std::move(unrecovered)},
      begin_{db_, "BEGIN IMMEDIATE"},
      commit_{db_, "COMMIT"},
      newest_row_{db_, "SELECT max(row) FROM decision_events"},
      data_version_{db_, "PRAGMA data_version"} {
  db_.execute("PRAGMA synchronous=FULL");
  db_.execute("PRAGMA recursive_triggers=ON");
}

std::optional<std::int64_t> session::begin() {
  begin_.run();
  // Another process may have written.
  const auto version = data_version_.first([](row r) { return r.integer(0); }).value_or(0);
  if (version == seen_version_) return std::nullopt;
  seen_version_ = version;
  return newest_row_.first([](row r) { return r.integer(0); }).value_or(0);
}

void session::commit() {
  checkpointer_.expect_recovered();
  try {
    commit_.run();
  } catch (const sqlite_failure& f) {
    const bool index_failed = f.code() == SQLITE_IOERR_SHMSIZE;
    const bool wrote_no_commit = f.kind() == fault::busy || (f.kind() == fault::full && !index_failed);
    if (wrote_no_commit) throw;
    // The commit may be in the log, and the next start may find it there: SQLite grows the index of the log after it synced the commit.
    if (f.stops_the_store() || f.kind() == fault::unreadable) unconfirmed_and_stopped(f.what());
    // Nobody has seen it, and the next commit overwrites it: the index says where the log ends.
    unconfirmed(f.what());
  }
  if (checkpointer_.is_stopped()) unconfirmed_and_stopped("the store was stopped meanwhile");
}

void session::rollback() noexcept {
  seen_version_ = -1;
  // SQLite ends a transaction itself on some failures, and a failed rollback leaves nothing to be done.
  if (db_.in_transaction()) sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void session::probe() {
  // SQLite writes the page even where the number stays the same.
  const auto version = statement{db_, "PRAGMA user_version"}.first([](row r) { return r.integer(0); }).value_or(0);
  db_.execute(("PRAGMA user_version=" + std::to_string(version)).c_str());
}

check_report session::rebuild() { return ruvector::rebuild<driver>(db_, tables_); }

}  // namespace im::ruvector::sqlite
