/// What live incidents cost while the store is away, and that they go on when it is back.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

namespace {

constexpr std::size_t many = 1000;

std::vector<incident_id> open_many(world& w) {
  std::vector<incident_id> ids;
  for (std::size_t i = 0; i < many; ++i) ids.push_back(opened(w, severity::p1, "fp-" + std::to_string(i)));
  return ids;
}

/// All of them meet the outage.
void let_all_fail(world& w, const std::vector<incident_id>& ids) {
  w.store->away = true;
  for (const auto& id : ids) REQUIRE_FALSE(w.ask(change_of(id, change_kind::comment)).has_value());
}

/// How often the store is asked, for each of so many seconds.
std::vector<std::size_t> requests_per_second(world& w, std::size_t how_long) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < how_long; ++i) {
    const auto before = w.store->requests;
    w.pass(seconds{1});
    all.push_back(w.store->requests - before);
  }
  return all;
}

}  // namespace

TEST_CASE("a thousand incidents ask a store that is away ever more seldom, and never in step") {
  world w;
  w.env.passivate_after = std::chrono::hours{1};  // nobody leaves: this is what those who stay cost
  const auto ids = open_many(w);
  let_all_fail(w, ids);
  const auto per_second = requests_per_second(w, 600);
  const auto sum = [&](std::size_t from, std::size_t until) {
    std::size_t all = 0;
    for (auto i = from; i < until; ++i) all += per_second[i];
    return all;
  };
  // Between half of the ceiling and all of it: 90 s on average, and the deadline keeper once a second.
  CHECK(sum(300, 600) / 300 <= 20);
  CHECK(sum(0, 600) < 15 * many);  // seven of them on the way to the ceiling
  CHECK(*std::ranges::max_element(per_second.begin() + 60, per_second.end()) <= many / 10);
  CHECK(w.metrics.incidents_live.value() == many);
  CHECK(pending_timers(w.scheduler()) <= 16);  // all alarms stand in one table
}

TEST_CASE("when the store is back what is due is seen to within seconds, however long the outage was") {
  world w;
  w.env.passivate_after = std::chrono::hours{1};
  const auto ids = open_many(w);
  let_all_fail(w, ids);
  std::vector<std::size_t> before;
  for (const auto& id : ids) before.push_back(count_of<fact::escalation_evaluated>(w.store->log(id)));
  w.pass(seconds{1800});
  w.store->away = false;
  w.pass(seconds{5});
  std::size_t seen_to = 0;
  for (std::size_t i = 0; i < many; ++i)
    seen_to += count_of<fact::escalation_evaluated>(w.store->log(ids[i])) > before[i];
  CHECK(seen_to == many);
}

TEST_CASE("who asks during an outage is answered at once, and by the store as soon as it is back") {
  world w;
  const auto id = opened(w);
  w.store->away = true;
  REQUIRE_FALSE(w.ask(change_of(id, change_kind::comment)).has_value());
  w.pass(seconds{300});
  CHECK(w.ask(change_of(id, change_kind::comment)).error().code == errc::store_unavailable);
  w.store->away = false;
  CHECK(w.ask(change_of(id, change_kind::acknowledge)).has_value());
  CHECK_FALSE(w.ask(read_of(id))->stale);
}

TEST_CASE("who waits for a verdict through an outage hears of it when the store is back") {
  auto time = std::make_shared<virtual_wall_clock>();
  world a{nullptr, time};
  world b{a.store, time};
  const auto id = opened(a);
  REQUIRE(a.ask(evaluation_of(id, severity::p0)).has_value());
  const auto gate = a.store->states[id].pending_gate(gate_purpose::apply_escalation)->request.id;
  auto answer = b.await(id, gate, seconds{60});
  b.run();
  a.store->away = true;
  b.pass(seconds{10});
  a.store->away = false;
  REQUIRE(a.ask(vote_on(id, gate, "ada", approver_type::incident_commander, vote_decision::rejected)));
  b.pass(seconds{30});
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->has_value());
  CHECK((**answer)->state->find_gate(gate)->status == approval_status::rejected);
}
