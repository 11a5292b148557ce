#pragma once
/// The circuit breaker of lists, apart from that of the hot path: a store that answers no list still takes writes. Any thread.

#include <mutex>
#include <optional>

#include "persistence/circuit_breaker.hpp"
#include "persistence/store_port.hpp"

namespace im::persistence {

class list_gate {
public:
  using breaker = circuit_breaker<>;

  explicit list_gate(int failures = limits::breaker_failures, std::chrono::milliseconds open_for = limits::breaker_open)
      : breaker_{failures, open_for} {}

  /// Nothing: the store did not answer the last lists, so none is sent for a while.
  [[nodiscard]] std::optional<breaker::permit> enter() {
    const std::lock_guard lock{mutex_};
    return breaker_.allow(breaker::time_point::clock::now());
  }

  /// Ends what `enter` permitted. `why`: what the list failed with; null when the store answered. A store that stops lists because it
  /// has too many of them answers. A timeout is no sign that the store is away: the list may be slow, or have waited for those before it.
  void report(breaker::permit permit, const store_failure* why) {
    using fault = store_failure::fault;
    const auto now = breaker::time_point::clock::now();
    const std::lock_guard lock{mutex_};
    if (why == nullptr || why->kind == fault::refused || why->overloaded)
      breaker_.on_success(permit);
    else if (why->kind == fault::away && !why->timed_out)
      breaker_.on_failure(permit, now);
    else
      breaker_.on_inconclusive(permit, now);
  }

private:
  std::mutex mutex_;
  breaker breaker_;
};

}  // namespace im::persistence
