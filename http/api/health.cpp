/// Whether the service lives, and whether it is worth sending requests to.

#include "http/api/resources.hpp"
#include "messages/json/codec.hpp"

namespace im::api {

namespace {

struct health_view {
  std::string_view status;
  std::string version;
  std::string instance;
};

template <class V>
void describe(V& v, like<health_view> auto& x) {
  v.required("status", x.status);
  v.required("version", x.version);
  v.optional("instance", x.instance);
}

http::response healthy(const dependencies& ports, std::string_view status) {
  return json_response(json::encode(health_view{status, ports.version, ports.instance}));
}

void show_health(call c, const http::request&) {
  c.answer(json_response(json::encode(health_view{"healthy", c.ports().version, {}})));
}

void show_live(call c, const http::request&) { c.answer(healthy(c.ports(), "alive")); }

void show_ready(call c, const http::request&) {
  const auto& ports = c.ports();
  if (ports.is_leaving()) return c.fail({errc::draining, "the service is shutting down"});
  ports.health.check([c = std::move(c)](result<void> store) mutable {
    if (store)
      c.answer(healthy(c.ports(), "ready"));
    else
      c.fail({errc::store_unavailable, "the store does not answer"});
  });
}

}  // namespace

void add_health_routes(route_adder& routes) {
  routes.get("/health", show_health);
  routes.get("/health/live", show_live);
  routes.get("/health/ready", show_ready);
}

}  // namespace im::api
