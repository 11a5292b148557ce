#include <catch2/catch_test_macros.hpp>

#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

TEST_CASE("an answer leaves only after its decision is stored") {
  world w;
  w.store->held = true;
  auto answer = w.send(signal_of(severity::p1));
  w.run();
  CHECK_FALSE(answer->has_value());
  w.release();
  REQUIRE(answer->has_value());
  REQUIRE((*answer)->has_value());
  CHECK((**answer)->persisted);
  CHECK(w.store->log((**answer)->state->record.id).size() == 2);  // opened, and evaluated
}

TEST_CASE("a burst of the same alert costs one write that names every event id") {
  world w;
  const auto id = opened(w);
  w.store->held = true;
  std::vector<pending> answers{w.send(signal_of(severity::p1))};
  w.run();
  for (int i = 0; i < 99; ++i) answers.push_back(w.send(signal_of(severity::p1)));
  w.run();
  const auto before = w.store->writes;
  w.release();
  CHECK(w.store->writes == before + 2);
  for (const auto& a : answers) CHECK((**a)->disposition == disposition::attached);
  CHECK(w.store->log(id).back()->request_ids.size() == 99);
  CHECK(w.store->states[id].record.event_count == 101);
  CHECK(in_sequence(w.store->log(id)));
}

TEST_CASE("the store is asked once for all new alerts that wait") {
  world w;
  constexpr std::size_t shards = 2;  // of the world
  std::vector<std::string> alerts;   // that one shard takes
  for (int i = 0; alerts.size() < 4; ++i)
    if (const auto name = "alert " + std::to_string(i); shard_of_fingerprint(name, shards) == 0) alerts.push_back(name);
  w.store->fingerprints_held = true;
  std::vector<pending> answers;
  for (const auto& alert : alerts) {
    answers.push_back(w.send(signal_of(severity::p2, alert)));
    w.run();
  }
  CHECK(w.store->fingerprint_looks == std::vector<std::size_t>{1});
  w.release();
  CHECK(w.store->fingerprint_looks == std::vector<std::size_t>{1, 3});
  for (std::size_t i = 0; i < answers.size(); ++i) {
    REQUIRE((*answers[i]).has_value());
    CHECK((**answers[i])->state->record.fingerprint == alerts[i]);
  }
}

TEST_CASE("a repeated event has one effect and is told so") {
  world w;
  const auto event = signal_of(severity::p2);
  const auto first = w.ask(event);
  const auto again = w.ask(event);
  REQUIRE(again.has_value());
  CHECK(again->disposition == disposition::duplicate);
  CHECK(again->state->record.id == first->state->record.id);
  CHECK(again->state->record.event_count == 1);
}

TEST_CASE("a repeated command gets its first answer again") {
  world w;
  const auto id = opened(w);
  const auto acknowledge = change_of(id, change_kind::acknowledge);
  const auto first = w.ask(acknowledge);
  REQUIRE(w.ask(change_of(id, change_kind::start)));
  const auto again = w.ask(acknowledge);
  REQUIRE(again.has_value());
  CHECK(again->replayed);
  CHECK(again->event->id == first->event->id);
  CHECK(w.store->states[id].record.status == incident_status::in_progress);
}

TEST_CASE("an illegal transition is refused and nothing is written") {
  world w;
  const auto id = opened(w);
  const auto before = w.store->log(id).size();
  const auto refused = w.ask(change_of(id, change_kind::close));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::conflict);
  CHECK(w.store->log(id).size() == before);
}

TEST_CASE("a resolved incident absorbs no event: a new one opens, linked to it") {
  world w;
  const auto first = opened(w);
  REQUIRE(w.ask(change_of(first, change_kind::resolve)).has_value());
  const auto next = w.ask(signal_of(severity::p1));
  REQUIRE(next.has_value());
  CHECK(next->disposition == disposition::opened);
  CHECK(next->state->record.id != first);
  CHECK(next->state->record.related_incidents == std::vector{first});
}

