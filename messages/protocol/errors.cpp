#include <caf/message.hpp>
#include <caf/sec.hpp>

#include "messages/protocol/actors.hpp"

namespace im {

caf::error to_caf(const error& e) { return caf::make_error(e.code, e.message); }

error from_caf(const caf::error& e) {
  if (e.category() == caf::type_id_v<errc>) {
    const auto code = static_cast<errc>(e.code());
    const auto context = e.context();
    if (context.match_elements<std::string>()) return {code, context.get_as<std::string>(0)};
    return {code, std::string{to_string(code)}};
  }
  if (e == caf::sec::request_timeout || e == caf::sec::request_receiver_down)
    return {errc::timeout,
            "the service did not answer in time; the request may have taken effect, repeat it with the same id"};
  return {errc::internal, "an internal error occurred"};
}

}  // namespace im
