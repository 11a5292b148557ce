#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "telemetry/log.hpp"
#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;
using std::chrono::minutes;

namespace {

struct suspended {
  incident_id incident;
  approval_id gate;
};

/// An incident whose escalation to P0 waits for its gate.
suspended suspend(world& w) {
  const auto opened = w.ask(signal_of(severity::p1));
  REQUIRE(opened.has_value());
  const auto id = opened->state->record.id;
  REQUIRE(w.ask(evaluation_of(id, severity::p0)).has_value());
  const auto* gate = w.store->states[id].pending_gate(gate_purpose::apply_escalation);
  REQUIRE(gate);
  return {id, gate->request.id};
}

std::size_t resumptions(world& w, const suspended& s) {
  return static_cast<std::size_t>(std::ranges::count_if(w.store->log(s.incident), [&](const event_ptr& e) {
    const auto* f = std::get_if<fact::incident_changed>(&e->fact.value);
    return f && f->resumed_by == s.gate;
  }));
}

/// The log's lines of this event, at info and above, while `run` runs.
std::vector<std::string> told(log::event what, const std::function<void()>& run) {
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) {
    if (line.find("\"event\":\"" + std::string{to_string(what)} + "\"") != std::string_view::npos)
      lines.emplace_back(line);
  };
  const auto session = log::start({.as = log::format::json, .sink = keep});
  run();
  return lines;
}

const gate_state& gate_of(world& w, const suspended& s) { return *w.store->states[s.incident].find_gate(s.gate); }

}  // namespace

TEST_CASE("an escalation to P0 waits for its gate, and the verdict resumes it exactly once") {
  world w;
  const auto s = suspend(w);
  CHECK(w.store->states[s.incident].record.severity == severity::p1);
  const auto first = w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander));
  REQUIRE(first.has_value());
  CHECK(w.store->states[s.incident].record.severity == severity::p1);
  REQUIRE(w.ask(vote_on(s.incident, s.gate, "grace", approver_type::sre_lead)).has_value());
  CHECK(w.store->states[s.incident].record.severity == severity::p0);
  CHECK(w.store->states[s.incident].record.escalation_level == 1);
  CHECK(resumptions(w, s) == 1);
  const auto late = w.ask(vote_on(s.incident, s.gate, "linus", approver_type::sre_lead));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == errc::conflict);
  CHECK(resumptions(w, s) == 1);
}

TEST_CASE("a rejection ends the gate and the incident stays as it was") {
  world w;
  const auto s = suspend(w);
  REQUIRE(w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander, vote_decision::rejected)));
  CHECK(gate_of(w, s).status == approval_status::rejected);
  CHECK(w.store->states[s.incident].record.severity == severity::p1);
  CHECK(resumptions(w, s) == 0);
}

TEST_CASE("a vote of somebody who is not listed is refused and audited") {
  world w;
  const auto s = suspend(w);
  const auto refused = w.ask(vote_on(s.incident, s.gate, "mallory", approver_type::executive));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::forbidden);
  CHECK(std::holds_alternative<fact::vote_refused>(w.store->log(s.incident).back()->fact.value));
  CHECK(gate_of(w, s).votes.empty());
}

TEST_CASE("a second vote of the same person changes nothing and says so") {
  world w;
  const auto s = suspend(w);
  REQUIRE(w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander)));
  const auto before = w.store->log(s.incident).size();
  const auto again = w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander));
  REQUIRE(again.has_value());
  CHECK_FALSE(again->persisted);
  CHECK_FALSE(again->warnings.empty());
  CHECK(w.store->log(s.incident).size() == before);
}

TEST_CASE("who waits for a verdict is answered when it falls") {
  world w;
  const auto s = suspend(w);
  auto verdict = w.await(s.incident, s.gate, seconds{60});
  w.run();
  CHECK_FALSE(verdict->has_value());
  (void)w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander));
  CHECK_FALSE(verdict->has_value());
  (void)w.ask(vote_on(s.incident, s.gate, "grace", approver_type::sre_lead));
  REQUIRE(verdict->has_value());
  CHECK((**verdict)->state->find_gate(s.gate)->status == approval_status::approved);
}

