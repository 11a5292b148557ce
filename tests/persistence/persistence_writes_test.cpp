#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/persistence/actor_support.hpp"

namespace {

using namespace im;
using namespace im::test;
using namespace std::chrono_literals;
using persistence::persistence_config;

bool committed(const write_answer& a) {
  return a->times == 1 && a->value->has_value() && (*a->value)->what == outcome_kind::committed;
}

persistence_config with_breaker(int failures) {
  persistence_config config;
  config.breaker_failures = failures;
  config.breaker_open = 1000ms;
  config.retries = {.attempts = 4, .first = 50ms, .max = 2000ms};
  return config;
}

/// Fails writes until the circuit is open, and uses up the one that failed.
void open_circuit(persistence_fixture& f) {
  auto lost = f.write_now(sample_batch("lost", 1, 1));
  while (lost->pending()) {
    if (!f.store->writes.empty()) f.store->fail();
    f.pass(1ms);
  }
}

}  // namespace

TEST_CASE("a write is answered when the store has committed it, and not before") {
  persistence_fixture f;
  const auto a = f.write_now(sample_batch("a", 1, 2));
  REQUIRE(f.store->writes.size() == 1);
  f.pass(100ms);
  REQUIRE(a->pending());
  REQUIRE(ids_of(f.store->commit()) == ids_of({sample_batch("a", 1, 2)}));
  f.settle();
  REQUIRE(committed(a));
}

TEST_CASE("a burst that is in the mailbox leaves as one write") {
  persistence_fixture f;
  std::vector<write_answer> all;
  for (int i = 0; i < 20; ++i) all.push_back(f.write(sample_batch("incident " + std::to_string(i), 1, 1)));
  f.settle();
  REQUIRE(f.store->writes.size() == 1);
  REQUIRE(f.store->commit()->size() == 20);
  f.settle();
  for (const auto& a : all) REQUIRE(committed(a));
}

TEST_CASE("writes that come while all slots are taken leave together when one is free") {
  persistence_fixture f;
  f.write_now(sample_batch("a", 1, 1));
  f.write_now(sample_batch("b", 1, 1));
  const auto c = f.write_now(sample_batch("c", 1, 1));
  const auto d = f.write_now(sample_batch("d", 1, 1));
  REQUIRE(f.store->writes.size() == limits::batches_in_flight);
  f.store->commit();
  f.settle();
  REQUIRE(f.store->writes.size() == 2);
  REQUIRE(ids_of(f.store->writes.back().what) == ids_of({sample_batch("c", 1, 1), sample_batch("d", 1, 1)}));
}

TEST_CASE("a small write waits for its age when it has one") {
  persistence_config config;
  config.batches.batch_age = 5ms;
  persistence_fixture f{std::move(config)};
  f.write_now(sample_batch("a", 1, 1));
  f.pass(3ms);
  f.write_now(sample_batch("b", 1, 1));
  REQUIRE(f.store->writes.empty());
  f.pass(2ms);
  REQUIRE(f.store->writes.size() == 1);
  REQUIRE(f.store->commit()->size() == 2);
}

TEST_CASE("one incident's writes go one after the other, also while the first is tried again") {
  persistence_fixture f;
  const auto first = f.write_now(sample_batch("a", 1, 1));
  const auto second = f.write_now(sample_batch("a", 2, 2));
  REQUIRE(f.store->writes.size() == 1);
  f.store->fail(fault::away, true);
  f.pass(200ms);
  REQUIRE(f.store->writes.size() == 1);
  REQUIRE(ids_of(f.store->commit()) == ids_of({sample_batch("a", 1, 1)}));
  f.settle();
  REQUIRE(committed(first));
  REQUIRE(second->pending());
  REQUIRE(ids_of(f.store->commit()) == ids_of({sample_batch("a", 2, 2)}));
  f.settle();
  REQUIRE(committed(second));
}

TEST_CASE("each incident hears its own outcome") {
  persistence_fixture f;
  const auto a = f.write(sample_batch("a", 1, 1));
  const auto b = f.write(sample_batch("b", 1, 1));
  const auto c = f.write(sample_batch("c", 1, 1));
  f.settle();
  auto call = f.store->take();
  persistence::write_results results;
  results.emplace_back(write_outcome{outcome_kind::sequence_taken, 9, {}, {}});
  results.emplace_back(std::unexpected{error{errc::internal, "odd"}});
  results.emplace_back(write_outcome{});
  call.done(std::move(results));
  f.settle();
  REQUIRE((*a->value)->what == outcome_kind::sequence_taken);
  REQUIRE((*a->value)->head == 9);
  REQUIRE(b->is(errc::internal));
  REQUIRE(committed(c));
}

