#pragma once
/// The tables of the SQLite store, and how a file of an older version comes to them. Internal to the SQLite store.

#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

/// `stored`: what is there must be ours. `made_here`: the file is new, and empty.
enum class schema_origin { stored, made_here };

/// Brings the file to the newest schema, and what it keeps beside the log, in one transaction. Refuses a file of a newer program, or of another one.
void migrate(connection& db, schema_origin origin = schema_origin::stored);

/// Refuses a file that is of another program, or whose schema this one does not know; reads only.
void expect_ours(connection& db);

/// Also one that `migrate` would change.
void expect_current(connection& db);

}  // namespace im::ruvector::sqlite
