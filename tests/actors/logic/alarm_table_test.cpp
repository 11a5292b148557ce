#include "actors/logic/alarm_table.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>
#include <string>

namespace {

using table = im::logic::alarm_table<int, std::string, int>;

TEST_CASE("alarms come in the order of their times, each once") {
  table t;
  t.set(1, 30, "c");
  t.set(2, 10, "a");
  t.set(3, 20, "b");
  CHECK(t.next() == 10);
  CHECK(t.take_due(9).empty());
  CHECK(t.take_due(20) == std::vector<std::string>{"a", "b"});
  CHECK(t.take_due(20).empty());
  CHECK(t.next() == 30);
}

TEST_CASE("a later alarm of the same key replaces the one before, and a cancelled one never comes") {
  table t;
  t.set(1, 10, "old");
  t.set(1, 40, "new");
  t.set(2, 10, "gone");
  t.cancel(2);
  t.cancel(7);
  CHECK(t.size() == 1);
  CHECK(t.take_due(39).empty());
  CHECK(t.take_due(40) == std::vector<std::string>{"new"});
  CHECK_FALSE(t.next());
}

TEST_CASE("whatever is set, replaced and cancelled, what is due is what a plain list says") {
  constexpr unsigned seed = 20261124;
  CAPTURE(seed);
  std::mt19937 random{seed};
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  table t;
  std::map<int, int> model;
  for (int now = 0; now < 2000; ++now) {
    const int key = pick(50);
    if (pick(4) == 0) {
      t.cancel(key);
      model.erase(key);
    } else {
      const int at = now + pick(30);
      t.set(key, at, std::to_string(key));
      model[key] = at;
    }
    const auto due = t.take_due(now);
    CHECK(due.size() == std::erase_if(model, [&](const auto& entry) { return entry.second <= now; }));
    CHECK(t.size() == model.size());
  }
}

}  // namespace