TEST_CASE("who waits too long is told that the gate is pending") {
  world w;
  const auto s = suspend(w);
  auto verdict = w.await(s.incident, s.gate, seconds{5});
  w.run();
  w.pass(seconds{6});
  REQUIRE(verdict->has_value());
  CHECK((**verdict)->state->find_gate(s.gate)->status == approval_status::pending);
}

TEST_CASE("a gate whose deadline passes goes to the next higher role, once") {
  world w;
  const auto s = suspend(w);
  w.pass(std::chrono::minutes{15} + seconds{5});
  CHECK(gate_of(w, s).status == approval_status::escalated);
  CHECK(gate_of(w, s).request.required_approvers.size() == 3);
  CHECK(resumptions(w, s) == 0);
}

TEST_CASE("an escalation that nobody decides about is evaluated again in its turn, which asks people once more") {
  world w;
  const auto s = suspend(w);
  w.pass(3 * std::chrono::minutes{15} + seconds{5});  // two roles stand above those who are asked at first
  const auto& state = w.store->states[s.incident];
  REQUIRE(gate_of(w, s).status == approval_status::expired);
  CHECK_FALSE(state.has_pending_gate());
  CHECK(state.next_evaluation_at == *gate_of(w, s).decided_at + minutes{3});  // of a P1
  const auto evaluations = [&] { return count_of<fact::escalation_evaluated>(w.store->log(s.incident)); };
  const auto before = evaluations();
  w.pass(minutes{2});
  CHECK(evaluations() == before);
  w.pass(minutes{1});
  CHECK(evaluations() == before + 1);
  CHECK(state.pending_gate(gate_purpose::apply_escalation));
}

TEST_CASE("an escalation that people refused or withdrew is not evaluated again by the clock") {
  world w;
  const auto s = suspend(w);
  REQUIRE(w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander, vote_decision::rejected)));
  CHECK_FALSE(w.store->states[s.incident].next_evaluation_at);
  world other;
  const auto withdrawn = suspend(other);
  auto cancel = read_of(withdrawn.incident);
  cancel.context.request += "/cancel";
  cancel.body = cmd::cancel_approval{withdrawn.gate, gate_of(other, withdrawn).request.requester_id, {}};
  REQUIRE(other.ask(cancel).has_value());
  REQUIRE(gate_of(other, withdrawn).status == approval_status::cancelled);
  CHECK_FALSE(other.store->states[withdrawn.incident].next_evaluation_at);
}

TEST_CASE("a vote that comes before its gate is counted when it opens") {
  world w;
  const auto opened = w.ask(signal_of(severity::p3));
  const auto id = opened->state->record.id;
  const auto gate = id_of<approval_id>("to come");
  const auto kept = w.ask(vote_on(id, gate, "olga", approver_type::on_call_lead));
  REQUIRE(kept.has_value());
  CHECK(kept->persisted);
  command request = read_of(id);
  auto body = sample_request(approval_action::rollback);
  body.id = gate;
  request.body = body;
  const auto r = w.ask(request);
  REQUIRE(r.has_value());
  CHECK(w.store->states[id].find_gate(gate)->status == approval_status::approved);
}

TEST_CASE("a gate that dies is restarted from the folded state and still works") {
  world w;
  const auto s = suspend(w);
  (void)w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander));
  w.crash(logic::child_kind::gate);
  CHECK(w.metrics.child_restarts[telemetry::child::approval_gate].value() == 1);
  auto verdict = w.await(s.incident, s.gate, seconds{60});
  (void)w.ask(vote_on(s.incident, s.gate, "grace", approver_type::sre_lead));
  REQUIRE(verdict->has_value());
  CHECK(resumptions(w, s) == 1);
}

TEST_CASE("a gate that cannot be restored holds: it is reported and never opens") {
  world w;
  const auto s = suspend(w);
  for (int i = 0; i <= limits::child_restarts; ++i) w.crash(logic::child_kind::gate);
  CHECK(w.metrics.gates_held.value() == 1);
  (void)w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander));
  const auto refused = w.ask(vote_on(s.incident, s.gate, "grace", approver_type::sre_lead));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::gate_held);
  w.pass(std::chrono::minutes{2});
  CHECK(gate_of(w, s).status == approval_status::pending);
  CHECK(resumptions(w, s) == 0);
}

