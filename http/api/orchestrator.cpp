/// The feed of what the orchestrator is to do. We hand actions over; we never contact anyone ourselves.

#include <algorithm>
#include <chrono>

#include "http/api/params.hpp"
#include "http/api/resources.hpp"
#include "http/limits.hpp"
#include "messages/limits.hpp"
#include "messages/store_pages.hpp"

namespace im::api {

namespace {

using poll_clock = std::chrono::steady_clock;

/// One request for actions. It may take several calls to the store.
struct action_poll {
  std::string after;
  seconds left;  ///< of the caller's wait
  poll_clock::time_point until;
  int empty_pages_left = http::limits::empty_action_pages;
};

/// Whether to ask the store again after an empty page that ends at `next`. A page that ends where it began has waited its turn at the
/// end of the feed. One that ends later passed events without actions: the caller does not need to see it.
bool asks_again(action_poll& poll, seconds turn, std::string next) {
  const auto now = poll_clock::now();
  const bool at_end = next == poll.after;
  poll.after = std::move(next);
  if (at_end) poll.left -= turn;
  poll.left = std::clamp(std::chrono::ceil<seconds>(poll.until - now), seconds{0}, poll.left);
  if (at_end) return poll.left > seconds{0};
  return --poll.empty_pages_left > 0 && now < poll.until + http::limits::action_catch_up;
}

void follow(call c, action_poll poll) {
  auto& queries = c.ports().queries;
  const auto turn = std::min(poll.left, limits::wait_turn);
  auto after = poll.after;
  queries.orchestrator_actions(
      std::move(after), turn, [c = std::move(c), poll = std::move(poll), turn](result<std::string> page) mutable {
        if (!page) return c.fail(page.error());
        if (!c.ports().is_draining())
          if (auto next = cursor_of_empty_action_page(*page); next && asks_again(poll, turn, std::move(*next)))
            return follow(std::move(c), std::move(poll));
        c.answer(json_response(std::move(*page)));
      });
}

void list_actions(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  auto after = given->get("after").value_or(std::string{});
  const auto wait = read_wait(*given);
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  follow(std::move(c), {std::move(after), wait, poll_clock::now() + wait});
}

}  // namespace

void add_orchestrator_routes(route_adder& routes) {
  routes.get("/api/v1/orchestrator/actions", list_actions, {.max_wait = limits::gate_wait_max});
}

}  // namespace im::api