TEST_CASE("an alert that fires on after its incident was closed opens another one, linked to it") {
  world w;
  const auto fires = [] {
    auto alert = signal_of(severity::p3);
    std::get<cmd::ingest_signal>(alert.body).firing_since = t0;
    return alert;
  };
  const auto opening = w.ask(fires());
  REQUIRE(opening.has_value());
  const auto first = opening->state->record.id;
  REQUIRE(w.ask(change_of(first, change_kind::resolve)).has_value());
  const auto reopened = w.ask(fires());
  REQUIRE(reopened.has_value());
  CHECK(reopened->state->record.id == first);
  CHECK(reopened->disposition == disposition::attached);
  CHECK(is_open(reopened->state->record.status));
  REQUIRE(w.ask(change_of(first, change_kind::resolve)).has_value());
  REQUIRE(w.ask(change_of(first, change_kind::close)).has_value());
  auto one = w.send(fires());
  auto other = w.send(fires());  // both ask at once, and one opens
  w.run();
  REQUIRE((one->has_value() && (*one)->has_value() && other->has_value() && (*other)->has_value()));
  const auto next = (**one)->state->record;
  CHECK(next.id != first);
  CHECK(next.related_incidents == std::vector{first});
  CHECK((**other)->state->record.id == next.id);
  CHECK((**one)->disposition == disposition::opened);
  CHECK((**other)->disposition == disposition::duplicate);
  CHECK(w.ask(fires())->disposition == disposition::duplicate);
}

TEST_CASE("a missed acknowledgment deadline escalates by itself") {
  world w;
  const auto id = opened(w, severity::p2);
  w.pass(std::chrono::hours{1} + seconds{2});
  const auto& state = w.store->states[id];
  CHECK(state.record.sla.acknowledgment_breached);
  CHECK(state.record.severity == severity::p1);
  CHECK(state.record.status == incident_status::escalated);
  CHECK(in_sequence(w.store->log(id)));
}

TEST_CASE("a severity that is raised by hand has its deadlines from then on, and breaches nothing at once") {
  world w;
  const auto id = opened(w, severity::p3);
  w.pass(std::chrono::minutes{30});  // a P1 is acknowledged within 15
  auto update = change_of(id, change_kind::update);
  std::get<cmd::change_incident>(update.body).severity = severity::p1;
  REQUIRE(w.ask(update).has_value());
  const auto& state = w.store->states[id];
  CHECK(state.record.sla.acknowledgment_deadline == w.clock->now() + std::chrono::minutes{15});
  CHECK(state.record.sla.resolution_deadline == w.clock->now() + std::chrono::hours{4});
  CHECK(state.next_evaluation_at == w.clock->now() + std::chrono::minutes{3});
  w.pass(std::chrono::minutes{14});
  CHECK_FALSE(state.record.sla.acknowledgment_breached);
  w.pass(std::chrono::minutes{2});
  CHECK(state.record.sla.acknowledgment_breached);
}

TEST_CASE("a due evaluation runs when it is due, and not before") {
  world w;
  const auto id = opened(w, severity::p1);
  const auto before = count_of<fact::escalation_evaluated>(w.store->log(id));
  w.pass(seconds{179});
  CHECK(count_of<fact::escalation_evaluated>(w.store->log(id)) == before);
  w.pass(seconds{2});
  CHECK(count_of<fact::escalation_evaluated>(w.store->log(id)) == before + 1);
}

TEST_CASE("a dry run answers the same and writes nothing") {
  world w;
  const auto id = opened(w);
  const auto before = w.store->log(id).size();
  auto evaluate = evaluation_of(id, severity::p0);
  evaluate.context.dry_run = true;
  const auto r = w.ask(evaluate);
  REQUIRE(r.has_value());
  CHECK_FALSE(r->persisted);
  REQUIRE(r->event);
  CHECK(r->event->decision_type == decision_type::incident_escalation_decision);
  CHECK(w.store->log(id).size() == before);
}

