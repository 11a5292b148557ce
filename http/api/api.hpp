#pragma once
/// The service's HTTP surface: every route of `openapi.json`, over the ports of `messages/ports.hpp`.
/// Handlers parse, call and map. They hold no rule and no figure of a policy.

#include <functional>
#include <string>
#include <string_view>

#include "http/auth.hpp"
#include "http/router.hpp"
#include "messages/ports.hpp"

namespace im::api {

/// What the handlers stand on. The references must outlive the server that the routes are given to.
struct dependencies {
  incident_service& incidents;
  store_queries& queries;
  store_health& health;
  const wall_clock& clock;
  std::string version;
  std::string instance = {};
  /// What an event or incident belongs to that does not say so itself.
  im::environment environment = environment::development;
  /// The key of Sentinel's webhook signatures. Empty: signatures are not looked at; else every webhook must carry one.
  http::secret sentinel_webhook_secret = {};
  /// True once the service is to receive no more requests, although it still takes them: `/health/ready` says 503. May be empty.
  std::function<bool()> leaving = {};
  [[nodiscard]] bool is_leaving() const { return (leaving && leaving()) || is_draining(); }
  /// True once the service drains: long polls end with their turn. May be empty.
  std::function<bool()> draining = {};
  [[nodiscard]] bool is_draining() const { return draining && draining(); }
  /// Told of every answer of 500 and above, with what the client is not told. Any thread; must not throw. May be empty.
  std::function<void(std::string_view correlation_id, const error&)> on_failed = {};
};

/// Adds all routes. Throws std::invalid_argument if one is there already.
void add_routes(http::router& routes, dependencies ports);

/// An error in the form of AgentResult, with its status and, for 429 and 503, `Retry-After`. The words of an internal
/// error stay inside: the client gets the correlation id to ask with.
[[nodiscard]] http::response render_error(const error& e, std::string_view correlation_id);

/// The same form for what the HTTP core answers itself; an `http::error_renderer`.
[[nodiscard]] http::response render_core_error(http::status code, std::string_view error_code, std::string_view message,
                                               std::string_view correlation_id);

}  // namespace im::api
