#include "persistence/ruvector/sqlite_recovery.hpp"

#include <system_error>

#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/sqlite_file.hpp"

namespace im::ruvector::sqlite {

namespace fs = std::filesystem;

namespace {

/// Whether the last run ended cleanly. The note is gone afterwards: a run that fails or is killed must not find it.
bool take_clean_end(const fs::path& database) {
  std::error_code failed;
  const bool was_there = fs::remove(clean_end(database), failed);
  if (failed)
    throw sqlite_failure{SQLITE_CANTOPEN, "cannot remove " + clean_end(database).string() + ": " + failed.message()};
  return was_there;
}

bool log_is_empty(const fs::path& database) {
  std::error_code failed;
  const auto size = fs::file_size(beside(database, "-wal"), failed);
  return failed ? failed == std::errc::no_such_file_or_directory : size == 0;
}

/// Its index of the log is its own and new, so it copies every page.
std::string copy_alone(const fs::path& database, milliseconds wait) {
  connection alone{database.string(), open_mode::exclusive, limits::page_cache_kb / 2, wait};
  alone.execute("PRAGMA synchronous=FULL");
  int in_log = 0;
  const int code = sqlite3_wal_checkpoint_v2(alone.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &in_log, nullptr);
  switch (fault_of(code, sqlite3_system_errno(alone.handle()))) {
    case fault::none:
      if (in_log == 0) return {};
      throw sqlite_failure{SQLITE_CANTOPEN, "SQLite did not take over the write-ahead log"};
    case fault::full: return std::string{"checkpoint failed: "} + sqlite3_errstr(code);
    case fault::busy:
    case fault::unreadable:
    case fault::io:
    case fault::damage:
    case fault::other: break;
  }
  alone.fail(code, "copy the write-ahead log into the database");
}

}  // namespace

std::string recover_log(const fs::path& database, milliseconds wait) {
  if (take_clean_end(database) || log_is_empty(database)) return {};
  try {
    return copy_alone(database, wait);
  } catch (const sqlite_failure& f) {
    if (f.kind() != fault::busy) throw;
  }
  throw sqlite_failure{
      SQLITE_BUSY,
      "the last run did not end cleanly, and its write-ahead log cannot be copied while another process has " +
          database.string() + " open: wait until a backup or check ends, or end that process, then start again"};
}

void note_clean_end(const fs::path& database) noexcept {
  try {
    create_private(clean_end(database));
  } catch (const std::exception&) {  // the next start recovers
  }
}

}  // namespace im::ruvector::sqlite
