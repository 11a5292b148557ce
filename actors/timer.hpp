#pragma once
/// The one place that turns due times into alarms.

#include <algorithm>

#include "actors/environment.hpp"

namespace im {

/// How long a timer runs for something due at `due_at`: never negative, and never so long that a jump of the clock
/// could not be noticed; whoever wakes early looks again.
[[nodiscard]] inline milliseconds timer_for(time_point due_at, time_point now) {
  return std::clamp<milliseconds>(due_at - now, milliseconds{0}, limits::timer_max);
}

/// An actor's one alarm. A later one replaces it, it is gone with the actor, and the tick of an older one is not current.
template <class Self>
class own_alarm {
  using moment = caf::actor_clock::time_point;

public:
  own_alarm(typename Self::pointer self, alarm_clock_actor clock) : self_{self}, clock_{std::move(clock)} {}
  own_alarm(const own_alarm&) = delete;
  own_alarm& operator=(const own_alarm&) = delete;
  ~own_alarm() { clear(); }

  void set(milliseconds in) {
    set_for_ = self_->clock().now() + in;
    tell(clock_, schedule_atom_v, alarm_call{Self{self_}, set_for_, self_->id(), ++generation_});
  }
  void clear() {
    ++generation_;
    if (std::exchange(set_for_, never) != never) tell(clock_, forget_atom_v, self_->id());
  }
  /// Whether it comes at that moment or before.
  [[nodiscard]] bool is_set_by(moment at) const { return set_for_ <= at; }
  /// Whether this tick is that of the alarm that is set; if so, it is no longer.
  [[nodiscard]] bool take(std::uint64_t tick) { return tick == generation_ && std::exchange(set_for_, never) != never; }

private:
  static constexpr auto never = moment::max();

  typename Self::pointer self_;
  alarm_clock_actor clock_;
  std::uint64_t generation_ = 0;
  moment set_for_ = never;
};

}  // namespace im
