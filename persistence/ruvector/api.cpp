#include "persistence/ruvector/api.hpp"

namespace im::ruvector {

void api::add(http::router& to, http::verb method, std::string_view pattern, action handle,
              http::route_options options) {
  to.add(
      method, pattern,
      [this, handle](http::request&& req, http::responder&& answer) {
        const auto token = http::bearer_token(req);
        if (!key_.empty() && (!token || !http::constant_time_equal(*token, key_.reveal())))
          return answer(error_reply({errc::unauthorized, "this call needs the API key as a Bearer token"}));
        (this->*handle)(std::move(req), std::move(answer));
      },
      std::move(options));
}

void api::add_routes(http::router& to) {
  using http::verb;
  to.add(verb::get, "/api/v1/health",
         [this](http::request&& req, http::responder&& answer) { get_health(std::move(req), std::move(answer)); });

  // Called by every agent on the platform
  add(to, verb::post, "/api/v1/decision-events", &api::post_event);
  add(to, verb::get, "/api/v1/decision-events/{id}", &api::get_event);
  add(to, verb::post, "/api/v1/decision-events/query", &api::post_query);
  add(to, verb::get, "/api/v1/incidents/{id}/state", &api::get_state);
  add(to, verb::patch, "/api/v1/incidents/{id}/state", &api::patch_state);
  add(to, verb::get, "/api/v1/incidents/{id}/escalation", &api::get_escalation);
  add(to, verb::patch, "/api/v1/incidents/{id}/escalation", &api::patch_escalation);
  add(to, verb::post, "/api/v1/escalation-states", &api::post_escalation_state);

  // Ours, for the incident manager
  http::route_options many;
  many.max_body_bytes = limits::batch_body_bytes;
  add(to, verb::post, "/api/v1/decision-events/batch", &api::post_batch, many);
  add(to, verb::get, "/api/v1/incidents/{id}/log", &api::get_log);
  add(to, verb::get, "/api/v1/incidents", &api::list_incidents);
  add(to, verb::post, "/api/v1/incidents/lookup", &api::post_lookup);
  add(to, verb::get, "/api/v1/requests/{request_id}", &api::get_request);
  add(to, verb::get, "/api/v1/deadlines", &api::get_deadlines);
  add(to, verb::get, "/api/v1/approvals", &api::list_approvals);
  add(to, verb::get, "/api/v1/approvals/{id}", &api::get_approval);
  add(to, verb::get, "/api/v1/postmortems", &api::list_postmortems);
  add(to, verb::get, "/api/v1/postmortems/{id}", &api::get_postmortem);
  add(to, verb::get, "/api/v1/escalations", &api::list_escalations);
  add(to, verb::get, "/api/v1/policies/{kind}/{id}", &api::get_policy);
  add(to, verb::put, "/api/v1/policies/{kind}/{id}", &api::put_policy);
  http::route_options long_poll;
  long_poll.max_wait = limits::gate_wait_max;
  add(to, verb::get, "/api/v1/orchestrator/actions", &api::get_actions, long_poll);
}

}  // namespace im::ruvector
