#include "messages/fold.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "messages/json/codec.hpp"
#include "messages/limits.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;

class history {
public:
  explicit history(sla_state sla = {}) {
    auto record = sample_incident(severity::p2);
    record.sla = sla;
    add(fact::incident_opened{record, policy_refs{{"esc", "1"}, {"app", "1"}, {"sla", "1"}}, after(300), {}}, 0);
  }

  void add(any_fact f, double at_s, std::vector<request_id> requests = {}) {
    auto event = event_of(std::move(f), state.head() + 1, after(at_s));
    event.request_ids = std::move(requests);
    apply(state, event);
  }

  void enter(change_kind change, incident_status status, double at_s) {
    fact::incident_changed f;
    f.change = change;
    f.status = status;
    f.actor = "olga";
    if (change == change_kind::resolve) f.resolution = resolution_record{"a bug", "fixed", "olga", {}, {}};
    add(f, at_s);
  }

  void open_gate(std::string_view name, gate_purpose purpose, approval_status status = approval_status::pending) {
    gate_state gate;
    gate.request.id = id_of<approval_id>(name);
    gate.request.approval_deadline = after(900);
    gate.purpose = purpose;
    gate.status = status;
    if (!is_terminal(status)) gate.next_due_at = after(900);
    add(fact::gate_opened{gate}, 1);
  }

  void end_gate(std::string_view name, approval_status status, double at_s) {
    fact::gate_changed f;
    f.request_id = id_of<approval_id>(name);
    f.status = status;
    f.reason = "so it was decided";
    add(f, at_s);
  }

  incident_state state;
};

std::vector<deadline_kind> due(const incident_state& state) {
  std::vector<deadline_kind> kinds;
  for (const auto& d : deadlines_of(state)) kinds.push_back(d.kind);
  std::ranges::sort(kinds);
  return kinds;
}

using enum deadline_kind;
using kinds = std::vector<deadline_kind>;

TEST_CASE("opening sets the record, and every event the head") {
  history log;
  CHECK(log.state.opened);
  CHECK(log.state.head() == 1);
  CHECK(log.state.peak_severity == severity::p2);
  CHECK(log.state.status_since == t0);
  CHECK(log.state.next_evaluation_at == after(300));
  CHECK(log.state.policies->escalation.id == "esc");
  log.add(fact::noted{}, 5);
  CHECK(log.state.head() == 2);
  CHECK(log.state.record.updated_at == after(5));
}

TEST_CASE("a log of stateless evaluations opens nothing") {
  incident_state state;
  apply(state, event_of(fact::noted{}, 1, t0));
  CHECK_FALSE(state.opened);
  CHECK(state.head() == 1);
  CHECK(state.record.id == id_of<incident_id>("incident"));
  CHECK(deadlines_of(state).empty());
}

TEST_CASE("attached signals add up") {
  history log;
  log.add(fact::signals_attached{3, after(1), {}}, 1);
  log.add(fact::signals_attached{4, after(2), {}}, 2);
  CHECK(log.state.record.event_count == 8);
  CHECK(log.state.head() == 3);
}

TEST_CASE("the first acknowledgment counts, by word or by beginning work") {
  for (const auto status : {incident_status::acknowledged, incident_status::in_progress}) {
    history log;
    log.enter(change_kind::start, status, 60);
    CHECK(log.state.record.acknowledged_at == after(60));
    CHECK(log.state.record.metrics.mtta == 60);
    CHECK(log.state.status_since == after(60));
    log.enter(change_kind::escalate, incident_status::escalated, 70);
    log.enter(change_kind::acknowledge, incident_status::acknowledged, 80);
    CHECK(log.state.record.acknowledged_at == after(60));
    CHECK(log.state.status_since == after(80));
  }
}

TEST_CASE("resolving, closing and reopening keep the times that hold") {
  history log;
  log.enter(change_kind::resolve, incident_status::resolved, 100);
  CHECK(log.state.record.resolved_at == after(100));
  CHECK(log.state.record.metrics.mttr == 100);
  CHECK(log.state.record.resolution);
  CHECK_FALSE(log.state.next_evaluation_at);
  log.enter(change_kind::reopen, incident_status::in_progress, 200);
  CHECK_FALSE(log.state.record.resolved_at);
  CHECK_FALSE(log.state.record.resolution);
  CHECK_FALSE(log.state.record.metrics.mttr);
  log.enter(change_kind::resolve, incident_status::resolved, 300);
  log.enter(change_kind::close, incident_status::closed, 400);
  CHECK(log.state.record.closed_at == after(400));
  CHECK(log.state.record.metrics.mttr == 300);
}

TEST_CASE("absent fields of a change leave the record as it was") {
  history log;
  auto before = log.state.record;
  fact::incident_changed f;
  f.actor = "olga";
  f.tags = string_map{{"team", "blue"}};
  f.assigned_to = "sam";
  log.add(f, 5);
  before.tags = string_map{{"team", "blue"}};
  before.assigned_to = "sam";
  before.sequence = 2;
  before.updated_at = after(5);
  CHECK(log.state.record == before);
  CHECK(log.state.next_evaluation_at == after(300));
}

