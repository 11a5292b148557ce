#pragma once
/// Packs the log of a store of schema versions before 6: its entries move from the table `unpacked_events` into `decision_events`, a
/// bounded number in each transaction. The pages that they leave are used again; the file does not shrink. Internal to the SQLite store.

#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

[[nodiscard]] bool is_being_packed(connection& db);

/// One transaction of it. False: all is done, the table of before is gone, and what protects the log is there again.
[[nodiscard]] bool pack_some(connection& db);

}  // namespace im::ruvector::sqlite
