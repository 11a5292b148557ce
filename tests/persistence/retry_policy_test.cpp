#include "persistence/retry_policy.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

namespace {

using namespace std::chrono_literals;
using im::persistence::retry_policy;

constexpr retry_policy policy{.attempts = 7, .first = 50ms, .max = 400ms};

}  // namespace

TEST_CASE("the wait doubles up to its bound") {
  constexpr std::chrono::milliseconds expected[]{50ms, 100ms, 200ms, 400ms, 400ms, 400ms};
  for (int made = 1; made <= 6; ++made) REQUIRE(policy.ceiling(made) == expected[made - 1]);
  STATIC_REQUIRE(policy.ceiling(1'000'000) == 400ms);
  STATIC_REQUIRE(retry_policy{.attempts = 3, .first = 900ms, .max = 400ms}.ceiling(1) == 400ms);
}

TEST_CASE("jitter stays between half of the wait and all of it, and uses that room") {
  std::mt19937_64 chance{7};
  for (int made = 1; made < policy.attempts; ++made) {
    std::set<std::chrono::milliseconds> seen;
    for (int i = 0; i < 500; ++i) {
      const auto wait = policy.next(made, chance);
      REQUIRE(wait);
      REQUIRE(*wait >= policy.ceiling(made) / 2);
      REQUIRE(*wait <= policy.ceiling(made));
      seen.insert(*wait);
    }
    REQUIRE(seen.size() > 15);
  }
}

TEST_CASE("the attempts are used up after as many as there may be") {
  std::mt19937_64 chance{7};
  REQUIRE(policy.next(6, chance));
  REQUIRE_FALSE(policy.next(7, chance));
  REQUIRE_FALSE(policy.next(8, chance));
  REQUIRE_FALSE(retry_policy{.attempts = 1}.next(1, chance));
}

TEST_CASE("what the store asks for is heeded, up to the bound") {
  std::mt19937_64 chance{7};
  REQUIRE(policy.next(1, chance, 0) <= 50ms);
  REQUIRE(policy.next(1, chance, 3600) == 400ms);
  const retry_policy patient{.attempts = 4, .first = 50ms, .max = 2000ms};
  REQUIRE(patient.next(1, chance, 1) == 1000ms);
}
