#include "messages/clock_guard.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>
#include <vector>

#include "tests/support/samples.hpp"

using namespace im;
using namespace im::test;
using std::chrono::hours;

namespace {

/// A guard under a system clock that is `off` from the true time.
class machine {
public:
  /// Time goes on second by second, as something always looks. Gives what the last look was off from the true time.
  milliseconds pass(seconds time) {
    milliseconds wrong{0};
    for (auto left = time; left.count() > 0; left -= seconds{1}) {
      elapsed += seconds{1};
      wrong = look().now - truth();
    }
    return wrong;
  }
  clock_reading look() {
    const auto seen = guard_.read(t0 + elapsed + off, boot_ + elapsed);
    if (seen.sight != clock_sight::plain) sights.push_back(seen.sight);
    return seen;
  }
  [[nodiscard]] time_point truth() const { return t0 + elapsed; }

  milliseconds elapsed{0};
  milliseconds off{0};
  std::vector<clock_sight> sights;

private:
  milliseconds boot_ = hours{77};
  clock_guard guard_;
};

using sights = std::vector<clock_sight>;
using enum clock_sight;

}  // namespace

TEST_CASE("a system clock that keeps time is followed to the millisecond, slewed or stepped a little") {
  machine m;
  CHECK(m.look().now == t0);
  CHECK(m.pass(seconds{100}) == milliseconds{0});
  for (int i = 0; i < 10'000; ++i) {  // half a millisecond a second, for hours: in sum more than a jump
    if (i % 2 == 0) m.off += milliseconds{1};
    CHECK(m.pass(seconds{1}) == m.off);
  }
  m.off += milliseconds{2000};
  CHECK(m.pass(seconds{1}) == m.off);
  CHECK(m.sights.empty());
}

TEST_CASE("a jump that is taken back before it settles did nothing") {
  for (const milliseconds by :
       {milliseconds{2001}, milliseconds{hours{1}}, -milliseconds{2001}, -milliseconds{hours{24}}}) {
    machine m;
    m.pass(seconds{10});
    m.off = by;
    for (int i = 0; i < 30; ++i) CHECK(m.pass(seconds{1}) == milliseconds{0});
    m.off = milliseconds{0};
    CHECK(m.pass(seconds{1}) == milliseconds{0});
    CHECK(m.pass(seconds{60}) == milliseconds{0});
    CHECK(m.sights == sights{jumped, returned});
  }
}

TEST_CASE("a jump that stays is believed after it has settled") {
  machine m;
  m.pass(seconds{10});
  m.off = hours{1};
  CHECK(m.pass(limits::clock_settle) == milliseconds{0});  // seen a second after it happened, so one is left
  CHECK(m.pass(seconds{1}) == hours{1});
  CHECK(m.pass(seconds{100}) == hours{1});
  CHECK(m.sights == sights{jumped, adopted});
}

TEST_CASE("a clock that jumps on and on is not believed until it rests") {
  machine m;
  m.pass(seconds{10});
  for (int i = 1; i <= 100; ++i) {
    m.off = seconds{10 * i};
    CHECK(m.pass(seconds{20}) == milliseconds{0});
  }
  CHECK(m.pass(seconds{20}) == m.off);
  CHECK(m.sights == sights{jumped, adopted});
}

TEST_CASE("after a small step back time stands still until it is reached again") {
  machine m;
  m.pass(seconds{10});
  m.off = -seconds{20};
  CHECK(m.pass(limits::clock_settle) == milliseconds{0});
  const auto before = m.truth();
  for (int i = 0; i < 20; ++i) {
    m.elapsed += seconds{1};
    CHECK(m.look().now == before);
  }
  m.elapsed += seconds{1};
  CHECK(m.look().now == before + seconds{1});
  CHECK(m.pass(seconds{1}) == -seconds{20});
}

TEST_CASE("a great step back that settled is followed") {
  machine m;
  m.pass(seconds{10});
  m.off = -hours{2};
  m.pass(limits::clock_settle);
  CHECK(m.pass(seconds{1}) == -hours{2});
}

TEST_CASE("a jump that was seen by one look alone is judged by the next") {
  machine m;
  m.look();
  m.elapsed = hours{1};  // nobody looked for an hour
  m.off = hours{3};
  CHECK(m.look().now == m.truth());
  m.elapsed += hours{1};
  CHECK(m.look().now == m.truth() + hours{3});
}

TEST_CASE("whatever the system clock does, time goes back only by more than it may stand still") {
  constexpr unsigned seed = 20261124;
  CAPTURE(seed);
  std::mt19937 random{seed};
  machine m;
  auto last = m.look().now;
  for (int i = 0; i < 200'000; ++i) {
    m.elapsed += milliseconds{random() % 3000};
    if (random() % 20 == 0) m.off += milliseconds{static_cast<int>(random() % 400'001) - 200'000};
    const auto now = m.look().now;
    if (now < last && last - now <= limits::clock_hold) FAIL("look " << i);
    last = now;
  }
  CHECK(std::ranges::count(m.sights, adopted) > 100);
}
