#pragma once
/// Folds the whole log again: to write the projections anew, or to compare them. Internal to the SQLite store.

#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector::sqlite {

/// Inside a transaction of the caller. What cannot be folded throws, so that a broken log never replaces good projections.
[[nodiscard]] check_report rebuild(connection& db);

/// Reads everything, in one read transaction of its own.
[[nodiscard]] check_report check(connection& db);

}  // namespace im::ruvector::sqlite
