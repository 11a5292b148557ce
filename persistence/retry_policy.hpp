#pragma once
/// When to try again: exponential, with jitter so that many instances do not come back in step. Pure: chance is an argument.

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

#include "messages/assert.hpp"
#include "messages/limits.hpp"

namespace im::persistence {

struct retry_policy {
  int attempts = limits::write_attempts;  ///< the first one included
  std::chrono::milliseconds first = limits::retry_first;
  std::chrono::milliseconds max = limits::retry_max;

  /// The wait after `made` attempts have failed, without jitter: first × 2^(made − 1), at most `max`.
  [[nodiscard]] constexpr std::chrono::milliseconds ceiling(int made) const {
    auto wait = std::min(first, max);
    for (int i = 1; i < made && wait < max; ++i) wait = std::min(wait * 2, max);
    return wait;
  }

  /// How long to wait before the next attempt: between half of the ceiling and all of it. Nothing: the attempts are used
  /// up. What the store asked for (`Retry-After`) is heeded up to `max`.
  template <class Generator>
  [[nodiscard]] std::optional<std::chrono::milliseconds> next(int made, Generator& chance,
                                                              std::optional<int> retry_after_s = {}) const {
    IM_ASSERT(made > 0);
    if (made >= attempts) return std::nullopt;
    const auto top = ceiling(made).count();
    std::uniform_int_distribution<std::chrono::milliseconds::rep> spread{top - top / 2, top};
    std::chrono::milliseconds wait{spread(chance)};
    if (retry_after_s)
      wait = std::max(wait, std::min<std::chrono::milliseconds>(std::chrono::seconds{*retry_after_s}, max));
    return wait;
  }
};

}  // namespace im::persistence
