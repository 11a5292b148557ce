#pragma once
/// The one place that turns due times into CAF timers.

#include <algorithm>

#include "messages/limits.hpp"
#include "messages/time.hpp"

namespace im {

/// How long a timer runs for something due at `due_at`: never negative, and never so long that a jump of the clock
/// could not be noticed; whoever wakes early looks again.
[[nodiscard]] inline milliseconds timer_for(time_point due_at, time_point now) {
  return std::clamp<milliseconds>(due_at - now, milliseconds{0}, limits::timer_max);
}

/// A timer that a later one replaces: a tick of an older generation does nothing.
class timer_generation {
public:
  [[nodiscard]] std::uint64_t next() { return ++current_; }
  [[nodiscard]] bool is_current(std::uint64_t tick) const { return tick == current_; }

private:
  std::uint64_t current_ = 0;
};

}  // namespace im
