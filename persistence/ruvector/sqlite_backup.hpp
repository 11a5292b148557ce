#pragma once
/// Backups of the embedded store, and the way back.

#include <filesystem>
#include <optional>

#include "persistence/ruvector/sqlite_inspect.hpp"

namespace im::ruvector {

struct restored {
  check_report checked;
  verify_report verified;
  std::optional<std::filesystem::path> kept;  ///< where the database is that was there before
};

struct backup_made {
  std::uintmax_t bytes = 0;
  std::optional<restored> tried;  ///< with `try_out_first`
};

/// Copies a database as it is at this moment, while others go on to write to it, into one file that needs no other beside it and
/// that its owner alone may read. The file is there whole, on the disk, or not at all; with `try_out_first` only once a store
/// came back from it. `replace` allows one that exists. `limits::backup_longest` bounds the time of the copy.
[[nodiscard]] result<backup_made> back_up(const std::filesystem::path& database, const std::filesystem::path& target,
                                          bool replace, bool try_out_first = false);

/// Reads all of a backup, and puts a copy of it where `database` is, brought up to date if its schema is older. Refused, and nothing changed: when the backup does not
/// hold together, when a process has the database open, and, without `replace`, when there is one. With it the old one, with
/// its write-ahead log, is kept beside under a name with the time `now`.
[[nodiscard]] result<restored> restore(const std::filesystem::path& backup, const std::filesystem::path& database,
                                       bool replace, time_point now);

/// Whether a store comes back from this backup: restores it into a temporary one beside the file, opens that and reads it all.
[[nodiscard]] result<restored> try_out(const std::filesystem::path& backup);

}  // namespace im::ruvector