TEST_CASE("closing a P1 waits for its gate and then happens") {
  world w;
  const auto id = w.ask(signal_of(severity::p1))->state->record.id;
  REQUIRE(w.ask(change_of(id, change_kind::resolve)).has_value());
  const auto closing = w.ask(change_of(id, change_kind::close));
  REQUIRE(closing.has_value());
  CHECK(closing->state->record.status == incident_status::resolved);
  const auto gate = w.store->states[id].pending_gate(gate_purpose::close_incident)->request.id;
  REQUIRE(w.ask(vote_on(id, gate, "ada", approver_type::incident_commander)).has_value());
  CHECK(w.store->states[id].record.status == incident_status::closed);
}

TEST_CASE("resolving withdraws an escalation that waits") {
  world w;
  const auto s = suspend(w);
  REQUIRE(w.ask(change_of(s.incident, change_kind::resolve)).has_value());
  CHECK(gate_of(w, s).status == approval_status::cancelled);
}

TEST_CASE("a restarted house finds the gate, its votes and its deadline") {
  auto time = std::make_shared<virtual_wall_clock>();
  suspended s;
  auto store = [&] {
    world w{nullptr, time};
    s = suspend(w);
    (void)w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander));
    return w.store;
  }();
  world w{store, time};
  REQUIRE(w.ask(vote_on(s.incident, s.gate, "grace", approver_type::sre_lead)).has_value());
  CHECK(resumptions(w, s) == 1);
  CHECK(w.store->states[s.incident].record.severity == severity::p0);
}

TEST_CASE("a PATCH cannot make a P0 past its gate") {
  world w;
  const auto id = w.ask(signal_of(severity::p2))->state->record.id;
  auto update = change_of(id, change_kind::update);
  std::get<cmd::change_incident>(update.body).severity = severity::p0;
  const auto refused = w.ask(update);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::conflict);
}

TEST_CASE("lowering the severity does not open the way to close what was a P1") {
  world w;
  const auto id = w.ask(signal_of(severity::p1))->state->record.id;
  REQUIRE(w.ask(change_of(id, change_kind::resolve)).has_value());
  auto update = change_of(id, change_kind::update);
  std::get<cmd::change_incident>(update.body).severity = severity::p4;
  REQUIRE(w.ask(update).has_value());
  REQUIRE(w.ask(change_of(id, change_kind::close)).has_value());
  CHECK(w.store->states[id].record.status == incident_status::resolved);
  CHECK(w.store->states[id].pending_gate(gate_purpose::close_incident));
}

TEST_CASE("a gate id belongs to one incident alone") {
  world w;
  const auto a = w.ask(signal_of(severity::p3, "a"))->state->record.id;
  const auto b = w.ask(signal_of(severity::p3, "b"))->state->record.id;
  const auto ask_on = [&](incident_id id) {
    auto c = read_of(id);
    auto body = sample_request();
    body.id = id_of<approval_id>("shared");
    c.body = body;
    return w.ask(c);
  };
  REQUIRE(ask_on(a).has_value());
  const auto second = ask_on(b);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().code == errc::conflict);
  CHECK_FALSE(w.store->states[b].find_gate(id_of<approval_id>("shared")));
}

TEST_CASE("reopening withdraws a closing that waits") {
  world w;
  const auto id = w.ask(signal_of(severity::p1))->state->record.id;
  REQUIRE(w.ask(change_of(id, change_kind::resolve)).has_value());
  REQUIRE(w.ask(change_of(id, change_kind::close)).has_value());
  const auto gate = w.store->states[id].pending_gate(gate_purpose::close_incident)->request.id;
  REQUIRE(w.ask(change_of(id, change_kind::reopen)).has_value());
  CHECK(w.store->states[id].find_gate(gate)->status == approval_status::cancelled);
  REQUIRE(w.ask(change_of(id, change_kind::resolve)).has_value());
  CHECK_FALSE(w.ask(vote_on(id, gate, "ada", approver_type::incident_commander)).has_value());
  CHECK(w.store->states[id].record.status == incident_status::resolved);
}

