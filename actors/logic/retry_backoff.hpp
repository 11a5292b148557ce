#pragma once
/// How long an incident waits before it asks a store again that has failed: exponential, with jitter, so that thousands of incidents
/// do not ask in step. Pure; chance is an argument.

#include <algorithm>
#include <cstdint>

#include "messages/limits.hpp"
#include "messages/time.hpp"

namespace im::logic {

class retry_backoff {
public:
  /// The wait after one more failure: between half of the ceiling and all of it, by `chance`, any number. The ceiling is
  /// `limits::incident_retry_first`, doubles with each failure, and stays at `limits::incident_retry_max`.
  [[nodiscard]] milliseconds after_failure(std::uint64_t chance) {
    const auto top = ceiling_;
    ceiling_ = std::min(ceiling_ * 2, limits::incident_retry_max);
    const auto half = static_cast<std::uint64_t>(top.count() / 2);
    return top - milliseconds{static_cast<milliseconds::rep>(chance % (half + 1))};
  }

  /// The store answered.
  void reset() { ceiling_ = limits::incident_retry_first; }

private:
  milliseconds ceiling_ = limits::incident_retry_first;
};

}  // namespace im::logic
