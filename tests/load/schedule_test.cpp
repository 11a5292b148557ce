#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <vector>

#include "tests/load/schedule.hpp"

using namespace im::load;
using namespace std::chrono_literals;

TEST_CASE("units are due at an even pace, and the millionth has not drifted") {
  const clock::time_point start{5s};
  const schedule s{start, 1000};
  CHECK(s.due(0) == start);
  CHECK(s.due(1) == start + 1ms);
  CHECK(s.due(1'000'000) == start + 1000s);
}

TEST_CASE("what is due by a moment is what has its moment up to then") {
  const auto rate = GENERATE(0.5, 3.0, 1000.0, 12'345.6);
  const clock::time_point start{5s};
  const schedule s{start, rate};
  CHECK(s.due_by(start - 1ns) == 0);
  CHECK(s.due_by(start) == 1);
  for (std::uint64_t n = 1; n < 500; ++n) {
    CAPTURE(rate, n);
    CHECK(s.due_by(s.due(n)) == n + 1);
    CHECK(s.due_by(s.due(n) - 1ns) == n);
  }
}

TEST_CASE("a server that stalls does not move what is due") {
  // The units of a second in which nothing could be sent are all due at its end, each since its own moment.
  const clock::time_point start{5s};
  const schedule s{start, 100};
  CHECK(s.due_by(start + 1s) == 101);
  CHECK(start + 1s - s.due(10) == 900ms);
}

TEST_CASE("threads share units without leaving one out or doing one twice") {
  for (std::uint64_t threads = 1; threads <= 5; ++threads)
    for (std::uint64_t total = 0; total < 40; ++total) {
      std::vector<int> done(total);
      for (std::uint64_t t = 0; t < threads; ++t) {
        const share mine{t, threads};
        for (std::uint64_t n = 0; n < mine.of(total); ++n) ++done.at(mine.index(n));
      }
      CAPTURE(threads, total);
      CHECK(done == std::vector<int>(total, 1));
    }
}
