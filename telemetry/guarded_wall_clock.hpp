#pragma once
/// The service's time: the system's clock, guarded against its jumps, which are told in the log.

#include <mutex>

#include "messages/clock_guard.hpp"

namespace im {

/// From any thread; a look costs two system clocks that need no system call, and a short lock. The steady clock counts while
/// the machine sleeps, so that waking up is no jump.
class guarded_wall_clock final : public wall_clock {
public:
  [[nodiscard]] time_point now() const override;

private:
  mutable std::mutex mutex_;
  mutable clock_guard guard_;
};

}  // namespace im
