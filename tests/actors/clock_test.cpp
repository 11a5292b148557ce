#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>

#include "tests/actors/world.hpp"

// The system's clock jumps under a house of actors whose time is guarded, as the service's is.

using namespace im;
using namespace im::test;
using std::chrono::hours;

namespace {

std::shared_ptr<virtual_wall_clock> guarded() {
  auto clock = std::make_shared<virtual_wall_clock>();
  clock->is_guarded = true;
  return clock;
}

/// An incident with a gate that asks people until a known moment.
struct asked {
  incident_id incident;
  approval_id gate;
  time_point deadline;
};

asked ask_people(world& w) {
  const auto opened = w.ask(signal_of(severity::p2));
  REQUIRE(opened.has_value());
  auto request = sample_request();
  request.id = id_of<approval_id>("gate");
  request.expiry_action = expiry_action::auto_reject;
  request.approval_deadline = w.clock->now() + seconds{600};
  auto c = change_of(opened->state->record.id, change_kind::comment);
  c.body = request;
  REQUIRE(w.ask(std::move(c)).has_value());
  return {opened->state->record.id, *request.id, *request.approval_deadline};
}

approval_status status_of(world& w, const asked& a) { return w.store->states[a.incident].find_gate(a.gate)->status; }

/// How often the clock had its effect, by deadline; a deadline that fired early or twice is found here.
std::map<std::string, int> fired(world& w, const asked& a) {
  std::map<std::string, int> counts;
  for (const auto& event : w.store->log(a.incident))
    for (const auto& request : event->request_ids)
      if (request.starts_with("due:")) ++counts[request];
  return counts;
}

int expiries(world& w, const asked& a) {
  return static_cast<int>(std::ranges::count_if(w.store->log(a.incident), [](const event_ptr& e) {
    const auto* changed = std::get_if<fact::gate_changed>(&e->fact.value);
    return changed && changed->status == approval_status::expired;
  }));
}

}  // namespace

TEST_CASE("a clock that jumps forward and comes back fires nothing early and nothing twice") {
  world w{nullptr, guarded()};
  const auto a = ask_people(w);
  w.clock->jump = hours{5};
  w.pass(seconds{25});
  CHECK(status_of(w, a) == approval_status::pending);
  CHECK(fired(w, a).empty());
  w.clock->jump = milliseconds{0};
  w.pass(seconds{560});
  CHECK(status_of(w, a) == approval_status::pending);
  CHECK(w.clock->now() < a.deadline);
  w.pass(seconds{40});
  CHECK(status_of(w, a) == approval_status::expired);
  CHECK(expiries(w, a) == 1);
  w.clock->jump = -hours{5};
  w.pass(seconds{20});
  w.clock->jump = milliseconds{0};
  w.pass(seconds{700});
  CHECK(expiries(w, a) == 1);
  for (const auto& [request, times] : fired(w, a)) CHECK(times == 1);
}

TEST_CASE("a clock that was set right, forward, fires once what is due by then") {
  world w{nullptr, guarded()};
  const auto a = ask_people(w);
  w.clock->jump = hours{1};
  w.pass(seconds{29});
  CHECK(status_of(w, a) == approval_status::pending);
  w.pass(seconds{5});
  CHECK(status_of(w, a) == approval_status::expired);
  w.pass(seconds{700});
  CHECK(expiries(w, a) == 1);
}

TEST_CASE("a clock that was set back far leaves a deadline to its moment on the new clock") {
  world w{nullptr, guarded()};
  const auto a = ask_people(w);
  w.clock->jump = -seconds{300};
  w.pass(seconds{800});
  CHECK(w.clock->now() < a.deadline);
  CHECK(status_of(w, a) == approval_status::pending);
  w.pass(seconds{110});
  CHECK(status_of(w, a) == approval_status::expired);
  CHECK(expiries(w, a) == 1);
}

TEST_CASE("a deadline that comes near while the store is away waits for it, and nothing turns in a circle meanwhile") {
  world w;
  const auto id = opened(w, severity::p1);
  const auto due = next_deadline(w.store->states[id]);
  REQUIRE(due.has_value());
  const auto wanted_in = std::chrono::ceil<seconds>(due->due_at - limits::escalation_ahead - w.clock->now());
  REQUIRE(wanted_in > seconds{10});
  w.pass(wanted_in - seconds{3});
  w.store->away = true;
  REQUIRE_FALSE(w.ask(change_of(id, change_kind::comment)).has_value());  // so the log must be read first
  w.pass(limits::escalation_ahead);
  w.store->away = false;
  const auto before = count_of<fact::escalation_evaluated>(w.store->log(id));
  w.pass(seconds{10});
  CHECK(count_of<fact::escalation_evaluated>(w.store->log(id)) > before);
}

TEST_CASE("however often an earlier alarm overtakes a later one, CAF keeps one timer for each moment") {
  world w;
  const auto id = opened(w);
  w.store->logs_held = true;
  const auto timers = [&] { return pending_timers(w.scheduler()); };
  const auto read_slowly = [&] {
    auto read = w.send(read_of(id));  // its patience ends before the incident's next deadline
    w.pass(seconds{2});
    REQUIRE(read->has_value());
  };
  read_slowly();
  const auto before = timers();
  for (int i = 0; i < 20; ++i) read_slowly();
  CHECK(timers() <= before + 1);
}
