#pragma once
/// The tables of the PostgreSQL store, and how a database of an older version comes to them. Internal to the PostgreSQL store.

#include "persistence/ruvector/postgres.hpp"

namespace im::ruvector::postgres {

/// Brings the database to the newest schema, and what it keeps beside the log, in one transaction; who starts at the same time waits for it. Refuses a
/// database of a newer program, or with tables of another one.
void migrate(connection& db);

}  // namespace im::ruvector::postgres
