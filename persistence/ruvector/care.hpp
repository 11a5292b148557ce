#pragma once
/// Folds the whole log again: to write the projections anew, or to compare them. For any database.

#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector {

/// Inside a transaction of the caller, in which `tables` writes. What cannot be folded throws, so that a broken log never
/// replaces good projections.
template <class Driver>
[[nodiscard]] check_report rebuild(typename Driver::connection& db, log_tables& tables);

/// Reads everything, in one read transaction of its own.
template <class Driver>
[[nodiscard]] check_report check(typename Driver::connection& db);

/// Follows the chain through every log, in one read transaction of its own.
template <class Driver>
[[nodiscard]] verify_report verify(typename Driver::connection& db);

/// Calls `take` for the document of every DecisionEvent, in the order of their commits. One that cannot be unpacked is reported to
/// `damage`, named, and left out.
template <class Driver>
void export_events(typename Driver::connection& db, const document_taker& take, const document_taker& damage);

}  // namespace im::ruvector
