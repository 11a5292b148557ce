#pragma once
/// SQLite as the references use it, and the rows of a real store, to be written again and again by who does nothing else.
/// What fails throws.

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "persistence/ruvector/checkpointer.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::bench {

using database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using query = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;
using blob = std::vector<unsigned char>;
using value = std::variant<std::monostate, std::int64_t, std::string, blob>;
using row = std::vector<value>;

inline constexpr std::size_t most_rows = 50'000;  ///< of a table are read

[[nodiscard]] database open_store(const char* path);
/// Made if it is not there; with a write-ahead log and full synchronisation.
[[nodiscard]] database open_target(const char* path);
[[nodiscard]] query prepare(sqlite3* db, const std::string& sql);
void execute(sqlite3* db, const char* sql);
/// Binds and runs to the end. `r` must live as long.
void run(sqlite3* db, sqlite3_stmt* s, const row& r);
/// At least one, or it fails.
[[nodiscard]] std::vector<row> read_rows(sqlite3* store, const std::string& sql);
/// The ids of a row in another round, so that they are new, and as near to their neighbours as they were.
void renew(row& r, std::uint32_t round);

/// Writes what a store wrote of its log, request by request, into another one's tables and with all that the store does to write
/// fast; from the beginning, with other ids, when it has written all. It judges nothing, knows no state and writes no snapshots.
class store_replay {
public:
  store_replay(const char* store, const char* to);

  struct written {
    std::size_t rows = 0;
    std::size_t requests = 0;  ///< that the rows cover
  };

  void begin() { db_.execute("BEGIN IMMEDIATE"); }
  /// The entries of the log that the next request led to, the request, and the incident's line in the list. In a transaction.
  written write_next();
  void commit() {
    db_.execute("COMMIT");
    checkpointer_.finish_if_asked();
  }

private:
  struct unit {
    std::vector<row> entries;
    std::vector<row> requests;
    row line;  // to insert; or, if there is one already, what changes of it
    bool opens = false;
  };

  void read(sqlite3* store);

  ruvector::sqlite::connection db_;
  ruvector::sqlite::checkpointer checkpointer_;
  std::vector<unit> units_;
  query insert_entry_{nullptr, sqlite3_finalize};
  query insert_request_{nullptr, sqlite3_finalize};
  query insert_line_{nullptr, sqlite3_finalize};
  query update_line_{nullptr, sqlite3_finalize};
  std::int64_t rows_ = 0;  // of the log that is written again
  std::size_t next_ = 0;
};

}  // namespace im::bench
