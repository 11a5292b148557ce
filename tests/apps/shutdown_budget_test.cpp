#include "apps/settings/shutdown_budget.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>

#include "messages/limits.hpp"
#include "telemetry/limits.hpp"

using namespace im;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("lame duck, drain and close together take no longer than the platform waits") {
  struct row {
    seconds total, wanted, lame_duck;
    milliseconds drain;
  };
  for (const auto& [total, wanted, lame_duck, drain] : std::array{
           row{seconds{10}, seconds{0}, seconds{0}, seconds{8}},
           row{seconds{10}, seconds{5}, seconds{5}, seconds{3}},
           row{seconds{10}, seconds{300}, seconds{5}, seconds{3}},
           row{seconds{30}, seconds{5}, seconds{5}, seconds{23}},
           row{seconds{30}, seconds{25}, seconds{25}, seconds{3}},
           row{shutdown_budget::total_least, seconds{5}, seconds{0}, seconds{3}},
       }) {
    const shutdown_budget budget{total};
    CHECK(budget.lame_duck(wanted) == lame_duck);
    CHECK(budget.drain(lame_duck) == drain);
    CHECK(lame_duck + drain + shutdown_budget::close <= total);
  }
}

TEST_CASE("a drain gets what a lame-duck time that was cut short left, and its least when it began late") {
  const shutdown_budget budget{seconds{30}};
  CHECK(budget.drain(milliseconds{1'500}) == milliseconds{26'500});
  CHECK(budget.drain(seconds{29}) == shutdown_budget::drain_least);
}

TEST_CASE("a drain lasts longer than one turn of a long poll, and the close as long as the last post of telemetry") {
  CHECK(shutdown_budget::drain_least > limits::wait_turn);
  CHECK(shutdown_budget::close >= limits::observatory_farewell);
}
