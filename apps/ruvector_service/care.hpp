#pragma once
/// `ruvector-service check`, `verify` and `rebuild`: they read or mend the store, and their exit code tells how it is.

#include <filesystem>

namespace im::ruvector {

[[nodiscard]] int check_command(const std::filesystem::path& database);
[[nodiscard]] int verify_command(const std::filesystem::path& database);
[[nodiscard]] int rebuild_command(const std::filesystem::path& database);

}  // namespace im::ruvector
