/// Whether the service lives, and whether it is worth sending requests to.

#include "http/api/resources.hpp"
#include "messages/json/codec.hpp"

namespace im::api {

namespace {

struct health_view {
  std::string_view status;
  std::string version;
  std::string instance;
  std::vector<std::string> warnings;
};

template <class V>
void describe(V& v, like<health_view> auto& x) {
  v.required("status", x.status);
  v.required("version", x.version);
  v.optional("instance", x.instance);
  v.optional("warnings", x.warnings);
}

http::response healthy(const dependencies& ports, std::string_view status, std::vector<std::string> warnings = {}) {
  return json_response(json::encode(health_view{status, ports.version, ports.instance, std::move(warnings)}));
}

/// Whether the store answers and, if so, whether anything can be decided.
void check_service(call c, std::move_only_function<void(call, result<store_condition>)> done) {
  auto& health = c.ports().health;
  health.check([c = std::move(c), done = std::move(done)](result<store_condition> store) mutable {
    if (!store) return done(std::move(c), std::move(store));
    auto& incidents = c.ports().incidents;
    incidents.check_policies(
        [c = std::move(c), done = std::move(done), store = std::move(store)](result<void> policies) mutable {
          if (policies)
            done(std::move(c), std::move(store));
          else
            done(std::move(c), std::unexpected{std::move(policies.error())});
        });
  });
}

/// Always 200: whether to send requests is what /health/ready answers.
void show_health(call c, const http::request&) {
  check_service(std::move(c), [](call asked, result<store_condition> now) {
    auto warnings = now ? std::move(now->warnings) : std::vector{std::move(now.error().message)};
    const std::string_view status = warnings.empty() ? "healthy" : "degraded";
    asked.answer(json_response(json::encode(health_view{status, asked.ports().version, {}, std::move(warnings)})));
  });
}

void show_live(call c, const http::request&) { c.answer(healthy(c.ports(), "alive")); }

void show_ready(call c, const http::request&) {
  if (c.ports().is_leaving()) return c.fail({errc::draining, "the service is shutting down"});
  check_service(std::move(c), [](call asked, result<store_condition> now) {
    if (now)
      asked.answer(healthy(asked.ports(), "ready", std::move(now->warnings)));
    else
      asked.fail(now.error());
  });
}

}  // namespace

void add_health_routes(route_adder& routes) {
  routes.get("/health", show_health);
  routes.get("/health/live", show_live);
  routes.get("/health/ready", show_ready);
}

}  // namespace im::api
