#include "actors/environment.hpp"

#include <exception>
#include <string>

#include "telemetry/log.hpp"

namespace im {

namespace {

std::string text_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "something that is no exception";
  }
}

}  // namespace

void log_what_it_throws(caf::scheduled_actor& self) {
  self.set_exception_handler([](caf::scheduled_actor* who, std::exception_ptr& thrown) -> caf::error {
    log::error(log::event::actor_failed, text_of(thrown), {{"actor", who->name()}});
    return caf::sec::runtime_error;
  });
}

}  // namespace im
