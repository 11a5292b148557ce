#include "persistence/circuit_breaker.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace std::chrono_literals;
using breaker = im::persistence::circuit_breaker<>;
using state = breaker::state;

breaker::time_point at(int ms) { return breaker::time_point{std::chrono::milliseconds{ms}}; }

/// Open since 0, a probe may go at 1000.
breaker opened() {
  breaker b{3, 1000ms};
  for (int i = 0; i < 3; ++i) b.on_failure(*b.allow(at(0)), at(0));
  return b;
}

}  // namespace

TEST_CASE("closed: calls go, failures in a row open it, a success forgets them") {
  breaker b{3, 1000ms};
  REQUIRE(b.now_in() == state::closed);
  b.on_failure(*b.allow(at(0)), at(0));
  b.on_failure(*b.allow(at(0)), at(0));
  SECTION("a success in between") {
    b.on_success(*b.allow(at(1)));
    b.on_failure(*b.allow(at(2)), at(2));
    b.on_failure(*b.allow(at(2)), at(2));
    REQUIRE(b.now_in() == state::closed);
  }
  SECTION("what is inconclusive counts nothing") {
    b.on_inconclusive(*b.allow(at(1)), at(1));
    REQUIRE(b.now_in() == state::closed);
    b.on_failure(*b.allow(at(1)), at(1));
    REQUIRE(b.now_in() == state::open);
  }
}

TEST_CASE("open: nothing goes until it was long enough; then one probe") {
  auto b = opened();
  REQUIRE(b.now_in() == state::open);
  REQUIRE(b.probe_at() == at(1000));
  REQUIRE_FALSE(b.allow(at(0)));
  REQUIRE_FALSE(b.would_allow(at(999)));
  REQUIRE_FALSE(b.allow(at(999)));
  REQUIRE(b.would_allow(at(1000)));
  REQUIRE(b.allow(at(1000)));
  REQUIRE(b.now_in() == state::half_open);
  REQUIRE_FALSE(b.allow(at(1000)));
  REQUIRE_FALSE(b.would_allow(at(9999)));
}

TEST_CASE("half open: the probe decides") {
  auto b = opened();
  const auto probe = *b.allow(at(1500));
  SECTION("success closes") {
    b.on_success(probe);
    REQUIRE(b.now_in() == state::closed);
    b.on_failure(*b.allow(at(1501)), at(1501));
    b.on_failure(*b.allow(at(1501)), at(1501));
    REQUIRE(b.now_in() == state::closed);
  }
  SECTION("failure opens for as long again") {
    b.on_failure(probe, at(1600));
    REQUIRE(b.now_in() == state::open);
    REQUIRE(b.probe_at() == at(2600));
    REQUIRE_FALSE(b.allow(at(2599)));
    REQUIRE(b.allow(at(2600)));
  }
  SECTION("inconclusive: the next call probes") {
    b.on_inconclusive(probe, at(1600));
    REQUIRE(b.now_in() == state::open);
    REQUIRE(b.allow(at(1600)));
    REQUIRE(b.now_in() == state::half_open);
  }
}

TEST_CASE("what a call of an earlier state reports changes nothing") {
  breaker b{3, 1000ms};
  const auto early = *b.allow(at(0));
  for (int i = 0; i < 3; ++i) b.on_failure(*b.allow(at(0)), at(0));
  SECTION("while open") {
    b.on_success(early);
    REQUIRE(b.now_in() == state::open);
    b.on_failure(early, at(900));
    REQUIRE(b.probe_at() == at(1000));
    b.on_inconclusive(early, at(10));
    REQUIRE_FALSE(b.allow(at(10)));
  }
  SECTION("while half open") {
    const auto probe = *b.allow(at(1000));
    b.on_failure(early, at(1001));
    b.on_success(early);
    b.on_inconclusive(early, at(1001));
    REQUIRE(b.now_in() == state::half_open);
    b.on_success(probe);
    REQUIRE(b.now_in() == state::closed);
    b.on_failure(probe, at(1002));
    b.on_failure(early, at(1002));
    b.on_failure(probe, at(1002));
    REQUIRE(b.now_in() == state::closed);
  }
}
