#pragma once
/// Wakes incidents whose deadline comes while nobody watches them. The store's deadline index is the only memory: a
/// deadline that passed while no instance ran is found at boot, and the store's third law makes it take effect once.

#include "actors/environment.hpp"

namespace im {

class deadline_keeper_state {
public:
  deadline_keeper_state(deadline_keeper_type::pointer self, const actor_environment& env, persistence_actor persistence,
                        std::vector<registry_actor> shards)
      : self_{self}, env_{env}, persistence_{std::move(persistence)}, shards_{std::move(shards)} {}

  deadline_keeper_type::behavior_type make_behavior();

  static inline const char* name = "deadline_keeper";

private:
  void look(std::string cursor);
  void on_page(const due_page& page);
  void look_again();

  deadline_keeper_type::pointer self_;
  const actor_environment& env_;
  persistence_actor persistence_;
  std::vector<registry_actor> shards_;
};

using deadline_keeper = caf::stateful_actor<deadline_keeper_state, deadline_keeper_type::base>;

}  // namespace im
