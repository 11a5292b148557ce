#include "persistence/ruvector/search_fill.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "messages/assert.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/postgres_locks.hpp"
#include "persistence/ruvector/postgres_tables.hpp"
#include "persistence/ruvector/search_words.hpp"
#include "persistence/ruvector/sqlite_tables.hpp"
#include "persistence/ruvector/state_loader.hpp"

namespace im::ruvector {

namespace {

struct backlog {
  std::int64_t next_row = 1;
  std::int64_t last_row = 0;
};

struct first_entry {
  std::int64_t row = 0;
  im::incident_id incident;
};

/// Rolls back unless committed. Services that start on one PostgreSQL database at once fill it in turn.
class fill_transaction {
public:
  explicit fill_transaction(sqlite::connection& db) : execute_{[&db](const char* sql) { db.execute(sql); }} {
    execute_("BEGIN IMMEDIATE");
  }
  explicit fill_transaction(postgres::connection& db) : execute_{[&db](const char* sql) { db.execute(sql); }} {
    execute_("BEGIN");
    postgres::statement{db, "SELECT 1 FROM pg_advisory_xact_lock(?1)"}.run(postgres::lock_of_migrations);
  }
  fill_transaction(const fill_transaction&) = delete;
  fill_transaction& operator=(const fill_transaction&) = delete;
  ~fill_transaction() {
    if (!committed_) try {
        execute_("ROLLBACK");
      } catch (const store_failure&) {  // then its connection ends, and the transaction with it
      }
  }
  void commit() {
    execute_("COMMIT");
    committed_ = true;
  }

private:
  std::function<void(const char*)> execute_;
  bool committed_ = false;
};

template <class Driver>
class filler {
public:
  using connection = typename Driver::connection;
  using statement = typename Driver::statement;
  using row = typename Driver::row;

  filler(connection& db, log_tables& tables)
      : tables_{tables},
        loader_{db},
        backlog_{db, "SELECT next_row, last_row FROM words_backlog"},
        first_entries_{db,
                       "SELECT row, incident_id FROM decision_events WHERE row BETWEEN ?1 AND ?2 AND sequence = 1"
                       " ORDER BY row"},
        advance_{db, "UPDATE words_backlog SET next_row = ?1"} {}

  /// False: nothing is left.
  bool step() {
    const auto left = backlog_.first([](row r) { return backlog{r.integer(0), r.integer(1)}; }).value_or(backlog{});
    if (left.next_row > left.last_row) return false;
    const auto end = std::min(left.last_row, left.next_row + static_cast<std::int64_t>(limits::filled_rows) - 1);
    std::vector<first_entry> found;
    first_entries_.each([&](row r) { found.push_back({r.integer(0), incident_id{r.id(1)}}); }, left.next_row, end);
    for (const auto& entry : found) write(entry);
    IM_ASSERT(end >= left.next_row);  // each step ends further on
    advance_.run(end + 1);
    return true;
  }

private:
  void write(const first_entry& entry) try {
    const auto state = loader_.load(entry.incident).state;
    if (!state.opened) return;  // its words come when it opens
    side_changes changes;
    changes.words = words_change{{}, words_of(state.record), entry.row};
    tables_.write(entry.incident, changes);
  } catch (const store_failure& f) {
    if (!f.is_damage()) throw;  // what is damaged cannot be read, so nothing finds it; `check` names it
  }

  log_tables& tables_;
  state_loader<Driver> loader_;
  statement backlog_;
  statement first_entries_;
  statement advance_;
};

void flush(sqlite::tables&) {}
void flush(postgres::tables& tables) { tables.flush(); }

}  // namespace

template <class Driver, class Tables>
void fill_words(typename Driver::connection& db) {
  Tables tables{db};
  filler<Driver> each{db, tables};
  for (bool more = true; more;) {
    fill_transaction all{db};
    more = each.step();
    flush(tables);
    all.commit();
  }
}

template void fill_words<sqlite::driver, sqlite::tables>(sqlite::connection&);
template void fill_words<postgres::driver, postgres::tables>(postgres::connection&);

}  // namespace im::ruvector
