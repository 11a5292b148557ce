#include "actors/logic/supervision.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace im::logic;
using namespace std::chrono_literals;

TEST_CASE("each child's end is met as the table says") {
  for (const auto child : {child_kind::escalation, child_kind::gate, child_kind::post_mortem})
    for (const bool left : {false, true}) CHECK(react(child, false, left) == reaction::ignore);
  CHECK(react(child_kind::escalation, true, true) == reaction::restart);
  CHECK(react(child_kind::escalation, true, false) == reaction::fail_safe);
  CHECK(react(child_kind::gate, true, true) == reaction::restart);
  CHECK(react(child_kind::gate, true, false) == reaction::fail_safe);
  CHECK(react(child_kind::post_mortem, true, true) == reaction::ignore);
  CHECK(react(child_kind::post_mortem, true, false) == reaction::ignore);
}

TEST_CASE("a restart budget is spent within its window and renewed after it") {
  restart_budget budget{2, 60s};
  const restart_budget::time start{};
  CHECK(budget.spend(start));
  CHECK(budget.spend(start + 10s));
  CHECK_FALSE(budget.spend(start + 59s));
  CHECK(budget.spend(start + 60s));        // the first is forgotten
  CHECK_FALSE(budget.spend(start + 61s));  // the second is not
  CHECK(budget.spend(start + 70s));
}
