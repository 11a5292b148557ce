#pragma once
/// What is told of an incident once it is durable: to operators by metrics and the log, and to LLM-Observatory.

#include <vector>

#include "actors/environment.hpp"

namespace im {

/// Tells of what was committed, which led from `before` to `after`.
void report(const actor_environment& env, const std::vector<event_ptr>& events, const incident& before,
            const incident& after);

/// Counts an event that is about to be answered; other commands are none.
void count_event(const telemetry::metrics& metrics, const command& answered, disposition became);

}  // namespace im
