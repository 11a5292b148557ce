#pragma once
/// What the store's three laws ask of any log: a unique id, a unique place in its incident, and one effect a request.

namespace im::bench {

/// Of a table `log (row INTEGER PRIMARY KEY, id, incident, sequence, …)`.
inline constexpr const char* law_keys = R"sql(
CREATE UNIQUE INDEX log_id ON log (id);
CREATE UNIQUE INDEX log_place ON log (incident, sequence);
CREATE TABLE requests (key BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID;
)sql";
inline constexpr const char* insert_request = "INSERT INTO requests VALUES (?, last_insert_rowid())";

}  // namespace im::bench
