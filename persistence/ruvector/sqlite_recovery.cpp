#include "persistence/ruvector/sqlite_recovery.hpp"

#include <algorithm>
#include <system_error>
#include <vector>

#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/sqlite_file.hpp"

namespace im::ruvector::sqlite {

namespace fs = std::filesystem;

namespace {

constexpr int rewritten_at_once = 1 << 16;  // the largest page: what every VFS takes at once

[[noreturn]] void refuse_log() { throw sqlite_failure{SQLITE_CANTOPEN, "SQLite did not open the write-ahead log"}; }

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

/// Pages that a failed sync lost are in the system's cache alone. Written again they reach the disk before the database changes: else a
/// power cut meanwhile could leave a part of a commit in the database, and the log would not hold the rest.
void write_log_again(connection& alone) {
  ::sqlite3_file* log = nullptr;
  sqlite3_file_control(alone.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
  if (log == nullptr || log->pMethods == nullptr) refuse_log();
  const auto expect_ok = [&](int code) {
    if (code != SQLITE_OK) alone.fail(code, "write the write-ahead log again");
  };
  sqlite3_int64 size = 0;
  expect_ok(log->pMethods->xFileSize(log, &size));
  std::vector<char> part(rewritten_at_once);
  for (sqlite3_int64 at = 0; at < size; at += rewritten_at_once) {
    const auto bytes = static_cast<int>(std::min<sqlite3_int64>(size - at, rewritten_at_once));
    expect_ok(log->pMethods->xRead(log, part.data(), bytes, at));
    expect_ok(log->pMethods->xWrite(log, part.data(), bytes, at));
  }
  expect_ok(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL));
}

/// Its index of the log is its own and new, so it copies every page.
std::string copy_alone(const fs::path& database, milliseconds wait) {
  connection alone{database.string(), open_mode::exclusive, limits::page_cache_kb / 2, wait};
  alone.execute("PRAGMA synchronous=FULL");
  write_log_again(alone);
  int in_log = 0;
  const int code = sqlite3_wal_checkpoint_v2(alone.handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &in_log, nullptr);
  switch (fault_of(code, sqlite3_system_errno(alone.handle()))) {
    case fault::none:
      if (in_log == 0) return {};
      refuse_log();
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
