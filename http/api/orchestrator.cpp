/// The feed of what the orchestrator is to do. We hand actions over; we never contact anyone ourselves.

#include "http/api/params.hpp"
#include "http/api/resources.hpp"
#include "messages/json/node.hpp"
#include "messages/limits.hpp"

namespace im::api {

namespace {

/// Where a page without an action ends; nothing: it has some, or cannot be read.
std::optional<std::string> end_of_empty(std::string_view page) {
  const auto document = json::document::parse(page, limits::stored_json_depth);
  const auto actions = document ? document->root().find("actions") : std::nullopt;
  if (!actions || !actions->is(json::kind::array) || actions->size() != 0) return std::nullopt;
  return document->root().find_string("next").transform([](std::string_view next) { return std::string{next}; });
}

/// Waits a turn at a time.
void follow(call c, std::string after, seconds wait) {
  auto& queries = c.ports().queries;
  const auto turn = std::min(wait, limits::wait_turn);
  queries.orchestrator_actions(std::move(after), turn,
                               [c = std::move(c), left = wait - turn](result<std::string> page) mutable {
                                 if (!page) return c.fail(page.error());
                                 if (left > seconds{0} && !c.ports().is_draining())
                                   if (auto next = end_of_empty(*page))
                                     return follow(std::move(c), std::move(*next), left);
                                 c.answer(json_response(std::move(*page)));
                               });
}

void list_actions(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  auto after = given->get("after").value_or(std::string{});
  const auto wait = read_wait(*given);
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  follow(std::move(c), std::move(after), wait);
}

}  // namespace

void add_orchestrator_routes(route_adder& routes) {
  routes.get("/api/v1/orchestrator/actions", list_actions, {.max_wait = limits::gate_wait_max});
}

}  // namespace im::api
