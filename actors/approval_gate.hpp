#pragma once
/// One approval request that waits for people: its deadline's timer, and the callers who wait for its verdict.
/// It decides nothing: votes and deadlines are decided by `logic/approval_gate`, durably, and only then told here.

#include <vector>

#include "actors/environment.hpp"
#include "actors/timer.hpp"

namespace im {

class approval_gate_state {
public:
  approval_gate_state(approval_gate_type::pointer self, const wall_clock& clock, alarm_clock_actor alarms,
                      supervisor_actor supervisor)
      : self_{self}, clock_{clock}, supervisor_{std::move(supervisor)}, alarm_{self, std::move(alarms)} {}
  ~approval_gate_state();

  approval_gate_type::behavior_type make_behavior();

  static inline const char* name = "approval_gate";

private:
  struct waiter {
    verdict_wait wait;
    time_point until;
  };

  void on_update(gate_told told);
  void on_wait(verdict_wait wait);
  void on_tick(std::uint64_t generation);
  void arm();
  void answer_all();

  approval_gate_type::pointer self_;
  const wall_clock& clock_;
  supervisor_actor supervisor_;
  approval_id request_;
  std::optional<time_point> due_at_;  ///< none: there is no deadline, or it was reported and no new one told yet
  std::vector<waiter> waiters_;
  own_alarm<approval_gate_type> alarm_;
};

using approval_gate = caf::stateful_actor<approval_gate_state, approval_gate_type::base>;

}  // namespace im
