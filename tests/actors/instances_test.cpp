/// Several instances on one store: whichever is asked, the answer is the same.

#include <catch2/catch_test_macros.hpp>

#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

namespace {

/// Two instances that share a store and a wall clock.
struct two_instances {
  std::shared_ptr<virtual_wall_clock> time = std::make_shared<virtual_wall_clock>();
  world a{nullptr, time};
  world b{a.store, time};
};

approval_id asked(world& w, incident_id id) {
  REQUIRE(w.ask(evaluation_of(id, severity::p0)).has_value());
  const auto* gate = w.store->states[id].pending_gate(gate_purpose::apply_escalation);
  REQUIRE(gate);
  return gate->request.id;
}

}  // namespace

TEST_CASE("a read on an instance that holds a stale actor tells what the other instance decided") {
  two_instances both;
  const auto id = opened(both.a);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  REQUIRE(both.a.ask(change_of(id, change_kind::acknowledge)).has_value());
  const auto read = both.b.ask(read_of(id));
  REQUIRE(read.has_value());
  CHECK(read->state->record.status == incident_status::acknowledged);
  CHECK_FALSE(read->stale);
}

TEST_CASE("a refusal is not taken from a stale state") {
  two_instances both;
  const auto id = opened(both.a, severity::p2);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  REQUIRE(both.a.ask(change_of(id, change_kind::resolve)).has_value());
  // To close what is not resolved would be refused; b has not seen yet that it is.
  CHECK(both.b.ask(change_of(id, change_kind::close)).has_value());
  CHECK(both.a.store->states[id].record.status == incident_status::closed);
}

TEST_CASE("a dry run is answered from what the store has, not from a stale state") {
  two_instances both;
  const auto id = opened(both.a, severity::p2);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  REQUIRE(both.a.ask(change_of(id, change_kind::resolve)).has_value());
  auto dry = evaluation_of(id, severity::p1);
  dry.context.dry_run = true;
  const auto told = both.b.ask(dry);
  REQUIRE(told.has_value());
  CHECK(told->state->record.status == incident_status::resolved);
}

TEST_CASE("what was answered without a write was confirmed by one read of the log") {
  world w;
  const auto id = opened(w);
  const auto before = w.store->log_reads;
  REQUIRE_FALSE(w.ask(change_of(id, change_kind::close)).has_value());
  CHECK(w.store->log_reads == before + 1);
  REQUIRE(w.ask(change_of(id, change_kind::acknowledge)).has_value());  // the write itself is the proof
  CHECK(w.store->log_reads == before + 1);
}

TEST_CASE("a caller who waits on one instance hears the verdict that fell on the other") {
  two_instances both;
  const auto id = opened(both.a);
  const auto gate = asked(both.a, id);
  auto answer = both.b.await(id, gate, seconds{30});
  both.b.run();
  CHECK_FALSE(answer->has_value());
  REQUIRE(both.a.ask(vote_on(id, gate, "ada", approver_type::incident_commander, vote_decision::rejected)));
  both.b.pass(seconds{1});
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->has_value());
  CHECK((**answer)->state->find_gate(gate)->status == approval_status::rejected);
}

TEST_CASE("nobody waits: a gate is not looked at again and again") {
  world w;
  const auto id = opened(w);
  const auto gate = asked(w, id);
  auto answer = w.await(id, gate, seconds{2});
  w.pass(seconds{5});
  REQUIRE(answer->has_value());
  const auto reads = w.store->log_reads;
  w.pass(seconds{20});
  CHECK(w.store->log_reads == reads);
}

TEST_CASE("votes given on two instances make one verdict and one resumption") {
  two_instances both;
  const auto id = opened(both.a);
  const auto gate = asked(both.a, id);
  auto first = both.a.send(vote_on(id, gate, "ada", approver_type::incident_commander));
  auto second = both.b.send(vote_on(id, gate, "grace", approver_type::sre_lead));
  both.a.run();
  both.b.run();
  both.a.run();
  REQUIRE(first->has_value());
  REQUIRE(second->has_value());
  CHECK((*first)->has_value());
  CHECK((*second)->has_value());
  const auto& log = both.a.store->log(id);
  CHECK(in_sequence(log));
  CHECK(both.a.store->states[id].record.severity == severity::p0);
  CHECK(std::ranges::count_if(log, [&](const event_ptr& e) {
          const auto* f = std::get_if<fact::incident_changed>(&e->fact.value);
          return f && f->resumed_by == gate;
        }) == 1);
}

TEST_CASE("while the store is away a live incident is read as stale, at once") {
  world w;
  const auto id = opened(w);
  w.store->away = true;
  const auto read = w.ask(read_of(id));
  REQUIRE(read.has_value());
  CHECK(read->stale);
  CHECK(read->state->record.id == id);
  w.store->away = false;
  CHECK_FALSE(w.ask(read_of(id))->stale);
}

TEST_CASE(
    "where the store does not answer a read is told as stale after a moment, and as fresh when it answers again") {
  world w;
  const auto id = opened(w);
  w.store->logs_held = true;
  auto slow = w.send(read_of(id));
  w.run();
  CHECK_FALSE(slow->has_value());
  w.pass(std::chrono::ceil<seconds>(limits::read_patience));
  REQUIRE(slow->has_value());
  REQUIRE((*slow)->has_value());
  CHECK((**slow)->stale);
  w.release();
  CHECK_FALSE(w.ask(read_of(id))->stale);
}

