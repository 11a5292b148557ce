#include "actors/logic/commit.hpp"

#include <catch2/catch_test_macros.hpp>
#include <random>

#include "actors/logic/due.hpp"
#include "messages/hash.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

using namespace im;
using namespace im::test;

namespace {

const logic::decider who{"1.0.0", "test", environment::development};

logic::commit_plan plan(const incident_state& state, const std::vector<command>& commands, time_point now = t0,
                        const logic::recent_requests& recent = {}) {
  std::vector<const command*> pointers;
  for (const auto& c : commands) pointers.push_back(&c);
  return logic::plan_commit(state, recent, pointers, {deployed_policies(), who, now});
}

command command_of(std::string request, any_command body) {
  command c;
  c.incident_id = id_of<incident_id>("incident");
  c.context.request = std::move(request);
  c.context.inputs_hash = "hash of " + c.context.request;
  c.body = std::move(body);
  return c;
}

command signal_of(std::string request, severity s = severity::p1, severity suggests = severity::p1) {
  cmd::ingest_signal signal;
  signal.source = "llm-sentinel";
  signal.fingerprint = "fingerprint";
  signal.severity = s;
  signal.title = "Latency of checkout";
  signal.resource = {resource_type::service, "checkout", "Checkout", {}};
  signal.timestamp = t0;
  signal.payload.suggested_severity = suggests;
  signal.payload.signal_confidence = 0.9;
  return command_of(std::move(request), std::move(signal));
}

command change_of(std::string request, change_kind change) {
  cmd::change_incident c;
  c.change = change;
  c.actor = "grace";
  return command_of(std::move(request), std::move(c));
}

incident_state nothing() {
  incident_state state;
  state.record.id = id_of<incident_id>("incident");
  return state;
}

incident_state fold(incident_state state, const std::vector<decision_event>& events) {
  for (const auto& event : events) {
    REQUIRE(event.sequence == state.head() + 1);
    apply(state, event);
  }
  return state;
}

const error* refused(const logic::planned& p) { return std::get_if<error>(&p.what); }

}  // namespace

TEST_CASE("the state of a plan is the fold of its events, whatever was asked") {
  constexpr unsigned seed = 20261122;
  CAPTURE(seed);
  std::mt19937 random{seed};
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  for (int round = 0; round < 300; ++round) {
    auto state = nothing();
    logic::recent_requests recent;
    auto now = t0;
    for (int commit = 0; commit < 6; ++commit) {
      std::vector<command> commands;
      for (int i = 0; i < 1 + pick(8); ++i) {
        const auto request = "r" + std::to_string(pick(40));  // some repeat
        if (commit == 0 && i == 0)
          commands.push_back(signal_of("opening"));
        else if (pick(3) > 0)
          commands.push_back(signal_of(request, severity::p1, static_cast<severity>(pick(5))));
        else
          commands.push_back(change_of(request, static_cast<change_kind>(pick(9))));
      }
      const auto p = plan(state, commands, now, recent);
      REQUIRE(p.answers.size() == commands.size());
      const auto folded = fold(state, p.events);
      REQUIRE(folded == p.after);
      state = folded;
      recent.add(p.covers);
      now += seconds{pick(600)};
    }
  }
}

TEST_CASE("a burst of signals becomes one event that names every id once") {
  const auto opened = plan(nothing(), {signal_of("e0")}).after;
  const auto p = plan(opened, {signal_of("e1"), signal_of("e2"), signal_of("e1"), signal_of("e3")});
  REQUIRE(p.events.size() == 1);
  CHECK(p.events[0].request_ids == std::vector<request_id>{"e1", "e2", "e3"});
  CHECK(p.after.record.event_count == 4);
  CHECK(std::holds_alternative<logic::answer::replay>(p.answers[2].what));
}

TEST_CASE("the inputs of a burst are hashed as one list, each burst's its own") {
  const auto opened = plan(nothing(), {signal_of("e0")}).after;
  const auto p =
      plan(opened, {signal_of("e1"), signal_of("e2"), signal_of("e3"), change_of("a", change_kind::acknowledge),
                    signal_of("e4"), signal_of("e5"), change_of("b", change_kind::start), signal_of("e6")});
  REQUIRE(p.events.size() == 5);
  CHECK(p.events[0].inputs_hash == sha256_hex("hash of e1hash of e2hash of e3"));
  CHECK(p.events[1].inputs_hash == "hash of a");
  CHECK(p.events[2].inputs_hash == sha256_hex("hash of e4hash of e5"));
  CHECK(p.events[3].inputs_hash == "hash of b");
  CHECK(p.events[4].inputs_hash == "hash of e6");
}

TEST_CASE("a repetition is told the first event, and the oldest of very many are forgotten") {
  logic::recent_requests recent;
  const auto first = plan(nothing(), {signal_of("e0")});
  recent.add(first.covers);
  const auto burst = plan(first.after, {signal_of("e1"), signal_of("e2")}, t0, recent);
  recent.add(burst.covers);
  const auto told_again = [&](const std::string& request) -> std::optional<event_id> {
    const auto p = plan(burst.after, {signal_of(request)}, t0, recent);
    const auto* replay = std::get_if<logic::answer::replay>(&p.answers[0].what);
    CHECK(p.events.empty() == (replay != nullptr));
    return replay ? std::optional{replay->first} : std::nullopt;
  };
  CHECK(told_again("e0") == first.events.front().id);
  CHECK(told_again("e2") == burst.events.front().id);
  CHECK_FALSE(told_again("e3"));
  for (std::size_t i = 3; i < limits::recent_requests_per_incident + 1; ++i)
    recent.add(plan(burst.after, {signal_of("e" + std::to_string(i))}, t0, recent).covers);
  CHECK(recent.is_full());
  CHECK_FALSE(told_again("e0"));
  CHECK(told_again("e1"));
  CHECK(told_again("e" + std::to_string(limits::recent_requests_per_incident)));
}