TEST_CASE("a lost answer is asked for again with the same events, after a backoff with jitter") {
  persistence_fixture f{with_breaker(100)};
  const auto a = f.write_now(sample_batch("a", 1, 2));
  for (const auto ceiling : {50ms, 100ms, 200ms}) {
    const auto before = f.store->write_count;
    const auto events = ids_of(f.store->writes.front().what);
    f.store->fail(fault::away, true);
    f.settle();
    f.pass(ceiling / 2 - 1ms);
    REQUIRE(f.store->write_count == before);
    f.pass(ceiling / 2 + 1ms);
    REQUIRE(f.store->write_count == before + 1);
    REQUIRE(ids_of(f.store->writes.front().what) == events);
  }
  f.store->commit();
  f.settle();
  REQUIRE(committed(a));
}

TEST_CASE("when the attempts are used up, callers hear whether the outcome is unknown") {
  persistence_fixture f{with_breaker(100)};
  const bool ambiguous = GENERATE(false, true);
  const auto a = f.write_now(sample_batch("a", 1, 1));
  for (int attempt = 1; attempt <= 4; ++attempt) {
    f.store->fail(fault::away, ambiguous && attempt == 2);
    f.pass(500ms);
  }
  REQUIRE(f.store->write_count == 4);
  REQUIRE(a->is(ambiguous ? errc::timeout : errc::store_unavailable));
  REQUIRE((a->message().find("may have taken effect") != std::string::npos) == ambiguous);
  REQUIRE((a->message().find("nothing was done") != std::string::npos) != ambiguous);
  const auto next = f.write_now(sample_batch("a", 1, 1));
  f.store->commit();
  f.settle();
  REQUIRE(committed(next));
}

TEST_CASE("a refusal after an attempt of unknown outcome does not say that nothing was done") {
  persistence_fixture f{with_breaker(100)};
  const auto a = f.write_now(sample_batch("a", 1, 1));
  f.store->fail(fault::away, true);
  f.pass(500ms);
  f.store->fail(fault::refused);
  f.settle();
  REQUIRE(a->is(errc::timeout));
}

TEST_CASE("a poisoned incident fails alone: the write is halved until it is found") {
  persistence_fixture f{with_breaker(2)};
  std::vector<write_answer> all;
  for (int i = 0; i < 7; ++i) all.push_back(f.write(sample_batch("incident " + std::to_string(i), 1, 1)));
  f.settle();
  const auto poison = id_of<incident_id>("incident 4");
  while (!f.store->writes.empty()) {
    const auto& what = *f.store->writes.front().what;
    if (std::ranges::any_of(what, [&](const auto& one) { return one.incident_id == poison; }))
      f.store->fail(fault::refused);
    else
      f.store->commit();
    f.settle();
    REQUIRE(f.store->writes.size() <= 1);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    REQUIRE(all[i]->times == 1);
    REQUIRE(committed(all[i]) == (i != 4));
  }
  REQUIRE(all[4]->is(errc::internal));
}

TEST_CASE("an answer for another number of incidents is no answer") {
  persistence_fixture f;
  const auto a = f.write_now(sample_batch("a", 1, 1));
  f.store->take().done(persistence::write_results{});
  f.pass(100ms);
  REQUIRE(a->pending());
  f.store->commit();
  f.settle();
  REQUIRE(committed(a));
}

TEST_CASE("beyond the bound a write is refused at once, and later ones are taken again") {
  persistence_config config;
  config.batches.pending_events = 10;
  persistence_fixture f{std::move(config)};
  const auto a = f.write_now(sample_batch("a", 1, 8));
  const auto b = f.write_now(sample_batch("b", 1, 3));
  REQUIRE(b->is(errc::overloaded));
  f.store->commit();
  f.settle();
  REQUIRE(committed(a));
  f.write_now(sample_batch("b", 1, 3));
  REQUIRE(f.store->writes.size() == 1);
}

TEST_CASE("a write of nothing, or of more than the store takes at once, is our bug") {
  persistence_fixture f;
  REQUIRE(f.write_now(event_batch{id_of<incident_id>("a"), {}})->is(errc::internal));
  REQUIRE(f.write_now(sample_batch("a", 1, limits::batch_items + 1))->is(errc::internal));
  REQUIRE(f.store->writes.empty());
}

TEST_CASE("the circuit opens after failures in a row: callers hear it at once, and so do those who wait") {
  persistence_fixture f{with_breaker(2)};
  const auto a = f.write_now(sample_batch("a", 1, 1));
  const auto waiting = f.write_now(sample_batch("a", 2, 2));
  f.store->fail();
  f.pass(50ms);
  REQUIRE(waiting->pending());
  f.store->fail();
  f.settle();
  REQUIRE(waiting->is(errc::store_unavailable));
  REQUIRE(a->pending());
  REQUIRE(f.write_now(sample_batch("b", 1, 1))->is(errc::store_unavailable));
  REQUIRE(f.ask<log_page>(read_log_atom_v, id_of<incident_id>("b"), std::uint64_t{0})->pending());
  f.settle();
  REQUIRE(f.store->logs.empty());
}

