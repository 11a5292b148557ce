#pragma once
/// When the units of an open loop are due. A unit is due at its moment whether or not earlier ones were answered, and its
/// latency counts from that moment: a server that stalls is charged for every request it kept from being sent, not for one.

#include <chrono>
#include <cmath>
#include <cstdint>

namespace im::load {

using clock = std::chrono::steady_clock;

/// `rate` units a second from `start` on.
class schedule {
public:
  schedule(clock::time_point start, double rate) : start_{start}, rate_{rate} {}

  /// The moment of unit `index`, counted from 0; computed anew each time, so that nothing drifts.
  [[nodiscard]] clock::time_point due(std::uint64_t index) const {
    const auto ns = static_cast<double>(index) / rate_ * 1e9;
    return start_ + std::chrono::nanoseconds{std::llround(ns)};
  }

  /// How many units are due at `now`: all with `due(index) <= now`.
  [[nodiscard]] std::uint64_t due_by(clock::time_point now) const {
    if (now < start_) return 0;
    const auto seconds = std::chrono::duration<double>(now - start_).count();
    auto count = static_cast<std::uint64_t>(seconds * rate_);
    while (count > 0 && due(count - 1) > now) --count;
    while (due(count) <= now) ++count;
    return count;
  }

private:
  clock::time_point start_;
  double rate_;
};

/// What of the units of all threads is the share of one: every `threads`-th, from `thread` on.
struct share {
  std::uint64_t thread = 0;
  std::uint64_t threads = 1;

  /// The index, among all, of this thread's unit `n`.
  [[nodiscard]] std::uint64_t index(std::uint64_t n) const { return n * threads + thread; }
  /// How many of the first `total` units are this thread's.
  [[nodiscard]] std::uint64_t of(std::uint64_t total) const {
    return total > thread ? (total - thread - 1) / threads + 1 : 0;
  }
};

}  // namespace im::load
