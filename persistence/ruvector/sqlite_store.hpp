#pragma once
/// The embedded store: one SQLite file, write-ahead log, synchronous FULL.

#include <filesystem>
#include <memory>

#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// When the write-ahead log is copied into the database. Tests take small steps.
struct checkpoint_steps {
  std::size_t pages = limits::checkpoint_pages;      ///< in the log since the last copy,
  std::size_t commits = limits::checkpoint_commits;  ///< of at least so many commits
  std::size_t most_pages = limits::wal_pages_max;    ///< the writer helps where the log has more
  milliseconds retry = limits::checkpoint_retry;     ///< after a copy that failed
  milliseconds lock_wait = limits::busy_wait;        ///< of a start, for others that have the database open
};

/// Opens the file, made and migrated as needed, its folder too.
[[nodiscard]] result<std::unique_ptr<store>> open_sqlite_store(const std::filesystem::path& file,
                                                               const read_settings& reading = {},
                                                               checkpoint_steps steps = {});

}  // namespace im::ruvector
