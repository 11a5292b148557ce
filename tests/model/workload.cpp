#include "tests/model/workload.hpp"

#include <array>

#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace im::test::model {

namespace {

struct person {
  const char* name;
  approver_type role;
};

/// Mallory says what she is not.
constexpr std::array people{person{"cora", approver_type::incident_commander},
                            person{"carl", approver_type::incident_commander},
                            person{"sam", approver_type::sre_lead},
                            person{"olga", approver_type::on_call_lead},
                            person{"sven", approver_type::security_team},
                            person{"emma", approver_type::engineering_manager},
                            person{"eve", approver_type::executive},
                            person{"dora", approver_type::specific_user},
                            person{"mallory", approver_type::specific_user}};

}  // namespace

workload::workload(dice& roll) : roll_{roll}, fingerprints_{1 + roll.below(2)} {
  for (int i = 0; i < 3; ++i) announced_.push_back(id_of<approval_id>("announced " + std::to_string(i)));
}

policy_set workload::policies() {
  auto set = deployed_policies();
  const auto scale = [&](auto& values, int by, int of) {
    for (auto& value : values) value = value * by / of;
  };
  scale(set.escalation.next_evaluation_s.values, 1 + roll_.below(10), 1);
  scale(set.approval.deadline_s.values, 1, 1 + roll_.below(20));
  const int sla = 1 + roll_.below(10);
  for (auto* by : {&set.sla.acknowledge_s, &set.sla.resolve_s})
    for (auto& within : by->values)
      if (within) *within /= sla;
  if (roll_.chance(30)) set.approval.expiry_action.values.fill(static_cast<expiry_action>(roll_.below(3)));
  return set;
}

std::optional<command> workload::next(const std::map<incident_id, incident_state>& seen, time_point now) {
  std::vector<const incident_state*> opened;
  for (const auto& [id, state] : seen)
    if (state.opened) opened.push_back(&state);
  if (opened.empty() || roll_.chance(22)) return signal(now);
  // What happens, happens mostly to the newest: that is the last one, as ids are ordered by time.
  const auto& state = roll_.chance(70) ? *opened.back() : *roll_.one_of(opened);
  const int kind = roll_.below(100);
  if (kind < 30) return change(state);
  if (kind < 40) return evaluation(state, now);
  if (kind < 52) return approval(state, now);
  if (kind < 92) return vote(state);
  return cancel(state);
}

command workload::named(std::string kind, const incident_id& id, any_command body) {
  command c;
  c.incident_id = id;
  c.context.request = std::move(kind) + '-' + std::to_string(++number_);
  c.context.inputs_hash = "hash of " + c.context.request;
  c.body = std::move(body);
  return c;
}

command workload::signal(time_point now) {
  cmd::ingest_signal signal;
  signal.source = "llm-sentinel";
  signal.fingerprint = "fingerprint " + std::to_string(roll_.below(fingerprints_));
  signal.severity = some_severity();
  signal.title = "Latency of checkout";
  signal.resource = {resource_type::service, "checkout", "Checkout", {}};
  signal.timestamp = now;
  signal.payload.type = signal_type::anomaly;
  if (roll_.chance(60)) signal.payload.suggested_severity = some_severity();
  signal.payload.signal_confidence = 0.9;
  signal.resolves = roll_.chance(10);
  auto c = named("signal", {}, std::move(signal));
  c.context.event_on_replay = roll_.chance(50);
  return c;
}

command workload::change(const incident_state& state) {
  static const std::vector kinds{change_kind::acknowledge, change_kind::start,  change_kind::escalate,
                                 change_kind::resolve,     change_kind::close,  change_kind::reopen,
                                 change_kind::update,      change_kind::comment};
  cmd::change_incident change;
  change.change = roll_.one_of(kinds);
  if (state.record.status == incident_status::resolved && roll_.chance(60)) change.change = change_kind::close;
  change.actor = roll_.chance(80) ? "grace" : "rita";
  if (change.change == change_kind::resolve)
    change.resolution = resolution_record{"configuration error", "rolled back", change.actor, {}, {}};
  if (change.change == change_kind::update) change.severity = some_severity();
  return named("change", state.record.id, std::move(change));
}

command workload::evaluation(const incident_state& state, time_point now) {
  cmd::evaluate_escalation evaluate;
  evaluate.input.incident_id = state.record.id;
  evaluate.input.signal_source = "llm-sentinel";
  evaluate.input.signal_timestamp = now;
  evaluate.input.payload.type = signal_type::threshold_breach;
  evaluate.input.payload.suggested_severity = some_severity();
  evaluate.input.payload.signal_confidence = 0.95;
  auto c = named("evaluation", state.record.id, std::move(evaluate));
  c.context.dry_run = roll_.chance(15);
  return c;
}

command workload::approval(const incident_state& state, time_point now) {
  static const std::vector actions{approval_action::rollback, approval_action::public_disclosure,
                                   approval_action::data_access, approval_action::deployment};
  auto request = sample_request(roll_.one_of(actions));
  if (roll_.chance(60)) request.id = roll_.one_of(announced_);
  if (roll_.chance(50)) request.expiry_action = static_cast<expiry_action>(roll_.below(3));
  if (roll_.chance(40)) request.approval_deadline = now + roll_.between(seconds{1}, seconds{1200});
  if (roll_.chance(20)) request.min_approvals_required = 1 + roll_.below(3);
  if (roll_.chance(25))
    for (const auto& who : people)
      if (who.role != approver_type::specific_user) request.required_approvers.push_back({who.role, {}, true, {}});
  if (roll_.chance(15)) request.required_approvers.push_back({approver_type::specific_user, "dora", true, {}});
  return named("approval", state.record.id, std::move(request));
}

approval_id workload::some_gate(const incident_state& state) {
  std::vector<approval_id> pending;
  for (const gate_state& gate : state.gates)
    if (!is_terminal(gate.status) || roll_.chance(5)) pending.push_back(gate.request.id);
  return pending.empty() || roll_.chance(10) ? roll_.one_of(announced_) : roll_.one_of(pending);
}

command workload::vote(const incident_state& state) {
  const auto gate = some_gate(state);
  const auto* known = state.find_gate(gate);
  auto who = people[static_cast<std::size_t>(roll_.below(static_cast<int>(people.size())))];
  if (known && roll_.chance(70)) {  // mostly it is one who was asked
    const auto wanted = roll_.one_of(known->request.required_approvers);
    for (const auto& one : people)
      if (one.role == wanted.approver_type) {
        who = one;
        if (roll_.chance(70)) break;
      }
  }
  const auto role = roll_.chance(92) ? who.role : people[static_cast<std::size_t>(roll_.below(6))].role;
  return named("vote", state.record.id,
               cmd::cast_vote{
                   gate, vote_of(who.name, role, roll_.chance(8) ? vote_decision::rejected : vote_decision::approved)});
}

command workload::cancel(const incident_state& state) {
  const auto gate = some_gate(state);
  if (roll_.chance(50)) return named("escalation", state.record.id, cmd::escalate_approval{gate, "rita", "no time"});
  return named("cancel", state.record.id, cmd::cancel_approval{gate, roll_.chance(60) ? "rita" : "mallory", "over"});
}

}  // namespace im::test::model
