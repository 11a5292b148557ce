#include "persistence/batch_buffer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <set>
#include <string>

#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::persistence;
using namespace std::chrono_literals;
using im::test::id_of;

/// A clock that is only ever an argument.
struct fake_clock {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<fake_clock>;
  [[maybe_unused]] static constexpr bool is_steady = true;
};

using buffer = batch_buffer<int, fake_clock>;
using entries = std::vector<buffer::entry>;

fake_clock::time_point at(int ms) { return fake_clock::time_point{std::chrono::milliseconds{ms}}; }

buffer::entry entry_of(const std::string& incident, int payload, std::size_t events = 1, std::size_t bytes = 100) {
  return {id_of<incident_id>(incident), events, bytes, payload};
}

std::vector<int> payloads(const entries& taken) {
  std::vector<int> out;
  for (const auto& e : taken) out.push_back(e.payload);
  return out;
}

void finish(buffer& b, const entries& taken) {
  for (const auto& e : taken) b.release(e.incident_id, e.events, e.bytes);
  b.end_write();
}

batch_bounds small() {
  return {.batch_events = 4,
          .batch_bytes = 1000,
          .batch_age = 0ms,
          .batches_in_flight = 2,
          .pending_events = 10,
          .pending_bytes = 2000};
}

}  // namespace

TEST_CASE("a write leaves at once when its age may be zero and a slot is free") {
  buffer b{small()};
  REQUIRE(b.take(at(0)).empty());
  REQUIRE(b.push(entry_of("a", 1), at(0)));
  REQUIRE(payloads(b.take(at(0))) == std::vector{1});
  REQUIRE(b.in_flight() == 1);
}

TEST_CASE("no more writes are in flight than may be") {
  buffer b{small()};
  std::vector<entries> flying;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(b.push(entry_of("incident " + std::to_string(i), i), at(0)));
    flying.push_back(b.take(at(0)));
  }
  REQUIRE(flying[2].empty());
  REQUIRE_FALSE(b.due_at());
  finish(b, flying[0]);
  REQUIRE(payloads(b.take(at(1))) == std::vector{2});
}

TEST_CASE("one incident is never in two writes at once, and keeps its order") {
  buffer b{small()};
  REQUIRE(b.push(entry_of("a", 1), at(0)));
  REQUIRE(b.push(entry_of("a", 2), at(0)));
  REQUIRE(b.push(entry_of("b", 3), at(0)));
  REQUIRE(b.push(entry_of("a", 4), at(0)));
  const auto first = b.take(at(0));
  REQUIRE(payloads(first) == std::vector{1, 3});
  REQUIRE(b.take(at(0)).empty());
  finish(b, first);
  const auto second = b.take(at(0));
  REQUIRE(payloads(second) == std::vector{2});
  REQUIRE(b.take(at(0)).empty());
  finish(b, second);
  REQUIRE(payloads(b.take(at(0))) == std::vector{4});
}

TEST_CASE("the oldest that may go, go first") {
  buffer b{small()};
  REQUIRE(b.push(entry_of("a", 1), at(0)));
  const auto first = b.take(at(0));
  REQUIRE(b.push(entry_of("a", 2), at(1)));
  REQUIRE(b.push(entry_of("b", 3), at(2)));
  finish(b, first);
  REQUIRE(payloads(b.take(at(3))) == std::vector{2, 3});
}

TEST_CASE("a write ends at its bound of events or of bytes; what is larger goes alone") {
  buffer b{small()};
  SECTION("events") {
    for (int i = 0; i < 3; ++i) REQUIRE(b.push(entry_of(std::to_string(i), i, 2), at(0)));
    REQUIRE(payloads(b.take(at(0))) == std::vector{0, 1});
  }
  SECTION("bytes") {
    for (int i = 0; i < 3; ++i) REQUIRE(b.push(entry_of(std::to_string(i), i, 1, 400), at(0)));
    REQUIRE(payloads(b.take(at(0))) == std::vector{0, 1});
  }
  SECTION("larger") {
    REQUIRE(b.push(entry_of("a", 1, 6, 1500), at(0)));
    REQUIRE(b.push(entry_of("b", 2), at(0)));
    REQUIRE(payloads(b.take(at(0))) == std::vector{1});
    REQUIRE(payloads(b.take(at(0))) == std::vector{2});
  }
}

