#pragma once
/// Every metric of the service: its C++ name here, its name for Prometheus in metrics.cpp, in the same order.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "messages/enums.hpp"
#include "telemetry/metric_handles.hpp"

namespace im::telemetry {

// ---- Label values that are no enum of messages/

/// What became of an event that an incident took. Its door and what was refused there are told by the requests' route and status.
enum class ingestion : std::uint8_t { opened, attached, duplicate, resolved };

/// How a gate ended.
enum class verdict : std::uint8_t { approved, rejected, expired, cancelled };

/// Why the HTTP core refused; the enumerators of `http::rejection`.
enum class http_rejection : std::uint8_t {
  too_many_connections,
  malformed,
  header_timeout,
  body_timeout,
  handler_timeout
};

/// Which child of a supervisor.
enum class child : std::uint8_t { escalation, approval_gate, postmortem };

/// How a policy was had.
enum class policy_lookup : std::uint8_t { hit, revalidated, fetched, stale, failed };

/// What went wrong with a call of the store.
enum class store_failure : std::uint8_t { connect, timeout, reset, rejected, conflict, malformed, overloaded };

/// What an embedded store is in trouble with.
enum class store_trouble : std::uint8_t { writes, checkpoint, log_size, damage };

enum class breaker : std::uint8_t { closed, open, half_open };

}  // namespace im::telemetry

namespace im {
IM_WIRE_WORDS(telemetry::ingestion, resolved, "opened", "attached", "duplicate", "resolved");
IM_WIRE_WORDS(telemetry::store_trouble, damage, "writes", "checkpoint", "log_size", "damage");
IM_WIRE_WORDS(telemetry::verdict, cancelled, "approved", "rejected", "expired", "cancelled");
IM_WIRE_WORDS(telemetry::http_rejection, handler_timeout, "too_many_connections", "malformed", "header_timeout",
              "body_timeout", "handler_timeout");
IM_WIRE_WORDS(telemetry::child, postmortem, "escalation", "approval_gate", "postmortem");
IM_WIRE_WORDS(telemetry::policy_lookup, failed, "hit", "revalidated", "fetched", "stale", "failed");
IM_WIRE_WORDS(telemetry::store_failure, overloaded, "connect", "timeout", "reset", "rejected", "conflict", "malformed",
              "overloaded");
IM_WIRE_WORDS(telemetry::breaker, half_open, "closed", "open", "half_open");
}  // namespace im

namespace im::telemetry {

/// A route as the metrics know it. The texts are copied.
struct route_name {
  std::string_view method;
  std::string_view pattern;
};

/// Constructed once, in apps/, and passed on by reference; outlives all who update it.
class metrics {
public:
  struct identity {
    std::string_view version;
    std::string_view revision;
    std::string_view environment;  ///< of PLATFORM_ENV
  };

  explicit metrics(const identity& who);
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;
  ~metrics();

  /// Makes the routes known. Before the HTTP server starts, once: afterwards the table is only read.
  void prepare_routes(std::span<const route_name> routes);

  /// One answered request. A route that was not prepared (an empty one: no route matched) counts as `none`.
  void request_done(std::string_view method, std::string_view pattern, unsigned status_code,
                    std::chrono::nanoseconds duration, std::size_t bytes_in, std::size_t bytes_out);

  /// The breaker is in this state, and in no other.
  void set_breaker(breaker state);

  /// All of it in Prometheus' text format, version 0.0.4 (`text/plain; version=0.0.4; charset=utf-8`).
  [[nodiscard]] std::string expose();

  /// The same in short: each counter and gauge by its name, summed over its labels; of a histogram `_count` and `_sum`.
  [[nodiscard]] std::map<std::string, double> totals() const;

  // HTTP
  gauge http_connections;  ///< open now
  counter http_connections_opened;
  by<counter, http_rejection> http_rejections;
  counter http_received_bytes;  ///< of bodies
  counter http_sent_bytes;

  // Events and incidents
  by<counter, ingestion> events;  ///< as they are answered; a repetition counts as a duplicate
  by<counter, severity> incidents_opened;
  gauge incidents_live;  ///< with an actor in memory
  counter incidents_passivated;
  counter incidents_awakened;
  by<counter, incident_status> incident_transitions;  ///< by the status that results
  by_two<counter, agent, decision_type> decisions;
  counter decisions_retried;  ///< a race with another instance was lost

  // Commits: one incident's decisions of one write
  histogram commit_commands;  ///< decided together
  histogram commit_seconds;   ///< from the decision to its acknowledgement

  // The store
  histogram store_batch_events;
  histogram store_batch_bytes;
  histogram store_write_seconds;  ///< one request of a batch
  gauge store_pending_events;     ///< waiting to be written
  counter store_refused_events;   ///< the bound was reached; the caller was told 503
  by<counter, store_failure> store_errors;
  counter store_retries;
  by<gauge, store_trouble> store_troubles;  ///< of an embedded store: 1 while it is so
  gauge store_log_bytes;                    ///< of an embedded store's write-ahead log that are in use

  // Gates
  by<counter, approval_action> gates_opened;
  gauge gates_held;                    ///< failed and holding: an operator has to act
  by<counter, verdict> gate_verdicts;  ///< by whoever wrote them: over all instances, one a gate
  by<counter, vote_decision> votes;

  // Time
  by<counter, deadline_kind> deadlines_fired;
  histogram deadline_lag_seconds;  ///< from due to fired

  // Actors and policies
  by<counter, child> child_restarts;
  by<counter, child> child_failures;  ///< the restart budget is spent; it fails safe
  by<counter, policy_lookup> policy_lookups;

  // LLM-Observatory
  counter observations_sent;
  counter observations_dropped;  ///< the oldest of too many, or what it cannot read
  counter observatory_failures;  ///< a post that it did not take

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::telemetry
