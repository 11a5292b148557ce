#include "actors/environment.hpp"

#include "messages/thrown.hpp"
#include "telemetry/log.hpp"

namespace im {

void log_what_it_throws(caf::scheduled_actor& self) {
  self.set_exception_handler([](caf::scheduled_actor* who, std::exception_ptr& thrown) -> caf::error {
    log::error(log::event::actor_failed, text_of(thrown), {{"actor", who->name()}});
    return caf::sec::runtime_error;
  });
}

}  // namespace im