TEST_CASE("a read that comes while the store is being asked is not answered by what was asked before it") {
  two_instances both;
  const auto id = opened(both.a);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  both.a.store->logs_held = true;
  auto early = both.b.send(read_of(id));
  both.b.run();
  auto late = both.b.send(read_of(id));
  both.b.run();
  const auto before = both.a.store->log_reads;
  both.b.release();
  CHECK(early->has_value());
  CHECK(late->has_value());
  CHECK(both.a.store->log_reads == before + 1);
}

TEST_CASE("an instance whose own state is wrong reads all of the log again") {
  two_instances both;
  const auto id = opened(both.a, severity::p2);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  // The store lost what b knows, as after a restore of an older backup, and went another way.
  auto& log = both.a.store->logs[id];
  log.pop_back();
  incident_state older;
  for (const auto& event : log) apply(older, *event);
  both.a.store->states[id] = older;
  world c{both.a.store, both.time};
  REQUIRE(c.ask(change_of(id, change_kind::acknowledge)).has_value());
  const auto done = both.b.ask(change_of(id, change_kind::start));
  REQUIRE(done.has_value());
  CHECK(done->state->record.acknowledged_at);
  CHECK(in_sequence(log));
}

TEST_CASE("a log that was changed after it was written is not acted upon") {
  world w;
  const auto id = opened(w, severity::p2);
  REQUIRE(w.ask(change_of(id, change_kind::acknowledge)).has_value());
  auto& log = w.store->logs[id];
  auto forged = std::make_shared<decision_event>(*log[1]);
  forged->hash = std::string(64, '0');  // the digest of another text
  log[1] = forged;
  world other{w.store, w.clock};
  const auto read = other.ask(read_of(id));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().code == errc::damaged);
}

TEST_CASE(
    "a read of an incident that is not in memory waits for a slow load, and nothing turns in a circle meanwhile") {
  two_instances both;
  const auto id = opened(both.a);
  both.a.store->logs_held = true;
  auto read = both.b.send(read_of(id));
  both.b.run();
  both.b.pass(seconds{3});  // longer than a read's patience; there is nothing to tell yet
  CHECK_FALSE(read->has_value());
  both.b.release();
  REQUIRE(read->has_value());
  REQUIRE((*read)->has_value());
  CHECK_FALSE((**read)->stale);
}

TEST_CASE("a repetition on another instance is answered with a state that has its effect") {
  two_instances both;
  const auto id = opened(both.a);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  const auto change = change_of(id, change_kind::acknowledge);
  const auto first = both.a.ask(change);
  REQUIRE(first.has_value());
  const auto again = both.b.ask(change);
  REQUIRE(again.has_value());
  CHECK(again->replayed);
  CHECK(again->event->id == first->event->id);
  CHECK(again->state->record.status == incident_status::acknowledged);
  CHECK(both.b.metrics.decisions_retried.value() == 0);
}

TEST_CASE("a repetition of what is long ago on another instance is answered with a state that has its effect") {
  two_instances both;
  const auto id = opened(both.a);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  const auto change = change_of(id, change_kind::acknowledge);
  REQUIRE(both.a.ask(change).has_value());
  for (std::size_t i = 0; i <= limits::recent_requests_per_incident; ++i)
    REQUIRE(both.a.ask(change_of(id, change_kind::comment)).has_value());
  const auto again = both.b.ask(change);
  REQUIRE(again.has_value());
  CHECK(again->replayed);
  CHECK(again->state->head() == both.a.store->log(id).size());
}

TEST_CASE("a store that names an event beyond the log's end does not keep a caller for ever") {
  two_instances both;
  const auto id = opened(both.a);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  const auto change = change_of(id, change_kind::comment);
  auto& named = both.a.store->covered[change.context.request];
  named = {change.context.request, id, both.a.store->log(id).front()->id, 1000, disposition::opened};
  const auto again = both.b.ask(change);
  REQUIRE(again.has_value());
  CHECK(again->replayed);
}

TEST_CASE("who asks for a gate that was opened while the log was read is not told that there is none") {
  two_instances both;
  const auto id = opened(both.a);
  REQUIRE(both.b.ask(read_of(id)).has_value());
  both.a.store->logs_held = true;
  auto read = both.b.send(read_of(id));
  both.b.run();  // the store has answered, and its answer is on the way
  const auto gate = asked(both.a, id);
  auto verdict = both.b.await(id, gate, seconds{1});
  both.b.run();
  both.b.release();
  both.b.pass(seconds{2});
  REQUIRE(verdict->has_value());
  REQUIRE((*verdict)->has_value());
  CHECK((**verdict)->state->find_gate(gate));
}

TEST_CASE("who asks for a gate while something else is answered without a write is not told that there is none") {
  two_instances both;
  const auto id = opened(both.a);
  both.a.store->policies_held = true;
  auto refused = both.b.send(change_of(id, change_kind::close));
  both.b.run();  // the log is read, the policies are on the way
  const auto gate = asked(both.a, id);
  auto verdict = both.b.await(id, gate, seconds{1});
  both.b.run();
  both.a.store->policies_held = false;
  both.b.release();
  REQUIRE(refused->has_value());
  CHECK((*refused)->error().code == errc::conflict);
  both.b.pass(seconds{2});
  REQUIRE(verdict->has_value());
  REQUIRE((*verdict)->has_value());
  CHECK((**verdict)->state->find_gate(gate));
}
