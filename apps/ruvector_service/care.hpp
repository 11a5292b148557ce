#pragma once
/// `ruvector-service check`, `verify`, `rebuild` and `export`: they read or mend the store, and their exit code tells how it is.

#include <filesystem>

#include "persistence/ruvector/service.hpp"

namespace im::ruvector {

/// `file`: a backup or other SQLite database instead of the store that is configured; empty: that one.
[[nodiscard]] int check_command(const service_config& config, const std::filesystem::path& file);
[[nodiscard]] int verify_command(const service_config& config, const std::filesystem::path& file);
/// Prints every DecisionEvent on stdout, one a line, in the order of their commits.
[[nodiscard]] int export_command(const service_config& config, const std::filesystem::path& file);
[[nodiscard]] int rebuild_command(const service_config& config);

}  // namespace im::ruvector