fact::escalation_evaluated evaluated(bool applied) {
  fact::escalation_evaluated f;
  f.decision = applied ? escalation_decision::escalate : escalation_decision::maintain;
  f.applied = applied;
  f.from_severity = severity::p2;
  f.to_severity = severity::p1;
  f.to_level = 1;
  f.actor = "incident-escalation";
  f.status = incident_status::escalated;
  f.next_evaluation_at = after(500);
  return f;
}

TEST_CASE("an evaluation changes the incident only when it was applied") {
  history log;
  log.add(evaluated(false), 10);
  CHECK(log.state.record.severity == severity::p2);
  CHECK(log.state.record.status == incident_status::fresh);
  CHECK(log.state.history.empty());
  CHECK_FALSE(log.state.last_escalation_at);
  CHECK(log.state.next_evaluation_at == after(500));
  log.add(evaluated(true), 20);
  CHECK(log.state.record.severity == severity::p1);
  CHECK(log.state.record.escalation_level == 1);
  CHECK(log.state.record.status == incident_status::escalated);
  CHECK(log.state.last_escalation_at == after(20));
  REQUIRE(log.state.history.size() == 1);
  CHECK(log.state.history[0].from_severity == severity::p2);
  CHECK(log.state.history[0].to_severity == severity::p1);
}

TEST_CASE("the peak stays when severity falls, and falling is no escalation") {
  history log;
  log.add(evaluated(true), 20);
  auto down = evaluated(true);
  down.decision = escalation_decision::deescalate;
  down.to_severity = severity::p3;
  down.to_level = 0;
  log.add(down, 400);
  CHECK(log.state.peak_severity == severity::p1);
  CHECK(log.state.record.severity == severity::p3);
  CHECK(log.state.last_escalation_at == after(20));
  CHECK(log.state.history.size() == 2);
}

TEST_CASE("breaches, once recorded, stay") {
  history log{{after(10), after(20), false, false}};
  auto f = evaluated(false);
  f.acknowledgment_breached = true;
  log.add(f, 10);
  log.add(evaluated(false), 15);
  CHECK(log.state.record.sla.acknowledgment_breached);
  CHECK_FALSE(log.state.record.sla.resolution_breached);
}

TEST_CASE("the history, the kept votes and the gates are bounded") {
  history log;
  for (int i = 0; i < 30; ++i) log.add(evaluated(true), 20 + i);
  CHECK(log.state.history.size() == limits::escalation_history);
  CHECK(log.state.history.back().timestamp == after(49));
  for (int i = 0; i < 50; ++i)
    log.add(fact::vote_kept{id_of<approval_id>(std::to_string(i)), vote_of("v", approver_type::sre_lead), after(1000)},
            70);
  CHECK(log.state.kept_votes.size() == limits::kept_votes_per_incident);
  const auto gate = [](std::size_t i) { return "gate " + std::to_string(i); };
  constexpr auto ended = limits::gate_names_per_incident + 2 * limits::ended_gates_per_incident;
  log.open_gate("pending", gate_purpose::action);
  for (std::size_t i = 0; i < ended; ++i) log.open_gate(gate(i), gate_purpose::action, approval_status::rejected);
  CHECK(log.state.find_gate(id_of<approval_id>("pending")));
  CHECK(log.state.gates.size() == 1 + limits::ended_gates_per_incident);
  CHECK(log.state.find_gate(id_of<approval_id>(gate(ended - 1))));
  CHECK(log.state.ended_gates.size() == limits::gate_names_per_incident);
  const auto before = id_of<approval_id>(gate(ended - limits::ended_gates_per_incident - 1));
  CHECK_FALSE(log.state.find_gate(before));
  CHECK(log.state.is_long_ended(before));
  CHECK_FALSE(log.state.is_long_ended(id_of<approval_id>(gate(0))));
}

TEST_CASE("kept votes go when they are too old, and when their gate opens") {
  history log;
  const auto keep = [&](std::string_view gate, std::string who, double until_s, double at_s) {
    log.add(fact::vote_kept{id_of<approval_id>(gate), vote_of(who, approver_type::sre_lead), after(until_s)}, at_s);
  };
  keep("a", "v", 100, 1);
  keep("b", "v", 200, 2);
  keep("b", "w", 300, 100);
  CHECK(log.state.kept_votes.size() == 2);
  keep("b", "w", 400, 101);  // the same person's last word
  CHECK(log.state.kept_votes.size() == 2);
  log.open_gate("b", gate_purpose::action);
  CHECK(log.state.kept_votes.empty());
}

