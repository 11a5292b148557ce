#pragma once
/// What a run leaves in the write-ahead log, and how the next start takes it over. Internal to the SQLite store.
///
/// After a sync failed, the system may show pages that the disk does not hold, and no later sync writes them. Pages of the log: what is
/// committed next must not stand behind them. Pages of the database: an earlier checkpoint counts them as copied, in an index of the log
/// that lives as long as any process has the database open, so that no later checkpoint copies them again.

#include <filesystem>
#include <string>

#include "messages/time.hpp"

namespace im::ruvector::sqlite {

/// Before this process opens the database otherwise. Writes the log to the disk again, copies all of it into the database and empties it,
/// while nobody else has the database open. Does nothing where the log is empty or the last run ended with `note_clean_end`.
/// Empty: done. Else why the copy had no room: nothing may be acknowledged until a checkpoint copied all. Throws sqlite_failure, also
/// where another process has the database open for all of `wait`.
[[nodiscard]] std::string recover_log(const std::filesystem::path& database, milliseconds wait);

/// The run ends without a failure of the disk: what it leaves in the log needs no recovery. If this cannot be noted, the next start
/// recovers.
void note_clean_end(const std::filesystem::path& database) noexcept;

}  // namespace im::ruvector::sqlite