TEST_CASE("an open circuit lets one probe through when its time is over; its success closes it") {
  persistence_fixture f{with_breaker(2)};
  const auto a = f.write(sample_batch("a", 1, 1));
  f.settle();
  const auto b = f.write_now(sample_batch("b", 1, 1));
  REQUIRE(f.store->writes.size() == 2);
  f.store->fail();
  f.store->fail();
  f.settle();
  f.pass(999ms);
  REQUIRE(f.store->writes.empty());
  f.pass(1ms);
  REQUIRE(f.store->writes.size() == 1);
  REQUIRE(f.write_now(sample_batch("c", 1, 1))->is(errc::store_unavailable));
  f.store->commit();
  f.settle();
  REQUIRE(f.store->writes.size() == 1);
  f.store->commit();
  f.settle();
  REQUIRE(committed(a));
  REQUIRE(committed(b));
  f.write_now(sample_batch("c", 1, 1));
  REQUIRE(f.store->writes.size() == 1);
}

TEST_CASE("a probe that fails keeps the circuit open, and the attempts end") {
  persistence_fixture f{with_breaker(1)};
  const auto a = f.write_now(sample_batch("a", 1, 1));
  for (int attempt = 1; attempt < 4; ++attempt) {
    f.store->fail();
    f.settle();
    REQUIRE(f.store->writes.empty());
    f.pass(1000ms);
    REQUIRE(f.store->writes.size() == 1);
  }
  f.store->fail();
  f.settle();
  REQUIRE(a->is(errc::store_unavailable));
  REQUIRE(f.write_now(sample_batch("b", 1, 1))->is(errc::store_unavailable));
  f.pass(1000ms);
  const auto c = f.write_now(sample_batch("c", 1, 1));
  f.store->commit();
  f.settle();
  REQUIRE(committed(c));
}

TEST_CASE("what is only our own queue does not open the circuit") {
  persistence_fixture f{with_breaker(1)};
  const auto a = f.write_now(sample_batch("a", 1, 1));
  f.store->fail(fault::busy);
  f.settle();
  const auto b = f.write_now(sample_batch("b", 1, 1));
  f.store->commit();
  f.pass(100ms);
  f.store->commit();
  f.settle();
  REQUIRE(committed(a));
  REQUIRE(committed(b));
}

TEST_CASE("draining writes what waits, refuses what is new, and answers when all is done") {
  persistence_config config;
  config.batches.batch_age = 10s;
  persistence_fixture f{std::move(config)};
  const auto a = f.write_now(sample_batch("a", 1, 1));
  const auto b = f.write_now(sample_batch("a", 2, 2));
  REQUIRE(f.store->writes.empty());
  const auto drained = f.drain();
  REQUIRE(f.write_now(sample_batch("b", 1, 1))->is(errc::draining));
  REQUIRE(f.store->writes.size() == 1);
  f.store->fail();
  f.pass(100ms);
  f.store->commit();
  f.settle();
  REQUIRE(*drained == 0);
  f.store->commit();
  f.settle();
  REQUIRE(committed(a));
  REQUIRE(committed(b));
  REQUIRE(*drained == 1);
  REQUIRE(*f.drain() == 1);
}

TEST_CASE("draining ends although the store does not come back") {
  persistence_fixture f{with_breaker(2)};
  const auto a = f.write_now(sample_batch("a", 1, 1));
  const auto b = f.write_now(sample_batch("a", 2, 2));
  const auto drained = f.drain();
  for (int ms = 0; ms < 10'000 && *drained == 0; ++ms) {
    if (!f.store->writes.empty()) f.store->fail();
    f.pass(1ms);
  }
  REQUIRE(*drained == 1);
  REQUIRE(a->is(errc::store_unavailable));
  REQUIRE(b->is(errc::store_unavailable));
}

TEST_CASE("observers see attempts, the circuit and what was refused") {
  auto config = with_breaker(2);
  std::vector<persistence::circuit_state> circuit;
  std::vector<int> attempts;
  int refused = 0;
  std::size_t pending = 99;
  config.observers.on_circuit = [&](auto state) { circuit.push_back(state); };
  config.observers.on_write = [&](const auto& done) {
    attempts.push_back(done.answered ? done.attempt : -done.attempt);
  };
  config.observers.on_refused = [&](errc) { ++refused; };
  config.observers.on_pending = [&](std::size_t events) { pending = events; };
  persistence_fixture f{std::move(config)};
  open_circuit(f);
  f.write_now(sample_batch("a", 1, 1));
  f.pass(2000ms);
  f.write_now(sample_batch("b", 1, 2));
  REQUIRE(pending == 2);
  f.store->commit();
  f.settle();
  using state = persistence::circuit_state;
  REQUIRE(circuit.front() == state::open);
  REQUIRE(circuit.back() == state::closed);
  REQUIRE(attempts == std::vector{-1, -2, -3, -4, 1});
  REQUIRE(refused == 1);
  REQUIRE(pending == 0);
}