TEST_CASE("while an escalation waits, the orchestrator is told to ask people and nothing else") {
  world w;
  const auto s = suspend(w);
  const auto again = w.ask(evaluation_of(s.incident, severity::p0));
  REQUIRE(again.has_value());
  CHECK(again->event->outputs.text.find("notify_escalation_targets") == std::string::npos);
  CHECK(again->event->outputs.text.find("request_approval") == std::string::npos);
  CHECK(w.store->states[s.incident].gates.size() == 1);
}

TEST_CASE("a gate that ended long ago is not whole in memory, and takes no vote and no second opening") {
  world w;
  const auto id = w.ask(signal_of(severity::p3))->state->record.id;
  const auto request = [&](std::size_t i) {
    auto c = read_of(id);
    c.context.request += "/request/" + std::to_string(i) + "/" + std::to_string(w.store->log(id).size());
    auto body = sample_request(approval_action::rollback);
    body.id = id_of<approval_id>("gate " + std::to_string(i));
    c.body = body;
    return w.ask(c);
  };
  for (std::size_t i = 0; i < limits::ended_gates_per_incident + 2; ++i) {
    REQUIRE(request(i).has_value());
    const auto gate = id_of<approval_id>("gate " + std::to_string(i));
    REQUIRE(w.ask(vote_on(id, gate, "olga", approver_type::on_call_lead, vote_decision::rejected)).has_value());
  }
  const auto first = id_of<approval_id>("gate 0");
  const auto& state = w.store->states[id];
  REQUIRE_FALSE(state.find_gate(first));
  const auto head = state.head();
  auto asked = w.await(id, first, seconds{60});
  w.run();
  REQUIRE(asked->has_value());
  CHECK((**asked).has_value());  // at once, and its caller reads it from the store
  const auto late = w.ask(vote_on(id, first, "sam", approver_type::on_call_lead));
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error().code == errc::conflict);
  const auto again = request(0);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == errc::conflict);
  CHECK(w.store->states[id].head() == head);
}

TEST_CASE("an escalation that finds no room for its gate is recorded, and does not run in a circle") {
  world w;
  const auto id = w.ask(signal_of(severity::p1))->state->record.id;
  for (std::size_t i = 0; i < limits::open_gates_per_incident; ++i) {
    auto c = read_of(id);
    c.context.request += "/request/" + std::to_string(i);
    c.body = sample_request();
    REQUIRE(w.ask(c).has_value());
  }
  const auto evaluated = w.ask(evaluation_of(id, severity::p0));
  REQUIRE(evaluated.has_value());
  CHECK_FALSE(evaluated->warnings.empty());
  CHECK(w.store->states[id].record.severity == severity::p1);
}

TEST_CASE("a gate whose deadline passed while the clock jumped is found by the deadline index") {
  world w;
  const auto s = suspend(w);
  w.clock->jump = std::chrono::minutes{20};
  w.pass(seconds{3});
  CHECK(gate_of(w, s).status == approval_status::escalated);
}

TEST_CASE("each gate's one verdict is counted by how it ended, and each vote that counted") {
  world w;
  const auto& verdicts = w.metrics.gate_verdicts;
  const auto s = suspend(w);
  REQUIRE(w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander)));
  CHECK(verdicts[telemetry::verdict::approved].value() == 0);
  REQUIRE(w.ask(vote_on(s.incident, s.gate, "grace", approver_type::sre_lead)));
  CHECK(verdicts[telemetry::verdict::approved].value() == 1);
  CHECK(w.metrics.votes[vote_decision::approved].value() == 2);

  const auto id = w.ask(signal_of(severity::p3, "kept"))->state->record.id;
  const auto gate = id_of<approval_id>("to come");
  REQUIRE(w.ask(vote_on(id, gate, "olga", approver_type::on_call_lead)));
  CHECK(w.metrics.votes[vote_decision::approved].value() == 2);
  auto request = read_of(id);
  auto body = sample_request(approval_action::rollback);
  body.id = gate;
  request.body = body;
  REQUIRE(w.ask(request));  // its vote is there: it ends as it opens
  CHECK(verdicts[telemetry::verdict::approved].value() == 2);
  CHECK(w.metrics.votes[vote_decision::approved].value() == 3);

  const auto closing = w.ask(signal_of(severity::p1, "closed"))->state->record.id;
  REQUIRE(w.ask(change_of(closing, change_kind::resolve)));
  REQUIRE(w.ask(change_of(closing, change_kind::close)));
  REQUIRE(w.ask(change_of(closing, change_kind::reopen)));
  CHECK(verdicts[telemetry::verdict::cancelled].value() == 1);
}

