#include "actors/alarm_clock.hpp"

namespace im {

alarm_clock_actor::behavior_type alarm_clock_state::make_behavior() {
  log_what_it_throws(*self_);
  return {[this](schedule_atom, alarm_call call) { set(std::move(call)); },
          [this](forget_atom, std::uint64_t who) { alarms_.cancel(who); },
          [this](tick_atom) {
            timers_.erase(timers_.begin(), timers_.upper_bound(self_->clock().now()));
            ring();
          }};
}

void alarm_clock_state::set(alarm_call call) {
  const auto who = call.key;
  const auto at = call.at;
  alarms_.set(who, at, std::move(call));
  if (at <= self_->clock().now()) return ring();
  arm();
}

void alarm_clock_state::ring() {
  for (const auto& call : alarms_.take_due(self_->clock().now())) tell(call.who, tick_atom_v, call.generation);
  arm();
}

/// A timer of CAF's that turns out to be too early finds nothing due; one for a later moment, which an earlier alarm overtook,
/// runs on and serves the alarm of that moment.
void alarm_clock_state::arm() {
  const auto next = alarms_.next();
  if (!next || (!timers_.empty() && *timers_.begin() <= *next)) return;
  timers_.insert(*next);
  const auto wait = std::max(*next - self_->clock().now(), caf::actor_clock::duration_type{0});
  send_to_self_after(self_, wait, tick_atom_v);
}

}  // namespace im
