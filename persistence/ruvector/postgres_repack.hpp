#pragma once
/// Packs the log of a store of schema versions before 5: its entries are copied from the table `unpacked_events` into
/// `decision_events`, a bounded number in each transaction; then the table of before is dropped. Internal to the PostgreSQL store.

#include "persistence/ruvector/postgres.hpp"

namespace im::ruvector::postgres {

/// Rolls back what was not committed.
class transaction {
public:
  explicit transaction(connection& db) : db_{db} { db_.execute("BEGIN"); }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction() {
    try {
      if (db_.usable() && db_.in_transaction()) db_.execute("ROLLBACK");
    } catch (const store_failure&) {  // then its session ends, and the transaction with it
    }
  }
  void commit() { db_.execute("COMMIT"); }

private:
  connection& db_;
};

/// One transaction of it. False: all is done. Several services may do it together.
[[nodiscard]] bool pack_some(connection& db);

}  // namespace im::ruvector::postgres
