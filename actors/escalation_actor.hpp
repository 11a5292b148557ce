#pragma once
/// Watches the clock for one incident while an SLA deadline or a next evaluation is near.

#include "actors/environment.hpp"
#include "actors/timer.hpp"

namespace im {

class escalation_actor_state {
public:
  escalation_actor_state(escalation_actor_type::pointer self, const wall_clock& clock, alarm_clock_actor alarms,
                         supervisor_actor supervisor)
      : clock_{clock}, supervisor_{std::move(supervisor)}, alarm_{self, std::move(alarms)} {
    log_what_it_throws(*self);
  }

  escalation_actor_type::behavior_type make_behavior();

  static inline const char* name = "escalation_actor";

private:
  void arm();
  void on_tick(std::uint64_t generation);

  const wall_clock& clock_;
  supervisor_actor supervisor_;
  std::optional<deadline> next_;
  own_alarm<escalation_actor_type> alarm_;
};

using escalation_actor = caf::stateful_actor<escalation_actor_state, escalation_actor_type::base>;

}  // namespace im
