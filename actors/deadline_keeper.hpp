#pragma once
/// Wakes incidents whose deadline comes while nobody watches them. The store's deadline index is the only memory: a
/// deadline that passed while no instance ran is found at boot, and the store's third law makes it take effect once.
///
/// However much is due, only `limits::deadline_wakes` incidents are woken at a time; an instance that was away for a day neither
/// floods its store nor fills its memory.

#include <deque>

#include "actors/environment.hpp"

namespace im {

class deadline_keeper_state {
public:
  deadline_keeper_state(deadline_keeper_type::pointer self, const actor_environment& env, persistence_actor persistence,
                        std::vector<registry_actor> shards);

  deadline_keeper_type::behavior_type make_behavior();

  static inline const char* name = "deadline_keeper";

private:
  void look(std::string cursor);
  void on_page(const due_page& page);
  void wake_next();
  void woken();
  void look_again();

  deadline_keeper_type::pointer self_;
  const actor_environment& env_;
  persistence_actor persistence_;
  std::vector<registry_actor> shards_;
  std::size_t
      start_of_page_;  ///< instances begin in different places, so that they seldom wake the same incident at once
  std::deque<incident_id> due_;
  std::size_t waking_ = 0;
  std::string cursor_;  ///< of the page after this one; empty: there is none
};

using deadline_keeper = caf::stateful_actor<deadline_keeper_state, deadline_keeper_type::base>;

}  // namespace im
