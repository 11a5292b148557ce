/// The feed of what the orchestrator is to do. We hand actions over; we never contact anyone ourselves.

#include "http/api/params.hpp"
#include "http/api/resources.hpp"
#include "messages/limits.hpp"

namespace im::api {

namespace {

void list_actions(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  auto after = given->get("after").value_or(std::string{});
  const auto wait = read_wait(*given);
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto& queries = c.ports().queries;
  queries.orchestrator_actions(std::move(after), wait, answer_text(std::move(c), [](std::string page) {
                                 return json_response(std::move(page));
                               }));
}

}  // namespace

void add_orchestrator_routes(route_adder& routes) {
  routes.get("/api/v1/orchestrator/actions", list_actions, {.max_wait = limits::gate_wait_max});
}

}  // namespace im::api
