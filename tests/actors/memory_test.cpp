/// What stays in memory, and how much may be under way.

#include <catch2/catch_test_macros.hpp>

#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

TEST_CASE("an incident that nobody asks for leaves memory, and one that is asked for stays") {
  world w;
  const auto idle = opened(w, severity::p4, "idle");
  const auto busy = opened(w, severity::p4, "busy");
  for (int i = 0; i < 7; ++i) {
    w.pass(limits::passivate_after / 5);
    CHECK(w.ask(read_of(busy)).has_value());
  }
  CHECK(w.metrics.incidents_live.value() == 1);
  const auto reads = w.store->log_reads;
  CHECK(w.ask(read_of(idle))->state->record.id == idle);
  CHECK(w.store->log_reads == reads + 1);
}

TEST_CASE(
    "a supervisor that fails takes no other with it: its caller hears of it, and its incident goes on from the log") {
  world w;
  const auto id = opened(w, severity::p4, "failing");
  const auto other = opened(w, severity::p4, "other");
  w.clock->failures = 1;
  const auto failed = w.ask(change_of(id, change_kind::acknowledge));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == errc::internal);
  CHECK(w.metrics.incidents_live.value() == 1);
  const auto reads = w.store->log_reads;
  REQUIRE(w.ask(change_of(id, change_kind::acknowledge)).has_value());
  CHECK(w.store->log_reads == reads + 1);
  CHECK(w.ask(signal_of(severity::p4, "failing"))->state->record.id == id);
  CHECK(w.ask(change_of(other, change_kind::acknowledge)).has_value());
  CHECK(w.metrics.incidents_live.value() == 2);
  CHECK(in_sequence(w.store->log(id)));
  CHECK(w.lost.empty());
}

TEST_CASE("a registry shard that fails answers its callers, and the house is told that it cannot go on") {
  world w;
  w.clock->failures = 1;  // it looks at the clock to name a new incident
  const auto failed = w.ask(signal_of(severity::p4));
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == errc::internal);
  CHECK(w.lost == std::vector<std::string>{"incident_registry"});
}

TEST_CASE("a deadline keeper that fails is missed, and the house is told that it cannot go on") {
  world w;
  w.clock->failures = 1;
  w.pass(seconds{2});
  CHECK(w.lost == std::vector<std::string>{"deadline_keeper"});
}

TEST_CASE("the end of the house is no failure of its actors") {
  std::vector<std::string> lost;
  {
    world w;
    (void)opened(w);
    w.env.on_lost = [&](std::string_view actor) { lost.emplace_back(actor); };
  }
  CHECK(lost.empty());
}

TEST_CASE("an incident whose log was read in part is not told") {
  auto time = std::make_shared<virtual_wall_clock>();
  world before{nullptr, time};
  const auto id = opened(before, severity::p2);  // two events: opened, evaluated
  world w{before.store, time};
  w.store->page_events = 1;
  w.store->reads_left = 1;
  const auto half = w.ask(read_of(id));
  REQUIRE_FALSE(half.has_value());
  CHECK(half.error().code == errc::store_unavailable);
  w.store->reads_left.reset();
  const auto whole = w.ask(read_of(id));
  REQUIRE(whole.has_value());
  CHECK_FALSE(whole->stale);
  CHECK(whole->state->head() == 2);
}

TEST_CASE("a dry run over a complete input needs no supervisor where the store knows no such incident") {
  world w;
  auto dry = evaluation_of(id_of<incident_id>("somebody else's"), severity::p1);
  std::get<cmd::evaluate_escalation>(dry.body).full = true;
  dry.context.dry_run = true;
  const auto apart = w.ask(dry);
  REQUIRE(apart.has_value());
  REQUIRE(apart->event);
  CHECK_FALSE(apart->persisted);
  CHECK_FALSE(apart->state->opened);
  CHECK(w.metrics.incidents_passivated.value() == 0);  // there was nobody to let go
  CHECK(w.store->writes == 0);

  dry.context.dry_run = false;
  const auto recorded = w.ask(dry);  // by a supervisor
  REQUIRE(recorded.has_value());
  CHECK(recorded->event->id == apart->event->id);
  CHECK(recorded->event->outputs == apart->event->outputs);
  CHECK(recorded->event->confidence == apart->event->confidence);

  dry.context.dry_run = true;
  dry.incident_id = id_of<incident_id>("one more");
  w.store->away = true;
  const auto refused = w.ask(dry);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::store_unavailable);
}

TEST_CASE("a dry run over a complete input is decided from the log where the store knows the incident") {
  auto time = std::make_shared<virtual_wall_clock>();
  world before{nullptr, time};
  const auto id = opened(before, severity::p2);
  world w{before.store, time};
  auto dry = evaluation_of(id, severity::p2);
  std::get<cmd::evaluate_escalation>(dry.body).full = true;
  std::get<cmd::evaluate_escalation>(dry.body).input.current_severity = severity::p4;
  dry.context.dry_run = true;
  const auto told = w.ask(dry);
  REQUIRE(told.has_value());
  CHECK(told->state->opened);
  CHECK_FALSE(told->warnings.empty());  // the caller sees its severity otherwise than the log
  CHECK(w.metrics.incidents_live.value() == 1);
}