TEST_CASE("an escalation is in the log and among the transitions, whoever decided it") {
  {
    world w;
    const auto lines = told(log::event::incident_escalated, [&] {
      const auto id = opened(w, severity::p2);
      REQUIRE(w.ask(evaluation_of(id, severity::p1)));
      REQUIRE(w.store->states[id].record.severity == severity::p1);
    });
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find(R"("from":"P2","to":"P1")") != std::string::npos);
    CHECK(w.metrics.incident_transitions[incident_status::escalated].value() == 1);
  }
  world w;
  const auto lines = told(log::event::incident_escalated, [&] {
    const auto s = suspend(w);
    REQUIRE(w.ask(vote_on(s.incident, s.gate, "ada", approver_type::incident_commander)));
    REQUIRE(w.ask(vote_on(s.incident, s.gate, "grace", approver_type::sre_lead)));
  });
  CHECK(lines.size() == 1);  // when it was approved, not when it was asked for
  CHECK(w.metrics.incident_transitions[incident_status::escalated].value() == 1);
}

TEST_CASE("an SLA that is breached is in the log once, however often it is looked at") {
  world w;
  const auto lines = told(log::event::sla_breached, [&] {
    const auto id = opened(w, severity::p4);
    auto update = change_of(id, change_kind::update);
    std::get<cmd::change_incident>(update.body).severity = severity::p1;
    REQUIRE(w.ask(update));
    w.pass(std::chrono::minutes{30});
    REQUIRE(w.store->states[id].record.sla.acknowledgment_breached);
    REQUIRE(count_of<fact::escalation_evaluated>(w.store->log(id)) > 2);
  });
  CHECK(std::ranges::count_if(lines, [](const std::string& line) {
          return line.find(R"("sla":"acknowledgment")") != std::string::npos;
        }) == 1);
}

TEST_CASE("a vote that is refused, and an end of an incident, are in the log") {
  world w;
  const auto s = suspend(w);
  const auto refused = told(log::event::vote_refused, [&] {
    CHECK_FALSE(w.ask(vote_on(s.incident, s.gate, "mallory", approver_type::executive)));
  });
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].find("mallory") != std::string::npos);
  CHECK(told(log::event::incident_resolved, [&] {
          REQUIRE(w.ask(change_of(s.incident, change_kind::resolve)));
        }).size() == 1);
}

TEST_CASE("an event is counted by what became of it, and a dry run is not") {
  world w;
  const auto counted = [&](telemetry::ingestion what) { return w.metrics.events[what].value(); };
  auto dry = signal_of(severity::p3);
  dry.context.dry_run = true;
  REQUIRE(w.ask(dry));
  const auto first = signal_of(severity::p3);
  REQUIRE(w.ask(first));
  REQUIRE(w.ask(signal_of(severity::p3)));
  REQUIRE(w.ask(first));
  auto over = signal_of(severity::p3);
  std::get<cmd::ingest_signal>(over.body).resolves = true;
  REQUIRE(w.ask(over));
  CHECK(counted(telemetry::ingestion::opened) == 1);
  CHECK(counted(telemetry::ingestion::attached) == 1);
  CHECK(counted(telemetry::ingestion::duplicate) == 1);
  CHECK(counted(telemetry::ingestion::resolved) == 1);
}