TEST_CASE("a gate's verdict is remembered with its time and reason") {
  history log;
  log.open_gate("g", gate_purpose::action);
  log.end_gate("g", approval_status::approved, 50);
  const auto* gate = log.state.find_gate(id_of<approval_id>("g"));
  REQUIRE(gate);
  CHECK(gate->status == approval_status::approved);
  CHECK(gate->decided_at == after(50));
  CHECK(gate->decided_reason == "so it was decided");
  CHECK_FALSE(gate->next_due_at);
  log.end_gate("nobody", approval_status::approved, 60);
  CHECK(log.state.gates.size() == 1);
}

TEST_CASE("a refused vote is told in the gate's trail and counts nothing") {
  history log;
  log.open_gate("g", gate_purpose::action);
  log.add(fact::vote_refused{id_of<approval_id>("g"), "eve", approver_type::executive, "not listed"}, 5);
  const gate_state& gate = log.state.gates.front();
  CHECK(gate.votes.empty());
  REQUIRE(gate.audit.size() == 1);
  CHECK(gate.audit[0].actor_id == "eve");
  CHECK(gate.status == approval_status::pending);
}

TEST_CASE("while an escalation waits for people it is not evaluated again, and after a no neither") {
  for (const auto verdict : {approval_status::approved, approval_status::rejected, approval_status::expired}) {
    history log;
    CHECK(due(log.state) == kinds{evaluation});
    log.open_gate("g", gate_purpose::apply_escalation);
    CHECK(log.state.pending_gate(gate_purpose::apply_escalation));
    CHECK_FALSE(log.state.pending_gate(gate_purpose::close_incident));
    CHECK(due(log.state) == kinds{approval});
    log.end_gate("g", verdict, 50);
    CHECK_FALSE(log.state.pending_gate(gate_purpose::apply_escalation));
    CHECK(log.state.next_evaluation_at.has_value() == (verdict == approval_status::approved));
  }
}

TEST_CASE("an escalation that expired is evaluated again when its event says so") {
  history log;
  log.open_gate("g", gate_purpose::apply_escalation);
  fact::gate_changed f;
  f.request_id = id_of<approval_id>("g");
  f.status = approval_status::expired;
  f.next_evaluation_at = after(1080);
  log.add(f, 900);
  CHECK(next_deadline(log.state) == deadline{deadline_kind::evaluation, after(1080), {}});
}

TEST_CASE("an incident is due for its SLA until it is heeded, breached or resolved") {
  const sla_state sla{after(60), after(600), false, false};
  history log{sla};
  CHECK(due(log.state) == kinds{sla_acknowledgment, sla_resolution, deadline_kind::evaluation});
  CHECK(next_deadline(log.state) == deadline{sla_acknowledgment, after(60), {}});
  log.enter(change_kind::acknowledge, incident_status::acknowledged, 30);
  CHECK(due(log.state) == kinds{sla_resolution, deadline_kind::evaluation});
  CHECK(next_deadline(log.state) == deadline{deadline_kind::evaluation, after(300), {}});
  auto late = evaluated(false);
  late.resolution_breached = true;
  late.next_evaluation_at.reset();
  log.add(late, 600);
  CHECK(due(log.state).empty());
  CHECK_FALSE(next_deadline(log.state));
}

TEST_CASE("a resolved incident is due for nothing but its pending gates") {
  history log{{after(60), after(600), false, false}};
  log.open_gate("g", gate_purpose::close_incident);
  log.open_gate("ended", gate_purpose::action, approval_status::rejected);
  log.enter(change_kind::resolve, incident_status::resolved, 10);
  const auto all = deadlines_of(log.state);
  REQUIRE(all.size() == 1);
  CHECK(all[0] == deadline{approval, after(900), id_of<approval_id>("g")});
  log.end_gate("g", approval_status::approved, 20);
  CHECK(deadlines_of(log.state).empty());
}

TEST_CASE("a post-mortem is known by its newest status") {
  history log;
  postmortem_output document;
  document.postmortem_id = id_of<postmortem_id>("pm");
  log.add(fact::postmortem_written{document}, 1);
  REQUIRE(log.state.postmortems.size() == 1);
  CHECK(log.state.postmortems[0].status == postmortem_status::draft);
  log.add(fact::postmortem_published{document.postmortem_id, "olga"}, 2);
  CHECK(log.state.postmortems[0].status == postmortem_status::published);
}

TEST_CASE("a fold that starts at a projection goes on as the whole fold does") {
  history log{{after(60), after(600), false, false}};
  log.add(evaluated(true), 20);
  log.open_gate("g", gate_purpose::action);
  auto projected = json::decode<incident_state>(json::encode(log.state), json::read_bounds::stored());
  REQUIRE(projected);
  fact::gate_changed f;
  f.request_id = id_of<approval_id>("g");
  f.status = approval_status::rejected;
  f.vote = vote_of("olga", approver_type::on_call_lead, vote_decision::rejected);
  const auto event = event_of(f, log.state.head() + 1, after(30));
  apply(log.state, event);
  apply(*projected, event);
  CHECK(json::encode(*projected) == json::encode(log.state));
}

}  // namespace
