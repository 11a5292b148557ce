#pragma once
/// Looks at a database file that need not be the one that is served: a backup, or one too damaged to be opened as a store. Reads
/// only, and what SQLite cannot read is a finding, not a failure.

#include <filesystem>

#include "persistence/ruvector/log_verifier.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// Logs without gaps, each projection equal to its fold, every index equal to its table. An error: there is no such file, or
/// it is no store's.
[[nodiscard]] result<check_report> check_file(const std::filesystem::path& database);

/// The chain through every log. A page that cannot be read is an error here: `check_file` tells of it.
[[nodiscard]] result<verify_report> verify_file(const std::filesystem::path& database);

/// As the store's `export_events`.
[[nodiscard]] result<void> export_file(const std::filesystem::path& database, const document_taker& take,
                                       const document_taker& damage);

/// An error where a process has this database open: for what must not write beside a service.
[[nodiscard]] result<void> expect_unused(const std::filesystem::path& database);

}  // namespace im::ruvector
