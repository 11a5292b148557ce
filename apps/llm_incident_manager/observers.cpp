#include "apps/llm_incident_manager/observers.hpp"

#include <vector>

#include "telemetry/log.hpp"

namespace im {

namespace {

std::string_view name_of(http::verb method) {
  const auto name = boost::beast::http::to_string(method);
  return {name.data(), name.size()};
}

telemetry::http_rejection rejection_of(http::rejection r) { return static_cast<telemetry::http_rejection>(r); }

telemetry::breaker breaker_of(persistence::circuit_state s) {
  switch (s) {
    case persistence::circuit_state::closed: return telemetry::breaker::closed;
    case persistence::circuit_state::open: return telemetry::breaker::open;
    case persistence::circuit_state::half_open: return telemetry::breaker::half_open;
  }
  return telemetry::breaker::closed;
}

telemetry::store_failure failure_of(const persistence::store_failure& why) {
  switch (why.kind) {
    case persistence::store_failure::fault::away:
      return why.why.code == errc::timeout ? telemetry::store_failure::timeout : telemetry::store_failure::connect;
    case persistence::store_failure::fault::busy: return telemetry::store_failure::overloaded;
    case persistence::store_failure::fault::refused: return telemetry::store_failure::rejected;
  }
  return telemetry::store_failure::connect;
}

void log_circuit(persistence::circuit_state now) {
  if (now == persistence::circuit_state::open)
    log::error(log::event::breaker_opened,
               "calls of the store fail, the lines before say why; callers are told 503 until one succeeds");
  else if (now == persistence::circuit_state::closed)
    log::info(log::event::breaker_closed, "a call of the store succeeded");
}

}  // namespace

http::server_observers server_observers(telemetry::metrics& metrics) {
  http::server_observers observers;
  observers.on_request_done = [&metrics](const http::request_summary& r) {
    metrics.request_done(name_of(r.method), r.route, static_cast<unsigned>(r.code), r.duration, r.bytes_in,
                         r.bytes_out);
    log::debug(log::event::request_done, r.route,
               {{"status", static_cast<unsigned>(r.code)}, {"correlation_id", r.correlation_id}});
  };
  observers.on_connection_opened = [&metrics] {
    metrics.http_connections.add();
    metrics.http_connections_opened.add();
  };
  observers.on_connection_closed = [&metrics] { metrics.http_connections.subtract(); };
  observers.on_rejected = [&metrics](http::rejection why) { metrics.http_rejections[rejection_of(why)].add(); };
  observers.on_handler_failed = [](std::string_view correlation_id, std::string_view what) {
    log::error(log::event::handler_failed, what, {{"correlation_id", correlation_id}});
  };
  return observers;
}

persistence::persistence_config persistence_settings(telemetry::metrics& metrics) {
  persistence::persistence_config config;
  auto& observers = config.observers;
  observers.on_write = [&metrics](const persistence::write_attempt& w) {
    metrics.store_batch_events.observe(static_cast<double>(w.events));
    metrics.store_batch_bytes.observe(static_cast<double>(w.bytes));
    metrics.store_write_seconds.observe(std::chrono::duration<double>(w.duration));
    if (w.attempt > 1) metrics.store_retries.add();
  };
  observers.on_failure = [&metrics](std::string_view call, const persistence::store_failure& why, bool gave_up) {
    metrics.store_errors[failure_of(why)].add();
    log::warn(gave_up ? log::event::store_write_failed : log::event::store_write_retried, why.why.message,
              {{"call", call}, {"gave_up", gave_up}});
  };
  observers.on_circuit = [&metrics](persistence::circuit_state now) {
    metrics.set_breaker(breaker_of(now));
    log_circuit(now);
  };
  observers.on_exception = [](std::string_view what) {
    log::error(log::event::actor_failed, what, {{"actor", "persistence_actor"}});
  };
  observers.on_refused = [&metrics](errc) { metrics.store_refused_events.add(); };
  observers.on_pending = [&metrics](std::size_t events) {
    metrics.store_pending_events.set(static_cast<double>(events));
  };
  return config;
}

persistence::ruvector_observers client_observers() {
  persistence::ruvector_observers observers;
  observers.on_trouble = [](std::string_view call, std::string_view what) {
    log::warn(log::event::store_refused, what, {{"call", call}});
  };
  return observers;
}

std::function<void(ruvector::log_level, std::string_view)> store_log() {
  return [](ruvector::log_level at, std::string_view text) {
    switch (at) {
      case ruvector::log_level::info: return log::info(log::event::store_opened, text);
      case ruvector::log_level::warn: return log::warn(log::event::store_degraded, text);
      case ruvector::log_level::error: return log::error(log::event::store_unavailable, text);
    }
  };
}

ruvector::trouble_handler store_gauges(telemetry::metrics& metrics) {
  return [&metrics](ruvector::trouble where, std::string_view why) {
    const auto of = [&] {
      switch (where) {
        case ruvector::trouble::writes: return telemetry::store_trouble::writes;
        case ruvector::trouble::checkpoint: return telemetry::store_trouble::checkpoint;
        case ruvector::trouble::log_size: return telemetry::store_trouble::log_size;
        case ruvector::trouble::damage: return telemetry::store_trouble::damage;
      }
      return telemetry::store_trouble::writes;
    }();
    metrics.store_troubles[of].set(why.empty() ? 0 : 1);
  };
}

void prepare_routes(telemetry::metrics& metrics, const http::router& routes) {
  std::vector<telemetry::route_name> names;
  for (const auto& [method, pattern] : routes.routes()) names.push_back({name_of(method), pattern});
  metrics.prepare_routes(names);
}

void log_failed_request(std::string_view correlation_id, const error& why) {
  log::warn(log::event::request_failed, why.message, {{"correlation_id", correlation_id}, {"code", why.code}});
}

}  // namespace im
