#include "persistence/persistence_actor.hpp"

#include <caf/stateful_actor.hpp>

#include "persistence/persistence_state.hpp"

namespace im::persistence {

persistence_actor spawn_persistence(caf::actor_system& system, std::shared_ptr<store_port> store,
                                    persistence_config config) {
  return system.spawn<caf::stateful_actor<persistence_state, persistence_actor::base>>(std::move(store),
                                                                                       std::move(config));
}

}  // namespace im::persistence
