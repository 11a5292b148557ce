#pragma once
/// Spawns the only road to the store: batches idempotent writes, retries them, breaks the circuit, refuses when its bound is
/// reached, drains at shutdown. The protocol is `im::persistence_actor` in messages/protocol/actors.hpp.
///
/// Errors a caller may get: `overloaded` (the bound is reached; nothing was done), `store_unavailable` (the message says
/// whether the outcome is unknown), `draining`, `not_found` (reads), `internal` (the store refused us: our bug).

#include <caf/actor_system.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "messages/protocol/actors.hpp"
#include "persistence/batch_buffer.hpp"
#include "persistence/circuit_breaker.hpp"
#include "persistence/retry_policy.hpp"
#include "persistence/store_port.hpp"

namespace im::persistence {

/// One attempt of a write, told when it is over.
struct write_attempt {
  std::size_t incidents = 0;
  std::size_t events = 0;
  std::size_t bytes = 0;
  int attempt = 1;
  bool answered = false;  ///< the store gave outcomes
  std::chrono::nanoseconds duration{0};
};

using circuit_state = circuit_breaker<>::state;

/// How the application sees what happens here (logs, metrics). Called by the actor; must be quick and not throw. All may be empty.
struct persistence_observers {
  std::function<void(const write_attempt&)> on_write;
  /// A call failed; `gave_up`: its callers were told so, else it is tried again.
  std::function<void(std::string_view call, const store_failure& why, bool gave_up)> on_failure;
  std::function<void(circuit_state now)> on_circuit;
  /// A handler of the actor threw: its end follows, and nobody replaces it.
  std::function<void(std::string_view what)> on_exception;
  std::function<void(errc why)> on_refused;            ///< overloaded, store_unavailable or draining, at once
  std::function<void(std::size_t events)> on_pending;  ///< accepted and not yet answered, when that changed
};

struct persistence_config {
  batch_bounds batches;
  retry_policy retries;
  int breaker_failures = limits::breaker_failures;
  std::chrono::milliseconds breaker_open = limits::breaker_open;
  std::size_t pending_reads = limits::client_queue;  ///< beyond: refused
  std::uint64_t jitter_seed = 0;                     ///< 0: from std::random_device
  persistence_observers observers;
};

/// Holds `store` for as long as the actor lives, and calls it from the actor's thread.
[[nodiscard]] persistence_actor spawn_persistence(caf::actor_system& system, std::shared_ptr<store_port> store,
                                                  persistence_config config = {});

}  // namespace im::persistence
