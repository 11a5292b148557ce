#pragma once
/// What LLM-Observatory is told, and who takes it. What must not be persisted may stand here: trace ids, for one.

#include <map>
#include <string>

#include "messages/enums.hpp"
#include "messages/ids.hpp"
#include "messages/incident.hpp"
#include "messages/json/text.hpp"
#include "messages/time.hpp"

namespace im::telemetry {

enum class observation_type : std::uint8_t {
  agent_invocation,  ///< an agent was asked, and answered
  decision_made,     ///< a DecisionEvent is stored
  error,             ///< an agent was asked, and refused or failed
  metric,            ///< figures of this process
};

}  // namespace im::telemetry

namespace im {
IM_WIRE_WORDS(telemetry::observation_type, metric, "agent_invocation", "decision_made", "error", "metric");
}  // namespace im

namespace im::telemetry {

using figures = std::map<std::string, double>;

struct observation {
  observation_type event_type = observation_type::metric;
  std::string agent_id;  ///< `{agent_type}:{version}:{instance}`
  uuid execution_ref;
  time_point timestamp;
  json::object_text payload;
  figures metrics = {};
  string_map tags = {};
};

template <class V>
void describe(V& v, like<observation> auto& x) {
  v.required("event_type", x.event_type);
  v.required("agent_id", x.agent_id);
  v.required("execution_ref", x.execution_ref);
  v.required("timestamp", x.timestamp);
  v.required("payload", x.payload);
  v.optional("metrics", x.metrics);
  v.required("tags", x.tags);
}

class observer {
public:
  virtual ~observer() = default;
  /// Any thread; returns at once, whatever becomes of it.
  virtual void tell(observation what) noexcept = 0;
};

}  // namespace im::telemetry
