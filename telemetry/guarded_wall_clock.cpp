#include "telemetry/guarded_wall_clock.hpp"

#include <ctime>

#include "telemetry/log.hpp"

namespace im {

namespace {

milliseconds steady() {
  timespec at{};
  ::clock_gettime(CLOCK_BOOTTIME, &at);
  return std::chrono::duration_cast<milliseconds>(seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec});
}

void tell(const clock_reading& seen) {
  switch (seen.sight) {
    case clock_sight::plain: return;
    case clock_sight::jumped:
      return log::warn(log::event::clock_jumped, "the system's clock jumped; it is not believed yet",
                       {{"off_ms", seen.off.count()}});
    case clock_sight::returned:
      return log::info(log::event::clock_returned, "the system's clock is back", {{"off_ms", seen.off.count()}});
    case clock_sight::adopted:
      return log::warn(log::event::clock_adopted, "the system's clock has settled and is believed",
                       {{"off_ms", seen.off.count()}});
  }
}

}  // namespace

time_point guarded_wall_clock::now() const {
  const auto seen = [&] {
    const std::lock_guard lock{mutex_};
    return guard_.read(system_wall_clock{}.now(), steady());
  }();
  tell(seen);
  return seen.now;
}

}  // namespace im
