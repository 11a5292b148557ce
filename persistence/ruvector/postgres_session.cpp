#include "persistence/ruvector/postgres_session.hpp"

#include <string>

#include "persistence/ruvector/care.hpp"
#include "persistence/ruvector/postgres_locks.hpp"

namespace im::ruvector::postgres {

session::session(address where)
    : db_{std::move(where), limits::statement_time},
      tables_{db_},
      records_{db_},
      begin_{db_, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
      lock_{db_, "SELECT pg_advisory_xact_lock(" + std::to_string(lock_of_writers) + ")"},
      newest_row_{db_, "SELECT max(row) FROM decision_events"} {}

std::optional<std::int64_t> session::begin() {
  for (bool fresh = false;;) {
    if (!db_.usable()) {
      db_.connect();
      fresh = true;
    }
    try {
      db_.pipeline(
          {{&begin_, {}, {}}, {&lock_, {}, {}}, {&newest_row_, {}, [&](const row& r) { begun_at_ = r.integer(0); }}});
      break;
    } catch (const store_failure&) {
      // A connection that was lost while it lay idle is nobody's failure: nothing has been done on it.
      if (fresh || db_.usable()) throw;
    }
  }
  if (left_at_ == begun_at_) return std::nullopt;
  return begun_at_;
}

void session::commit() {
  std::int64_t inserted = 0;
  try {
    inserted = tables_.commit();
  } catch (const store_failure& f) {
    if (!db_.usable()) unconfirmed(f.what());  // COMMIT went out with all that is written
    throw;
  }
  left_at_ = inserted != 0 ? inserted : begun_at_;
  tables_.clear();
  db_.wait_at_most(limits::statement_time);
}

void session::rollback() noexcept {
  left_at_.reset();
  tables_.clear();
  try {
    db_.wait_at_most(limits::statement_time);
    if (db_.usable() && db_.in_transaction()) db_.execute("ROLLBACK");
  } catch (const store_failure&) {  // then its session ends, and the transaction with it
  }
}

record_writer& session::records() {
  tables_.flush();
  return records_;
}

check_report session::rebuild() {
  tables_.flush();
  tables_.clear();                      // what is fetched tells of projections that will be gone
  db_.wait_at_most(limits::care_time);  // until the transaction ends, as in the server
  db_.execute(("SET LOCAL statement_timeout = " + std::to_string(limits::care_time.count())).c_str());
  return ruvector::rebuild<driver>(db_, tables_);
}

}  // namespace im::ruvector::postgres