TEST_CASE("while the store is away nothing is acknowledged, and the incident goes on when it is back") {
  world w;
  const auto id = opened(w);
  w.store->away = true;
  const auto refused = w.ask(change_of(id, change_kind::acknowledge));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::store_unavailable);
  const auto known = w.ask(read_of(id));
  REQUIRE(known.has_value());
  CHECK(known->stale);
  CHECK(known->state->record.status == incident_status::fresh);
  w.store->away = false;
  const auto done = w.ask(change_of(id, change_kind::acknowledge));
  REQUIRE(done.has_value());
  CHECK(done->state->record.status == incident_status::acknowledged);
}

TEST_CASE("a write whose answer was lost took effect once") {
  world w;
  const auto id = opened(w);
  w.store->lose_answers = 1;
  const auto acknowledge = change_of(id, change_kind::acknowledge);
  CHECK_FALSE(w.ask(acknowledge).has_value());
  const auto again = w.ask(acknowledge);
  REQUIRE(again.has_value());
  CHECK(again->replayed);
  CHECK(count_of<fact::incident_changed>(w.store->log(id)) == 1);
}

TEST_CASE("two instances that decide at once make one log without gap or fork") {
  auto time = std::make_shared<virtual_wall_clock>();
  world a{nullptr, time};
  world b{a.store, time};
  const auto id = opened(a);
  REQUIRE(b.ask(read_of(id)).has_value());
  REQUIRE(a.ask(change_of(id, change_kind::acknowledge)).has_value());
  const auto late = b.ask(change_of(id, change_kind::acknowledge));  // b does not know yet
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == errc::conflict);
  REQUIRE(b.ask(change_of(id, change_kind::start)).has_value());
  CHECK(in_sequence(a.store->log(id)));
  CHECK(count_of<fact::incident_changed>(a.store->log(id)) == 2);
}

TEST_CASE("two instances open one incident for one fingerprint") {
  auto time = std::make_shared<virtual_wall_clock>();
  world a{nullptr, time};
  world b{a.store, time};
  const auto id = opened(a);
  const auto other = b.ask(signal_of(severity::p1));
  REQUIRE(other.has_value());
  CHECK(other->disposition == disposition::attached);
  CHECK(other->state->record.id == id);
}

TEST_CASE("an idle incident leaves memory and wakes on the next message") {
  world w;
  const auto id = opened(w, severity::p4);  // next evaluation in half an hour, no SLA
  w.pass(seconds{700});
  CHECK(w.metrics.incidents_live.value() == 0);
  const auto r = w.ask(change_of(id, change_kind::acknowledge));
  REQUIRE(r.has_value());
  CHECK(r->state->record.status == incident_status::acknowledged);
  CHECK(w.metrics.incidents_live.value() == 1);
}

TEST_CASE("a deadline of a passivated incident fires once") {
  world w;
  const auto id = opened(w, severity::p4);
  const auto before = count_of<fact::escalation_evaluated>(w.store->log(id));
  w.pass(seconds{1810});
  CHECK(count_of<fact::escalation_evaluated>(w.store->log(id)) == before + 1);
}

TEST_CASE("a deadline that passed while nobody ran fires once, at boot, on one instance") {
  auto time = std::make_shared<virtual_wall_clock>();
  auto store = [&] {
    world w{nullptr, time};
    (void)opened(w, severity::p2);
    return w.store;
  }();
  const auto id = store->newest.at("fp");
  time->elapsed += std::chrono::hours{2};
  world a{store, time};
  world b{store, time};
  a.pass(seconds{1});
  b.pass(seconds{1});
  const auto breaches = std::ranges::count_if(store->log(id), [](const event_ptr& e) {
    const auto* f = std::get_if<fact::escalation_evaluated>(&e->fact.value);
    return f && f->applied;
  });
  CHECK(breaches == 1);
  CHECK(store->states[id].record.severity == severity::p1);
}

