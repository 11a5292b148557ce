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

constexpr std::string_view no_store = "the store does not answer";

/// Always 200: whether to send requests is what /health/ready answers.
void show_health(call c, const http::request&) {
  auto& health = c.ports().health;
  health.check([c = std::move(c)](result<store_condition> store) mutable {
    auto warnings = store ? std::move(store->warnings) : std::vector{std::string{no_store}};
    const std::string_view status = warnings.empty() ? "healthy" : "degraded";
    c.answer(json_response(json::encode(health_view{status, c.ports().version, {}, std::move(warnings)})));
  });
}

void show_live(call c, const http::request&) { c.answer(healthy(c.ports(), "alive")); }

void show_ready(call c, const http::request&) {
  const auto& ports = c.ports();
  if (ports.is_leaving()) return c.fail({errc::draining, "the service is shutting down"});
  ports.health.check([c = std::move(c)](result<store_condition> store) mutable {
    if (store)
      c.answer(healthy(c.ports(), "ready", std::move(store->warnings)));
    else
      c.fail({errc::store_unavailable, std::string{no_store}});
  });
}

}  // namespace

void add_health_routes(route_adder& routes) {
  routes.get("/health", show_health);
  routes.get("/health/live", show_live);
  routes.get("/health/ready", show_ready);
}

}  // namespace im::api
