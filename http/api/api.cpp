#include "http/api/api.hpp"

#include "http/api/resources.hpp"

namespace im::api {

void add_routes(http::router& routes, dependencies ports) {
  route_adder adder{routes, std::make_shared<const dependencies>(std::move(ports))};
  add_health_routes(adder);
  add_event_routes(adder);
  add_incident_routes(adder);
  add_incident_change_routes(adder);
  add_escalation_routes(adder);
  add_hitl_routes(adder);
  add_hitl_vote_routes(adder);
  add_postmortem_routes(adder);
  add_orchestrator_routes(adder);
  add_openapi_routes(adder);
}

}  // namespace im::api
