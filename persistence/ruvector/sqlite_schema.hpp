#pragma once
/// The tables of the SQLite store, and how a file of an older version comes to them. Internal to the SQLite store.

#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

/// `stored`: what is there must be ours. `made_here`: the file is new, and empty.
enum class schema_origin { stored, made_here };

/// Brings the file to the newest schema, in one transaction, and packs the log of an older store, in many: a migration that was
/// interrupted goes on with the next call. Refuses a file of a newer program, or of another one.
void migrate(connection& db, schema_origin origin = schema_origin::stored);

/// Refuses a file that is of another program, or whose schema this one does not know; reads only.
void expect_ours(connection& db);

/// Also one whose log an interrupted migration has packed in part.
void expect_packed(connection& db);

/// Also one that `migrate` would change.
void expect_current(connection& db);

}  // namespace im::ruvector::sqlite
