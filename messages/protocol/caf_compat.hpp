#pragma once
/// Where CAF 0.18 and 1.x differ.

#include <caf/config.hpp>
#include <utility>

#if CAF_VERSION >= 10000
#include <caf/anon_mail.hpp>
#else
#include <caf/send.hpp>
#endif

namespace im {

/// Sends without a sender: nobody waits for an answer. From any thread.
template <class Handle, class... Ts>
void tell(const Handle& to, Ts&&... message) {
#if CAF_VERSION >= 10000
  caf::anon_mail(std::forward<Ts>(message)...).send(to);
#else
  caf::anon_send(to, std::forward<Ts>(message)...);
#endif
}

}  // namespace im
