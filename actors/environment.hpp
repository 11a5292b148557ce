#pragma once
/// What every actor of the house is given; made once in apps/.

#include <functional>
#include <string_view>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "actors/logic/decide.hpp"
#include "actors/logic/supervision.hpp"
#include "messages/limits.hpp"
#include "messages/protocol/actors.hpp"
#include "messages/protocol/caf_compat.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/observation.hpp"

namespace im {

/// Outlives all actors; read-only for them, but for the metrics and the observer.
struct actor_environment {
  const wall_clock& clock;
  telemetry::metrics& metrics;
  logic::decider who;
  seconds passivate_after = limits::passivate_after;
  std::size_t live_incidents = limits::live_incidents;  ///< of all shards together
  /// Told of every child that a supervisor spawns; tests kill them through it.
  std::function<void(logic::child_kind, const caf::actor&)> on_child = {};
  telemetry::observer* observer = nullptr;  ///< told of what is stored; none: nobody is
  answer_listener on_answer = {};           ///< hears of all commands that were taken in
  /// Told when an actor has failed that nobody replaces: the process has to end, and its next start goes on from the store. On the
  /// actor's thread; must not throw.
  std::function<void(std::string_view actor)> on_lost = {};

  [[nodiscard]] const answer_listener* listener() const { return on_answer ? &on_answer : nullptr; }
};

/// Whether an actor ended otherwise than it was told to.
[[nodiscard]] inline bool is_failure(const caf::error& reason) {
  return reason && reason != caf::exit_reason::normal && reason != caf::exit_reason::user_shutdown;
}

/// For an actor that nobody replaces and nothing works without: should it fail, `env.on_lost` is told of `name`, a literal. `env`
/// outlives the actor.
template <class Handle>
void must_live(const Handle& actor, std::string_view name, const actor_environment& env) {
  caf::actor_cast<caf::abstract_actor*>(actor)->attach_functor([name, &env](const caf::error& reason) {
    if (is_failure(reason) && env.on_lost) env.on_lost(name);
  });
}

/// What a handler of this actor throws is logged, and the actor ends.
void log_what_it_throws(caf::scheduled_actor& self);

/// The actors that an incident talks to.
struct house {
  const actor_environment* env = nullptr;
  persistence_actor persistence;
  policy_cache_actor policies;
  alarm_clock_actor alarms;
  std::size_t live_per_shard = 0;
};

}  // namespace im
