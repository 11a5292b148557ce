#pragma once
/// What LLM-Observatory is told of agents and their decisions.

#include <optional>

#include "actors/environment.hpp"
#include "actors/logic/decide.hpp"
#include "telemetry/observation.hpp"

namespace im {

/// A DecisionEvent that is stored now.
[[nodiscard]] telemetry::observation observed(const decision_event& stored);

/// A command that an agent of `here` has answered at `now`, or refused; nothing for one that asks no agent.
[[nodiscard]] std::optional<telemetry::observation> observed(const command& asked, const result<reply>& answer,
                                                             const logic::decider& here, time_point now);

/// From now on `observer` is told of both. It outlives the actors, as `env` does, which stays where it is.
void observe(actor_environment& env, telemetry::observer& observer);

}  // namespace im
