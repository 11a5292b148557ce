#pragma once
/// The timers of a house. CAF's clock sorts all of its timers whenever one is added and holds on to an actor until its timer
/// is due; with two timers an incident that is what an instance would spend its time and memory on. So CAF keeps one timer, for
/// the earliest alarm, and the others stand in a table.

#include <set>

#include "actors/environment.hpp"
#include "actors/logic/alarm_table.hpp"

namespace im {

class alarm_clock_state {
public:
  explicit alarm_clock_state(alarm_clock_actor::pointer self) : self_{self} {}

  alarm_clock_actor::behavior_type make_behavior();

  static inline const char* name = "alarm_clock";

private:
  using moment = caf::actor_clock::time_point;

  void set(alarm_call call);
  void ring();
  void arm();

  alarm_clock_actor::pointer self_;
  logic::alarm_table<caf::actor_id, alarm_call, moment> alarms_;
  std::set<moment> timers_;  ///< of CAF's, which are not recalled: one a moment, mostly one in all
};

using alarm_clock = caf::stateful_actor<alarm_clock_state, alarm_clock_actor::base>;

}  // namespace im