TEST_CASE("a small write waits for its age, a full one does not") {
  auto bounds = small();
  bounds.batch_age = 5ms;
  buffer b{bounds};
  REQUIRE(b.push(entry_of("a", 1), at(10)));
  REQUIRE(b.due_at() == at(15));
  REQUIRE(b.take(at(14)).empty());
  SECTION("age") { REQUIRE(payloads(b.take(at(15))) == std::vector{1}); }
  SECTION("full of events") {
    REQUIRE(b.push(entry_of("b", 2, 3), at(11)));
    REQUIRE(payloads(b.take(at(11))) == std::vector{1, 2});
  }
  SECTION("full of bytes") {
    REQUIRE(b.push(entry_of("b", 2, 1, 900), at(11)));
    REQUIRE(payloads(b.take(at(11))) == std::vector{1, 2});
  }
  SECTION("what its incident blocks does not make it full") {
    REQUIRE(b.push(entry_of("a", 2, 3), at(11)));
    REQUIRE(b.take(at(11)).empty());
  }
  SECTION("at once, when draining") { REQUIRE(payloads(b.take(at(11), buffer::urgency::at_once)) == std::vector{1}); }
}

TEST_CASE("what is accepted is bounded until it is answered") {
  buffer b{small()};
  REQUIRE(b.push(entry_of("a", 1, 6), at(0)));
  const auto taken = b.take(at(0));
  REQUIRE(b.push(entry_of("b", 2, 4), at(0)));
  REQUIRE_FALSE(b.push(entry_of("c", 3), at(0)));
  finish(b, taken);
  REQUIRE(b.held_events() == 4);
  REQUIRE(b.push(entry_of("c", 3), at(0)));
  SECTION("by bytes too") { REQUIRE_FALSE(b.push(entry_of("d", 4, 1, 1900), at(0))); }
  SECTION("but for one alone") {
    buffer empty{small()};
    REQUIRE(empty.push(entry_of("d", 4, 100, 9000), at(0)));
    REQUIRE_FALSE(empty.push(entry_of("e", 5), at(0)));
  }
}

TEST_CASE("clearing gives up what was not taken, in order, and nothing else") {
  buffer b{small()};
  REQUIRE(b.push(entry_of("a", 1), at(0)));
  const auto taken = b.take(at(0));
  REQUIRE(b.push(entry_of("b", 2), at(0)));
  REQUIRE(b.push(entry_of("a", 3), at(0)));
  REQUIRE(b.push(entry_of("b", 4), at(0)));
  REQUIRE(payloads(b.clear()) == std::vector{2, 3, 4});
  REQUIRE(b.take(at(0)).empty());
  REQUIRE(b.held_events() == 1);
  finish(b, taken);
  REQUIRE(b.empty());
  REQUIRE(b.held_bytes() == 0);
  REQUIRE(b.push(entry_of("a", 5), at(1)));
  REQUIRE(payloads(b.take(at(1))) == std::vector{5});
}

TEST_CASE("whatever the order of answers, each incident leaves in its order and nothing is lost") {
  constexpr unsigned seed = 20261122;
  INFO("seed " << seed);
  std::mt19937 chance{seed};
  buffer b{{.batch_events = 8,
            .batch_bytes = 4000,
            .batch_age = 3ms,
            .batches_in_flight = 3,
            .pending_events = 64,
            .pending_bytes = 20'000}};
  std::vector<entries> flying;
  std::map<incident_id, int> last;
  int accepted = 0;
  int left = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto now = at(step / 2);
    if (chance() % 3 != 0) {
      auto e = entry_of(std::to_string(chance() % 12), accepted, 1 + chance() % 5, 50 + chance() % 900);
      accepted += b.push(std::move(e), now) ? 1 : 0;
    }
    if (auto taken = b.take(now); !taken.empty()) flying.push_back(std::move(taken));
    std::set<incident_id> busy;
    for (const auto& write : flying)
      for (const auto& e : write) REQUIRE(busy.insert(e.incident_id).second);
    REQUIRE(flying.size() == b.in_flight());
    REQUIRE(b.held_events() <= 64);
    if (!flying.empty() && chance() % 2 == 0) {
      const auto which = flying.begin() + static_cast<std::ptrdiff_t>(chance() % flying.size());
      for (const auto& e : *which) {
        const auto before = last.find(e.incident_id);
        REQUIRE((before == last.end() || before->second < e.payload));
        last.insert_or_assign(e.incident_id, e.payload);
        ++left;
      }
      finish(b, *which);
      flying.erase(which);
    }
  }
  for (const auto& write : flying) {
    left += static_cast<int>(write.size());
    finish(b, write);
  }
  left += static_cast<int>(b.clear().size());
  REQUIRE(left == accepted);
  REQUIRE(b.empty());
  REQUIRE(b.held_events() == 0);
}
