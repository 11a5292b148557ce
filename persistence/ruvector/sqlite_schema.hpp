#pragma once
/// The tables of the SQLite store, and how a file of an older version comes to them. Internal to the SQLite store.

#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

/// Brings the file to the newest schema, one transaction a step. Refuses a file of a newer program, or of another one.
void migrate(connection& db);

}  // namespace im::ruvector::sqlite
