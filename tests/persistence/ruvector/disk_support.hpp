#pragma once
/// What the tests of a store on a faulty disk share.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "tests/persistence/ruvector/support.hpp"

namespace im::ruvector::test {

inline result<std::vector<append_result>> try_next(store& to, unsigned n) {
  return try_append(to, read_events(batch_body(linked({attach_next(to, n)}, &to))).value());
}

inline std::uint64_t head_of(store& from, unsigned n) { return from.log(incident_number(n), 0, 1).value().head; }

inline health_check part_of_health(store& of, std::string_view name) {
  const auto checks = of.health();
  const auto found = std::ranges::find(checks, name, &health_check::name);
  REQUIRE(found != checks.end());
  return *found;
}

/// Asks until it holds, as a probe of an orchestrator does; only the store's own threads are waited for.
template <class Held>
bool eventually(Held&& held) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (std::chrono::steady_clock::now() < until) {
    if (held()) return true;
    std::this_thread::yield();
  }
  return false;
}

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// Some fifty pages of the write-ahead log.
inline void write_much(store& to) {
  auto large = attach_next(to, 1);
  large.outputs.text = "{\"note\":\"" + noise(200'000) + "\"}";
  append_one(to, large);
}

}  // namespace im::ruvector::test
