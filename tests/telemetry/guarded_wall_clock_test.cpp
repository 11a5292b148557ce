#include "telemetry/guarded_wall_clock.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <thread>
#include <vector>

using namespace im;

TEST_CASE("the guarded clock tells the system's time, and never goes back for a thread") {
  const guarded_wall_clock clock;
  const auto before = system_wall_clock{}.now();
  std::atomic<bool> went_back = false;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&] {
        auto last = clock.now();
        for (int look = 0; look < 20'000; ++look) {
          const auto now = clock.now();
          if (now < last) went_back = true;
          last = now;
        }
      });
  }
  CHECK_FALSE(went_back);
  const auto now = clock.now();
  CHECK(now >= before - limits::clock_jump);
  CHECK(now <= system_wall_clock{}.now() + limits::clock_jump);
}
