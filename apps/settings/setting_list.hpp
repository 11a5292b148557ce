#pragma once
/// The list that the settings are read by and documented from.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/settings/settings.hpp"

namespace im::detail {

/// One environment variable.
struct setting_spec {
  std::string_view name;
  std::string_view meaning;
  std::string allowed;
  std::string fallback;  ///< what holds when it is unset, in words
  bool secret = false;
  /// Takes the value over; what is wrong with it, if it cannot.
  std::function<std::optional<std::string>(const std::string& value, settings& into)> read;
};

[[nodiscard]] const std::vector<setting_spec>& setting_list();

[[nodiscard]] std::size_t default_io_threads(const machine& on);
[[nodiscard]] std::size_t default_worker_threads(const machine& on);

}  // namespace im::detail
