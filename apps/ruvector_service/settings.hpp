#pragma once
/// The settings of the program ruvector-service, from the environment.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "persistence/ruvector/service.hpp"

namespace im::ruvector {

/// The value of an environment variable; nothing if it is not set.
using environment_lookup = std::function<std::optional<std::string>(const char*)>;

struct settings {
  service_config service;
  std::vector<std::string> problems;  ///< everything that is wrong, each naming its variable
};

/// `needs_key` is false for commands that only look after the file. `program` is the executable's path.
[[nodiscard]] settings read_settings(const environment_lookup& environment, const std::filesystem::path& program,
                                     bool needs_key);

}  // namespace im::ruvector
