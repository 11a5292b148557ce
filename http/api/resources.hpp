#pragma once
/// The routes of each resource. Internal to http/api.

#include "http/api/call.hpp"

namespace im::api {

void add_health_routes(route_adder& routes);
void add_event_routes(route_adder& routes);
void add_incident_routes(route_adder& routes);
void add_incident_change_routes(route_adder& routes);
void add_escalation_routes(route_adder& routes);
void add_hitl_routes(route_adder& routes);
void add_hitl_vote_routes(route_adder& routes);
void add_postmortem_routes(route_adder& routes);
void add_orchestrator_routes(route_adder& routes);
void add_openapi_routes(route_adder& routes);

}  // namespace im::api
