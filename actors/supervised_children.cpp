#include "actors/supervised_children.hpp"

#include "actors/approval_gate.hpp"
#include "actors/escalation_actor.hpp"
#include "actors/post_mortem_actor.hpp"
#include "telemetry/log.hpp"

namespace im {

namespace {

/// The next moment that is the escalation actor's: all but the gates' deadlines.
std::optional<deadline> next_look(const incident_state& state) {
  std::optional<deadline> next;
  for (const auto& due : deadlines_of(state))
    if (due.kind != deadline_kind::approval && (!next || due.due_at < next->due_at)) next = due;
  return next;
}

}  // namespace

template <class Handle>
void supervised_children::watch(logic::child_kind kind, const Handle& child) {
  monitor_.watch(child);
  if (house_.env->on_child) house_.env->on_child(kind, caf::actor_cast<caf::actor>(child));
}

void supervised_children::reconcile(const state_ptr& state) {
  reconcile_escalation(*state);
  reconcile_gates(state);
}

void supervised_children::reconcile_escalation(const incident_state& state) {
  if (escalation_abandoned_) return;
  const auto next = next_look(state);
  escalation_wanted_at_.reset();
  if (!next) return dismiss_escalation();
  if (const auto from = next->due_at - limits::escalation_ahead; from > house_.env->clock.now()) {
    escalation_wanted_at_ = from;
    return dismiss_escalation();
  }
  if (next == scheduled_) return;
  if (!escalation_) {
    escalation_ =
        self_->home_system().spawn<escalation_actor>(house_.env->clock, house_.alarms, supervisor_actor{self_});
    watch(logic::child_kind::escalation, escalation_);
  }
  scheduled_ = next;
  tell(escalation_, schedule_atom_v, schedule{next});
}

void supervised_children::dismiss_escalation() {
  if (escalation_) caf::anon_send_exit(std::exchange(escalation_, nullptr), caf::exit_reason::user_shutdown);
  scheduled_.reset();
}

void supervised_children::reconcile_gates(const state_ptr& state) {
  for (const gate_state& gate : state->gates) {
    const auto& id = gate.request.id;
    auto found = gates_.find(id);
    const bool ended = is_terminal(gate.status);
    if (ended && found == gates_.end()) continue;
    if (found == gates_.end()) found = gates_.try_emplace(id).first;
    auto& child = found->second;
    if (child.held) continue;
    if (!child.actor) {
      child.actor =
          self_->home_system().spawn<approval_gate>(house_.env->clock, house_.alarms, supervisor_actor{self_});
      watch(logic::child_kind::gate, child.actor);
      child.told.reset();
    }
    // A gate that has not changed is the same object still.
    if (const auto* known = child.told ? child.told->find_gate(id) : nullptr; known != &gate)
      tell(child.actor, gate_atom_v, gate_told{state, id});
    child.told = state;              // what is older need not be kept for it
    if (ended) gates_.erase(found);  // its verdict is told; it ends by itself
  }
  // So many have ended at once that the state keeps only the names of some.
  std::erase_if(gates_, [&](const auto& entry) {
    const auto& [id, child] = entry;
    if (child.held || state->find_gate(id)) return false;
    if (child.actor) tell(child.actor, gate_atom_v, gate_told{state, id});
    return true;
  });
}

void supervised_children::on_down(const caf::actor_addr& who, const caf::error& reason, const state_ptr& state) {
  if (!is_failure(reason)) return;
  if (escalation_ && escalation_.address() == who) return restart_escalation(state);
  for (auto& [id, child] : gates_)
    if (child.actor && child.actor.address() == who) return restart_gate(id, child, state);
}

void supervised_children::restart_escalation(const state_ptr& state) {
  escalation_ = nullptr;
  scheduled_.reset();
  const bool left = escalation_budget_.spend(self_->clock().now());
  if (logic::react(logic::child_kind::escalation, true, left) == logic::reaction::restart) {
    house_.env->metrics.child_restarts[telemetry::child::escalation].add();
    log::warn(log::event::child_restarted, "the escalation actor was restarted", {{"incident_id", state->record.id}});
    return reconcile_escalation(*state);
  }
  escalation_abandoned_ = true;
  escalation_wanted_at_.reset();
  house_.env->metrics.child_failures[telemetry::child::escalation].add();
  log::error(log::event::child_abandoned,
             "the escalation actor fails again and again; the deadline index goes on alone",
             {{"incident_id", state->record.id}});
}

void supervised_children::restart_gate(const approval_id& id, gate_child& child, const state_ptr& state) {
  child.actor = nullptr;
  child.told.reset();
  const bool left = child.budget.spend(self_->clock().now());
  if (logic::react(logic::child_kind::gate, true, left) == logic::reaction::restart) {
    house_.env->metrics.child_restarts[telemetry::child::approval_gate].add();
    log::warn(log::event::child_restarted, "an approval gate was restarted",
              {{"incident_id", state->record.id}, {"approval_request_id", id}});
    return reconcile_gates(state);
  }
  child.held = true;
  house_.env->metrics.child_failures[telemetry::child::approval_gate].add();
  house_.env->metrics.gates_held.add();
  log::error(log::event::gate_held, "an approval gate cannot be restored; it holds and stays shut",
             {{"incident_id", state->record.id}, {"approval_request_id", id}});
}

void supervised_children::forget(const deadline& reported) {
  if (!reported.gate) {
    scheduled_.reset();
    return;
  }
  if (const auto found = gates_.find(*reported.gate); found != gates_.end()) found->second.told.reset();
}

void supervised_children::await_verdict(verdict_wait wait, const state_ptr& state) {
  const auto* gate = state->find_gate(wait.request);
  if (!gate && !state->is_long_ended(wait.request))
    return wait.caller->answer(fail(errc::not_found, "there is no approval request " + wait.request.str()));
  const auto found = gates_.find(wait.request);
  if (!gate || is_terminal(gate->status) || found == gates_.end() || !found->second.actor) {
    reply r;
    r.state = state;
    return wait.caller->answer(std::move(r));
  }
  wait.state = state;
  tell(found->second.actor, await_verdict_atom_v, std::move(wait));
}

post_mortem_type supervised_children::spawn_post_mortem() {
  auto writer = self_->home_system().spawn<post_mortem_actor>(house_.env->clock, house_.persistence);
  if (house_.env->on_child) house_.env->on_child(logic::child_kind::post_mortem, caf::actor_cast<caf::actor>(writer));
  return writer;
}

void supervised_children::dismiss() {
  dismiss_escalation();
  for (auto& [id, child] : gates_) {
    if (child.held) house_.env->metrics.gates_held.subtract();
    if (child.actor) caf::anon_send_exit(std::exchange(child.actor, nullptr), caf::exit_reason::user_shutdown);
  }
  gates_.clear();
}

bool supervised_children::is_held(const approval_id& gate) const {
  const auto found = gates_.find(gate);
  return found != gates_.end() && found->second.held;
}

}  // namespace im
