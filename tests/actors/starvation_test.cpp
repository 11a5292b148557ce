/// Answers that need no write, while new callers come faster than a log is read.

#include <catch2/catch_test_macros.hpp>

#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

namespace {

constexpr milliseconds store_latency{200};
constexpr milliseconds answered_within{600};

command dry_run_of(const incident_id& id) {
  auto dry = evaluation_of(id, severity::p3);
  dry.context.dry_run = true;
  return dry;
}

/// What became of callers who came at a steady pace.
struct answered {
  std::size_t asked = 0;
  std::size_t refused = 0;  ///< not by a rule: overloaded, or no store
  std::vector<milliseconds> waited;
};

/// A caller per 10 ms for some seconds, then time for the last of them. `make`: the command of the caller with that number.
template <class Make>
answered ask_steadily(world& w, seconds how_long, const Make& make) {
  constexpr milliseconds pace{10};
  const auto got = std::make_shared<answered>();
  const auto ask = [&] {
    const auto since = w.clock->elapsed;
    w.house->submit(make(got->asked++), [got, since, clock = w.clock](const result<reply>& r) {
      got->waited.push_back(clock->elapsed - since);
      if (!r && r.error().code != errc::conflict && r.error().code != errc::forbidden) ++got->refused;
    });
    w.run();
  };
  for (milliseconds passed{0}; passed < how_long; passed += pace) {
    ask();
    w.pass_step(pace);
  }
  for (milliseconds passed{0}; passed < seconds{2}; passed += pace) w.pass_step(pace);
  return *got;
}

void check(const answered& got) {
  CHECK(got.waited.size() == got.asked);
  CHECK(got.refused == 0);
  REQUIRE_FALSE(got.waited.empty());
  CHECK(std::ranges::max(got.waited) <= answered_within);
}

}  // namespace

TEST_CASE("100 dry runs a second on one incident are each answered in time over a store 200 ms away") {
  world w;
  const auto id = opened(w, severity::p2);
  w.store->latency = store_latency;
  check(ask_steadily(w, seconds{10}, [&](std::size_t) { return dry_run_of(id); }));
}

TEST_CASE("illegal transitions and refused votes are answered in time however many come") {
  world w;
  const auto id = opened(w);
  REQUIRE(w.ask(evaluation_of(id, severity::p0)).has_value());
  const auto gate = w.store->states[id].pending_gate(gate_purpose::apply_escalation)->request.id;
  for (std::size_t i = 0; i < limits::refused_votes_per_gate; ++i)  // later ones are refused without a record
    REQUIRE_FALSE(w.ask(vote_on(id, gate, "mallory" + std::to_string(i), approver_type::specific_user)).has_value());
  const auto length = w.store->log(id).size();
  w.store->latency = store_latency;
  check(ask_steadily(w, seconds{5}, [&](std::size_t number) {
    return number % 2 == 0 ? change_of(id, change_kind::close)
                           : vote_on(id, gate, "mallory", approver_type::specific_user);
  }));
  CHECK(w.store->log(id).size() == length);  // nothing of it was recorded
}

TEST_CASE("a caller who comes while the log is read is not answered by what was read before it came") {
  auto time = std::make_shared<virtual_wall_clock>();
  world a{nullptr, time};
  world b{a.store, time};
  const auto id = opened(a, severity::p2);
  REQUIRE(b.ask(read_of(id)).has_value());
  a.store->logs_held = true;
  auto early = b.send(change_of(id, change_kind::close));  // refused here: it is not resolved
  b.run();                                                 // what the store will say is settled now
  REQUIRE(a.ask(change_of(id, change_kind::resolve)).has_value());
  auto late = b.send(change_of(id, change_kind::close));
  b.run();
  CHECK_FALSE(early->has_value());
  CHECK_FALSE(late->has_value());
  b.release();
  REQUIRE(early->has_value());
  REQUIRE(late->has_value());
  CHECK((*early)->error().code == errc::conflict);
  CHECK((*late)->has_value());
  CHECK(in_sequence(a.store->log(id)));
}

TEST_CASE("a store that offers more of a log and never gives it fails the callers, and nothing turns in a circle") {
  world w;
  const auto id = opened(w, severity::p2);
  world other{w.store, w.clock};
  w.store->page_events = 0;
  w.store->claims_more = true;
  const auto before = w.store->log_reads;
  const auto read = other.ask(read_of(id));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == errc::store_unavailable);
  CHECK(w.store->log_reads <= before + 2);
}