TEST_CASE(
    "the store is asked once for all dry runs that wait, and each is answered by what it has of its own incident") {
  auto time = std::make_shared<virtual_wall_clock>();
  world before{nullptr, time};
  const auto held = opened(before, severity::p2);
  world w{before.store, time};
  const auto dry_run_of = [](const incident_id& id) {
    auto dry = evaluation_of(id, severity::p2);
    std::get<cmd::evaluate_escalation>(dry.body).full = true;
    dry.context.dry_run = true;
    return dry;
  };
  const auto somebody_elses = [&](std::uint8_t n) {
    auto bytes = held.value().bytes();  // its last byte names the shard
    bytes.front() = static_cast<std::uint8_t>(bytes.front() ^ n);
    return incident_id{uuid{bytes}};
  };
  w.store->looks.clear();
  w.store->logs_held = true;
  std::vector<pending> answers;
  for (const auto& id : {somebody_elses(1), somebody_elses(2), held, somebody_elses(3)}) {
    answers.push_back(w.send(dry_run_of(id)));
    w.run();
  }
  CHECK(w.store->looks == std::vector<std::size_t>{1});
  w.release();
  CHECK(w.store->looks == std::vector<std::size_t>{1, 3});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    REQUIRE(answers[i]->has_value());
    REQUIRE((*answers[i])->has_value());
    CHECK((**answers[i])->state->opened == (i == 2));
  }
}

TEST_CASE("who waits for a verdict keeps the incident in memory") {
  world w;
  const auto id = opened(w);
  REQUIRE(w.ask(evaluation_of(id, severity::p0)).has_value());
  const auto gate = w.store->states[id].pending_gate(gate_purpose::apply_escalation)->request.id;
  w.pass(limits::passivate_after - seconds{10});
  auto answer = w.await(id, gate, seconds{60});
  w.pass(seconds{50});
  CHECK_FALSE(answer->has_value());
  CHECK(w.metrics.incidents_live.value() == 1);
}

TEST_CASE("an incident that only the clock wakes goes back to sleep as soon as it is seen to") {
  auto time = std::make_shared<virtual_wall_clock>();
  auto store = [&] {
    world w{nullptr, time};
    for (int i = 0; i < 300; ++i) (void)opened(w, severity::p2, "fp-" + std::to_string(i));
    return w.store;
  }();
  const auto opened_writes = store->writes;
  time->elapsed += std::chrono::hours{2};  // all of them are overdue
  world w{store, time};
  w.pass(seconds{3});
  CHECK(w.metrics.incidents_live.value() == 0);
  CHECK(w.metrics.incidents_awakened.value() >= 300);
  CHECK(store->writes >= opened_writes + 300);
  for (const auto& [id, log] : store->logs) CHECK(count_of<fact::escalation_evaluated>(log) >= 2);
}

TEST_CASE("however much is due, few incidents are woken at once") {
  auto time = std::make_shared<virtual_wall_clock>();
  auto store = [&] {
    world w{nullptr, time};
    for (int i = 0; i < 400; ++i) (void)opened(w, severity::p2, "fp-" + std::to_string(i));
    return w.store;
  }();
  time->elapsed += std::chrono::hours{2};
  store->logs_held = true;  // nobody gets on
  world w{store, time};
  w.pass(seconds{2});
  CHECK(w.metrics.incidents_live.value() == limits::deadline_wakes);
  w.release();
  w.pass(seconds{3});
  CHECK(w.metrics.incidents_live.value() == 0);
  CHECK(w.metrics.incidents_awakened.value() >= 400);
}

TEST_CASE("beyond what may be under way a command is refused at once, and taken again when there is room") {
  world w;
  w.store->logs_held = true;
  const auto id = id_of<incident_id>("unknown");
  std::vector<pending> waiting;
  for (std::size_t i = 0; i < limits::commands_in_flight; ++i) waiting.push_back(w.send(read_of(id)));
  auto refused = w.send(read_of(id));  // nothing has run yet: the door itself says no
  REQUIRE(refused->has_value());
  REQUIRE_FALSE((*refused)->has_value());
  CHECK((*refused)->error().code == errc::overloaded);
  CHECK((*refused)->error().retry_after_s);
  w.release();
  w.run();
  for (const auto& answer : waiting) REQUIRE(answer->has_value());
  CHECK(w.ask(read_of(id)).error().code == errc::not_found);
}

TEST_CASE("beyond the bound the longest unused incidents leave memory, and nobody is refused for it") {
  world w{nullptr, nullptr, 20};
  std::vector<incident_id> ids;
  for (int i = 0; i < 200; ++i) ids.push_back(opened(w, severity::p4, "fp-" + std::to_string(i)));
  CHECK(w.metrics.incidents_live.value() <= 20 + 4);
  for (const auto& id : ids) CHECK(w.ask(change_of(id, change_kind::acknowledge)).has_value());
  CHECK(w.metrics.incidents_live.value() <= 20 + 4);
}