TEST_CASE("a refused command leaves the others of its commit alone") {
  const auto opened = plan(nothing(), {signal_of("e0")}).after;
  const auto p = plan(opened, {change_of("a", change_kind::acknowledge), change_of("b", change_kind::close),
                               change_of("c", change_kind::start)});
  CHECK_FALSE(refused(p.answers[0]));
  REQUIRE(refused(p.answers[1]));
  CHECK(refused(p.answers[1])->code == errc::conflict);
  CHECK_FALSE(refused(p.answers[2]));
  CHECK(p.after.record.status == incident_status::in_progress);
}

TEST_CASE("a dry run is decided on the state that the commands before it leave, and leaves none itself") {
  const auto opened = plan(nothing(), {signal_of("e0")}).after;
  auto dry = change_of("b", change_kind::start);
  dry.context.dry_run = true;
  const auto p = plan(opened, {change_of("a", change_kind::acknowledge), dry});
  CHECK(p.after.record.status == incident_status::acknowledged);
  CHECK(p.events.size() == 1);
  const auto* answer = std::get_if<logic::answer::unrecorded>(&p.answers[1].what);
  REQUIRE(answer);
  CHECK(answer->event->sequence == p.after.head() + 1);
}

TEST_CASE("a signal of a resolved incident is handed back, and one that resolves it is not") {
  const auto opened = plan(nothing(), {signal_of("e0")}).after;
  const auto resolved = plan(opened, {change_of("a", change_kind::resolve)}).after;
  CHECK(std::holds_alternative<logic::answer::hand_back>(plan(resolved, {signal_of("e1")}).answers[0].what));
  auto over = signal_of("e2");
  std::get<cmd::ingest_signal>(over.body).resolves = true;
  CHECK(std::holds_alternative<logic::answer::unrecorded>(plan(resolved, {over}).answers[0].what));
  const auto p = plan(opened, {over});
  CHECK(p.after.record.status == incident_status::resolved);
}

TEST_CASE("the same decision has the same ids on every instance") {
  const auto a = plan(nothing(), {signal_of("e0")});
  const auto b = plan(nothing(), {signal_of("e0")}, t0 + seconds{3});
  REQUIRE(a.events.size() == b.events.size());
  for (std::size_t i = 0; i < a.events.size(); ++i) CHECK(a.events[i].id == b.events[i].id);
}

TEST_CASE(
    "a rise by hand moves no deadline away, a fall counts from the opening but none nearer, and what is over stays "
    "over") {
  auto state = sample_state(severity::p2);
  state.record.sla = sla_state{after(60), after(600), true, false};
  state.next_evaluation_at = after(30);
  const auto updated = [&](severity to) {
    auto update = change_of("update", change_kind::update);
    std::get<cmd::change_incident>(update.body).severity = to;
    return plan(state, {update}, after(20)).after;
  };
  const auto raised = updated(severity::p1);
  CHECK(raised.record.severity == severity::p1);
  CHECK(raised.record.sla == state.record.sla);
  CHECK(raised.next_evaluation_at == after(30));
  const auto lowered = updated(severity::p3);
  CHECK(lowered.record.sla == sla_state{after(14400), after(259200), true, false});
  CHECK(lowered.next_evaluation_at == after(30));
  // As after a reopening, long after the opening.
  state.record.sla.resolution_deadline = after(300000);
  CHECK(updated(severity::p3).record.sla == sla_state{after(14400), after(300000), true, false});
  state.record.status = incident_status::resolved;
  state.next_evaluation_at.reset();
  CHECK_FALSE(updated(severity::p1).next_evaluation_at);
}

TEST_CASE("a deadline's request names its place in the log, so a moment that is promised again is looked at again") {
  auto state = nothing();
  state.record.sequence = 7;
  const deadline due{deadline_kind::approval, t0, id_of<approval_id>("gate")};
  const auto first = logic::due_command(state, due);
  CHECK(first.incident_id == state.record.id);
  CHECK(std::get<cmd::approval_due>(first.body).request == due.gate);
  CHECK(logic::due_command(state, due).context.request == first.context.request);
  state.record.sequence = 8;
  CHECK(logic::due_command(state, due).context.request != first.context.request);
  CHECK(std::get<cmd::evaluation_due>(logic::due_command(state, {deadline_kind::sla_resolution, t0, {}}).body).kind ==
        deadline_kind::sla_resolution);
}

TEST_CASE(
    "a change that ends a deadline which has passed records the breach, and one that ends none leaves it to the "
    "clock") {
  auto state = plan(nothing(), {signal_of("e0", severity::p2)}).after;
  state.record.sla.acknowledgment_deadline = after(60);
  state.record.sla.resolution_deadline = after(120);
  const auto sla_after = [&](change_kind change, double at_s) {
    return plan(state, {change_of("c", change)}, after(at_s)).after.record.sla;
  };
  CHECK_FALSE(sla_after(change_kind::acknowledge, 59).acknowledgment_breached);
  CHECK(sla_after(change_kind::acknowledge, 61).acknowledgment_breached);
  CHECK(sla_after(change_kind::start, 61).acknowledgment_breached);
  CHECK_FALSE(sla_after(change_kind::acknowledge, 121).resolution_breached);
  CHECK_FALSE(sla_after(change_kind::comment, 121).acknowledgment_breached);
  const auto resolved = sla_after(change_kind::resolve, 121);
  CHECK(resolved.acknowledgment_breached);
  CHECK(resolved.resolution_breached);
}
