#pragma once
/// `ruvector-service backup` and `restore`, for the embedded store. Where the store is a PostgreSQL they name its own tools.

#include <filesystem>
#include <optional>

namespace im::ruvector {

struct backup_options {
  std::optional<std::filesystem::path> file;  ///< nothing: one for this trial, gone afterwards
  bool verify = false;                        ///< restore it into a temporary store and read all of that
  bool force = false;                         ///< replace a file that is there
};

/// The exit code.
[[nodiscard]] int backup_command(const std::filesystem::path& database, const backup_options& options);
[[nodiscard]] int restore_command(const std::filesystem::path& database, const std::filesystem::path& backup,
                                  bool force);

/// Both commands where RUVECTOR_DATABASE_URL is set. Fails: nothing was backed up.
[[nodiscard]] int name_postgres_tools();

}  // namespace im::ruvector
