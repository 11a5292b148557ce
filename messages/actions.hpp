#pragma once
/// What the orchestrator is asked to do. We hand these over; we never contact anyone ourselves.

#include <string>
#include <vector>

#include "messages/enums.hpp"
#include "messages/ids.hpp"
#include "messages/json/text.hpp"

namespace im {

struct orchestrator_action {
  im::action_type action_type = action_type::log_timeline_event;
  im::priority priority = priority::normal;
  json::object_text parameters;
  bool async = true;  ///< false: the orchestrator waits for it before it goes on

  bool operator==(const orchestrator_action&) const = default;
};

template <class V>
void describe(V& v, like<orchestrator_action> auto& x) {
  v.required("action_type", x.action_type);
  v.required("priority", x.priority);
  v.required("parameters", x.parameters);
  v.required("async", x.async);
}

}  // namespace im
