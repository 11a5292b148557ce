#pragma once
/// What operators hear of an incident once it is durable: metrics, and the log.

#include <vector>

#include "messages/protocol/types.hpp"
#include "telemetry/metrics.hpp"

namespace im {

/// Tells of what was committed, which led from `before` to `after`.
void report(const telemetry::metrics& metrics, const std::vector<event_ptr>& events, const incident& before,
            const incident& after);

/// Counts an event that is about to be answered; other commands are none.
void count_event(const telemetry::metrics& metrics, const command& answered, disposition became);

}  // namespace im