TEST_CASE("an escalation actor is there only while a deadline is near, and the deadline is met to the second") {
  world w;
  const auto id = opened(w, severity::p2);
  const auto clocks = [&] {
    return std::ranges::count(w.children, logic::child_kind::escalation, [](const auto& child) { return child.first; });
  };
  const auto evaluations = [&] { return count_of<fact::escalation_evaluated>(w.store->log(id)); };
  const auto before = evaluations();
  w.pass(seconds{300} - limits::escalation_ahead - seconds{1});
  CHECK(clocks() == 0);
  w.pass(seconds{1});
  CHECK(clocks() == 1);
  w.pass(limits::escalation_ahead - seconds{1});
  CHECK(evaluations() == before);
  w.pass(seconds{1});
  CHECK(evaluations() == before + 1);
  w.pass(seconds{200});
  CHECK(clocks() == 1);
  w.pass(seconds{100});
  CHECK(clocks() == 2);
  CHECK(evaluations() == before + 2);
}

TEST_CASE("the escalation actor that dies is restarted and its deadline still fires") {
  world w;
  const auto id = opened(w, severity::p2);
  CHECK(w.children.empty());  // nothing is due soon
  w.pass(seconds{300} - limits::escalation_ahead + seconds{1});
  w.crash(logic::child_kind::escalation);
  w.pass(std::chrono::hours{1} + seconds{2});
  CHECK(w.store->states[id].record.sla.acknowledgment_breached);
  CHECK(w.metrics.child_restarts[telemetry::child::escalation].value() == 1);
}

TEST_CASE("a post-mortem of an open incident is refused; of a resolved one it is written from the log") {
  world w;
  const auto id = opened(w);
  command generate = read_of(id);
  generate.body = cmd::generate_postmortem{};
  const auto refused = w.ask(generate);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::conflict);
  REQUIRE(w.ask(change_of(id, change_kind::resolve)).has_value());
  generate.context.request += "again";
  const auto written = w.ask(generate);
  REQUIRE(written.has_value());
  CHECK(written->persisted);
  CHECK(written->event->decision_type == decision_type::incident_postmortem_generated);
  CHECK(count_of<fact::postmortem_written>(w.store->log(id)) == 1);
}

TEST_CASE("a post-mortem of an incident that we do not hold is written from its input") {
  world w;
  command generate = read_of(id_of<incident_id>("foreign"));
  postmortem_input input;
  input.incident_id = generate.incident_id;
  input.title = "Somebody else's";
  input.status = incident_status::resolved;
  input.incident_created_at = t0;
  input.incident_resolved_at = after(60);
  generate.body = cmd::generate_postmortem{input};
  const auto written = w.ask(generate);
  REQUIRE(written.has_value());
  CHECK(written->persisted);
  const auto unknown = w.ask(read_of(generate.incident_id));
  REQUIRE_FALSE(unknown.has_value());
  CHECK(unknown.error().code == errc::not_found);
}

TEST_CASE("without a policy there is no decision") {
  world w;
  w.store->policies[policy_kind::escalation] = "{}";
  const auto refused = w.ask(signal_of(severity::p1));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::policy_unavailable);
  CHECK(w.store->writes == 0);
}

TEST_CASE("by a policy that would never let an incident rest nothing is decided") {
  const auto refuses = [](policy_kind kind, std::string_view figure, std::string_view as) {
    world w;
    auto& policy = w.store->policies[kind];
    policy.replace(policy.find(figure), figure.size(), as);
    const auto refused = w.ask(signal_of(severity::p1));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::policy_unavailable);
    CHECK(w.store->writes == 0);
  };
  refuses(policy_kind::escalation, "\"P1\": 180", "\"P1\": 0");
  refuses(policy_kind::approval, "\"check_interval_seconds\": 300", "\"check_interval_seconds\": -1");
  refuses(policy_kind::sla, "\"P1\": 900", "\"P1\": 1e300");
}
