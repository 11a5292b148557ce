#include "actors/logic/retry_backoff.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace im;

TEST_CASE("the wait doubles with each failure up to its bound, and begins anew when the store answers") {
  logic::retry_backoff wait;
  auto ceiling = limits::incident_retry_first;
  for (std::uint64_t i = 0; i < 12; ++i) {
    const auto got = wait.after_failure(i * 7919);
    CHECK(got <= ceiling);
    CHECK(got >= ceiling / 2);
    ceiling = std::min(ceiling * 2, limits::incident_retry_max);
  }
  CHECK(ceiling == limits::incident_retry_max);
  wait.reset();
  CHECK(wait.after_failure(0) == limits::incident_retry_first);
}

TEST_CASE("chance spreads the waits over the whole upper half") {
  std::size_t early = 0;
  milliseconds least = limits::incident_retry_first;
  for (std::uint64_t chance = 0; chance < 1000; ++chance) {
    logic::retry_backoff wait;
    const auto got = wait.after_failure(chance);
    least = std::min(least, got);
    early += got < limits::incident_retry_first * 3 / 4;
  }
  CHECK(least < limits::incident_retry_first * 6 / 10);
  CHECK(early > 400);
  CHECK(early < 600);
}
