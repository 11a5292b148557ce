#pragma once
/// An incident in an answer. Internal to http/api.

#include <optional>
#include <string>

#include "messages/fold.hpp"
#include "messages/json/codec.hpp"

namespace im::api {

/// The incident; with the gate that it waits for when an operator's change was suspended.
struct incident_view {
  const incident* record;
  std::optional<approval_id> suspended_on;
};

template <class V>
void describe(V& v, const incident_view& x) {
  describe(v, *x.record);
  v.optional("approval_request_id", x.suspended_on);
}

}  // namespace im::api