TEST_CASE("where none of the incidents in memory is idle, one more is refused, and taken when there is room") {
  world w{nullptr, nullptr, 20};
  std::vector<incident_id> ids;
  for (int i = 0; i < 60; ++i) ids.push_back(opened(w, severity::p4, "fp-" + std::to_string(i)));
  w.store->held = true;  // from now on all are busy
  std::vector<pending> answers;
  for (const auto& id : ids) answers.push_back(w.send(change_of(id, change_kind::acknowledge)));
  w.run();
  std::size_t refused = 0;
  for (const auto& answer : answers) refused += answer->has_value() && (*answer)->error().code == errc::overloaded;
  CHECK(refused >= 60 - 24);
  CHECK(refused < 60);
  w.release();
  for (const auto& answer : answers) REQUIRE(answer->has_value());
  CHECK(w.ask(change_of(ids.back(), change_kind::start)).has_value());
}

TEST_CASE("who waits for the first answer to a repetition keeps the incident in memory") {
  world w;
  const auto id = opened(w, severity::p4);
  const auto change = change_of(id, change_kind::acknowledge);
  const auto first = w.ask(change);
  REQUIRE(first.has_value());
  w.store->events_held = true;
  auto again = w.send(change);
  w.pass(limits::passivate_after * 2);
  CHECK_FALSE(again->has_value());
  w.store->events_held = false;
  w.release();
  REQUIRE(again->has_value());
  REQUIRE((*again)->has_value());
  CHECK((**again)->event->id == first->event->id);
  w.pass(limits::passivate_after * 2);
  CHECK(w.metrics.incidents_live.value() == 0);
}

TEST_CASE("who is refused keeps the incident in memory while the store is asked for a first answer") {
  world w;
  const auto id = opened(w, severity::p4);
  for (std::size_t i = 0; i < limits::recent_requests_per_incident; ++i)
    REQUIRE(w.ask(change_of(id, change_kind::comment)).has_value());
  w.store->events_held = true;
  auto refused = w.send(change_of(id, change_kind::close));
  w.pass(limits::passivate_after * 2);
  CHECK_FALSE(refused->has_value());
  w.store->events_held = false;
  w.release();
  REQUIRE(refused->has_value());
  REQUIRE_FALSE((*refused)->has_value());
  CHECK((*refused)->error().code == errc::conflict);
}

TEST_CASE("an incident that does not exist leaves memory once its last caller has its first answer, and not before") {
  world w;
  auto evaluate = evaluation_of(id_of<incident_id>("somebody else's"), severity::p2);
  std::get<cmd::evaluate_escalation>(evaluate.body).full = true;
  const auto first = w.ask(evaluate);
  REQUIRE(first.has_value());
  evaluate.incident_id = id_of<incident_id>("unknown");
  w.store->events_held = true;
  const auto live = w.metrics.incidents_live.value();
  auto again = w.send(evaluate);
  w.run();
  CHECK_FALSE(again->has_value());
  CHECK(w.metrics.incidents_live.value() == live + 1);
  w.store->events_held = false;
  w.release();
  REQUIRE(again->has_value());
  REQUIRE((*again)->has_value());
  CHECK((**again)->event->id == first->event->id);
  CHECK(w.metrics.incidents_live.value() == live);
}

TEST_CASE("beyond so many who wait for the policies one is refused as too many, not as a bug") {
  std::shared_ptr<fake_store> store;
  std::vector<incident_id> incidents;
  {
    world before;
    store = before.store;
    for (std::size_t i = 0; i <= limits::policy_waiters; ++i)
      incidents.push_back(opened(before, severity::p4, "fp-" + std::to_string(i)));
  }
  // Each incident goes on by the policies that it was opened under, which nobody here knows yet.
  world w{store};
  store->policies_held = true;
  std::vector<pending> answers;
  answers.reserve(incidents.size());
  for (const auto& id : incidents) answers.push_back(w.send(change_of(id, change_kind::acknowledge)));
  w.run();
  std::size_t refused = 0;
  for (const auto& answer : answers) {
    if (!answer->has_value()) continue;
    REQUIRE_FALSE((*answer)->has_value());
    CHECK((*answer)->error().code == errc::overloaded);
    ++refused;
  }
  CHECK(refused == 1);
  store->policies_held = false;
  w.release();
  for (const auto& answer : answers) REQUIRE(answer->has_value());
}

TEST_CASE("incidents that open together ask for the policies together") {
  world w;
  opened(w, severity::p4, "first");
  const auto lookups = [&] { return w.metrics.policy_lookups[telemetry::policy_lookup::hit].value(); };
  const auto before = lookups();
  std::vector<pending> answers;
  for (int i = 0; i < 40; ++i) answers.push_back(w.send(signal_of(severity::p4, "fp-" + std::to_string(i))));
  w.run();
  for (const auto& answer : answers) {
    REQUIRE(answer->has_value());
    REQUIRE((*answer)->has_value());
    CHECK((**answer)->disposition == disposition::opened);
  }
  // Each of the two shards looks its first one up at once, and then all that came meanwhile.
  CHECK(lookups() - before == 4);
}
