#pragma once
/// How what happens in the rooms becomes metrics and log lines. The rooms themselves know neither.

#include <functional>
#include <string_view>

#include "http/server.hpp"
#include "messages/error.hpp"
#include "persistence/persistence_actor.hpp"
#include "persistence/ruvector/service.hpp"
#include "persistence/ruvector_client.hpp"
#include "telemetry/metrics.hpp"

namespace im {

/// `metrics` outlives what the observers are given to.
[[nodiscard]] http::server_observers server_observers(telemetry::metrics& metrics);
[[nodiscard]] persistence::persistence_config persistence_settings(telemetry::metrics& metrics);
[[nodiscard]] persistence::ruvector_observers client_observers();
[[nodiscard]] std::function<void(ruvector::log_level, std::string_view)> store_log();
/// Of the embedded store.
[[nodiscard]] ruvector::trouble_handler store_gauges(telemetry::metrics& metrics);

void prepare_routes(telemetry::metrics& metrics, const http::router& routes);
void log_failed_request(std::string_view correlation_id, const error& why);

}  // namespace im
