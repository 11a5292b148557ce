#include "actors/incident_supervisor.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>

#include "messages/assert.hpp"
#include "messages/chain.hpp"
#include "telemetry/log.hpp"

namespace im {

namespace {

/// The gate that a command would move, if it would.
std::optional<approval_id> moved_gate(const any_command& body) {
  if (const auto* vote = std::get_if<cmd::cast_vote>(&body)) return vote->request;
  if (const auto* cancel = std::get_if<cmd::cancel_approval>(&body)) return cancel->request;
  if (const auto* escalate = std::get_if<cmd::escalate_approval>(&body)) return escalate->request;
  if (const auto* due = std::get_if<cmd::approval_due>(&body)) return due->request;
  return std::nullopt;
}

}  // namespace

incident_supervisor_state::incident_supervisor_state(supervisor_actor::pointer self, house h, registry_actor registry,
                                                     incident_id id, bool fresh, policy_set_ptr policies)
    : self_{self},
      house_{std::move(h)},
      env_{*house_.env},
      registry_{std::move(registry)},
      policies_{std::move(policies)},
      monitor_{self, [this](const auto& who, const auto& reason) { children_.on_down(who, reason, state_); }},
      children_{self, house_, monitor_},
      needs_load_{!fresh},
      whole_{fresh},
      chance_{static_cast<std::minstd_rand::result_type>(std::hash<incident_id>{}(id))},
      alarm_{self, house_.alarms} {
  state_ = nothing_known_of(id);
  env_.metrics.incidents_live.add();
}

incident_supervisor_state::~incident_supervisor_state() {
  env_.metrics.incidents_live.subtract();
  children_.dismiss();
}

supervisor_actor::behavior_type incident_supervisor_state::make_behavior() {
  log_what_it_throws(*self_);
  return {[this](submit_atom, const submission_batch& batch) { on_submit(batch); },
          [this](await_verdict_atom, verdict_wait wait) { on_await(std::move(wait)); },
          [this](due_atom, const deadline& due) { on_due(due); },
          [this](wake_atom) { return on_wake(); },
          [this](idle_atom) { on_asked_for_idleness(); },
          [this](passivate_atom) { self_->quit(); },
          [this](tick_atom, std::uint64_t generation) { on_alarm(generation); }};
}

// ---- Taking in

void incident_supervisor_state::on_submit(const submission_batch& batch) {
  ++received_;
  visited_ = true;
  for (auto& s : *batch.items) {
    if (std::holds_alternative<cmd::read_incident>(s->cmd.body))
      reads_.add(std::move(s), self_->clock().now());
    else if (queue_.size() < limits::supervisor_queue_commands)
      queue_.push_back(std::move(s));
    else {
      env_.metrics.store_refused_events.add();
      s->answer(fail(errc::overloaded, "too much is under way for this incident; try again shortly"));
    }
  }
  pump();
  set_alarm();
}

void incident_supervisor_state::on_await(verdict_wait wait) {
  ++received_;
  visited_ = true;
  if (waits_.size() >= limits::gate_waiters)
    return wait.caller->answer(fail(errc::overloaded, "too many callers wait for this incident"));
  const auto until = self_->clock().now() + wait.wait;
  verdict_awaited_ = std::max(verdict_awaited_.value_or(until), until);
  waits_.push_back(std::move(wait));
  pump();
  set_alarm();
}

// ---- The road

void incident_supervisor_state::pump() {
  if (phase_ != phase::idle) return;
  if (needs_load_) return load();
  if (!queue_.empty()) return policies_ ? commit() : load_policies();
  if (!reads_.empty() || !waits_.empty()) return load();
  attended();
}

/// Reads on where the state ends. What is here already is confirmed by it.
void incident_supervisor_state::load() {
  IM_ASSERT(phase_ != phase::writing && !flight_);
  phase_ = phase::loading;
  for (const auto& s : queue_) s->confirmed = true;
  mark_waiting();
  send_request(self_, house_.persistence, until_answered, read_log_atom_v, state_->record.id, state_->head())
      .then([this](log_page page) { on_log(std::move(page)); },
            [this](const caf::error& e) { on_load_failed(from_caf(e)); });
}

void incident_supervisor_state::on_log(log_page page) {
  IM_ASSERT(phase_ == phase::loading);
  const bool nothing_known = state_->head() == 0;
  std::shared_ptr<incident_state> next;  // most pages of a live incident hold nothing new
  for (const auto& event : page.events) {
    if (event->sequence != (next ? next->head() : state_->head()) + 1) continue;  // known already
    if (!next) next = std::make_shared<incident_state>(*state_);
    if (!links_to(*next, *event)) return on_broken_link(*event);
    apply(*next, *event);
    recent_.add(logic::covered_by(*event));
  }
  const bool goes_on = next != nullptr;
  if (next) state_ = std::move(next);
  if (page.more && goes_on) return load();
  if (page.more)
    return on_load_failed({errc::store_unavailable, "the store does not go on with this incident's log; try again"});
  on_store_answered();
  if (nothing_known && state_->head() != 0) env_.metrics.incidents_awakened.add();
  phase_ = phase::idle;
  needs_load_ = false;
  whole_ = true;
  reconcile();
  reads_.confirm(state_);
  settle_waits();
  if (state_->head() == 0) on_asked_for_idleness();  // there is no such incident
  pump();
}

void incident_supervisor_state::forget_log() {
  state_ = nothing_known_of(state_->record.id);
  recent_.clear();
  whole_ = false;
}

/// What may be told where the store does not answer: half of a log is no state.
state_ptr incident_supervisor_state::tellable() const { return whole_ ? state_ : nothing_known_of(state_->record.id); }

/// What the store has does not go on from what we have. Ours may be what is wrong, so all of it is read again; a log that is
/// broken in itself is not acted upon.
void incident_supervisor_state::on_broken_link(const decision_event& event) {
  const bool had_state = state_->head() != 0;
  forget_log();
  if (had_state) return load();
  log::error(log::event::log_damaged,
             "the log of an incident was changed after it was written; `ruvector-service verify` tells more",
             {{"incident_id", event.incident_id}, {"sequence", event.sequence}});
  needs_load_ = true;
  on_load_failed({errc::damaged, "the log of this incident is damaged; an operator must look at it"});
}

/// The store is being asked, or written to: its word is good for those who are here now, not for who comes meanwhile.
void incident_supervisor_state::mark_waiting() {
  reads_.mark();
  marked_waits_ = waits_.size();
}

/// Callers who wait for a gate, once it is known where the gate stands.
void incident_supervisor_state::settle_waits() {
  IM_ASSERT(marked_waits_ <= waits_.size());
  const auto end = waits_.begin() + static_cast<std::ptrdiff_t>(std::exchange(marked_waits_, 0));
  for (auto wait = waits_.begin(); wait != end; ++wait) children_.await_verdict(std::move(*wait), state_);
  waits_.erase(waits_.begin(), end);
}

void incident_supervisor_state::load_policies() {
  IM_ASSERT(phase_ == phase::idle && !flight_);
  phase_ = phase::loading;
  const auto on_policies = [this](policy_set_ptr policies) {
    IM_ASSERT(phase_ == phase::loading);
    policies_ = std::move(policies);
    phase_ = phase::idle;
    pump();
  };
  const auto on_error = [this](const caf::error& e) { on_load_failed(from_caf(e)); };
  // Frozen at opening: an incident is judged by the policies it was opened under.
  if (state_->opened)
    send_request(self_, house_.policies, until_answered, policies_atom_v, *state_->policies)
        .then(on_policies, on_error);
  else
    send_request(self_, house_.policies, until_answered, policies_atom_v).then(on_policies, on_error);
}

void incident_supervisor_state::on_load_failed(error why) {
  IM_ASSERT(phase_ == phase::loading);
  phase_ = phase::idle;
  // What is in memory is told as stale, and the circuit has its own line; a line per read or retry would only drown it.
  const bool is_waited_for = !queue_.empty() || !reads_.empty() || !waits_.empty() || !wakes_.empty();
  const auto loudness = state_->head() == 0 && is_waited_for ? log::level::warn : log::level::debug;
  log::write(loudness, log::event::incident_load_failed, "an incident cannot be loaded",
             {{"incident_id", state_->record.id}, {"reason", why.message}});
  reads_.fail_all(tellable(), why);
  for (auto& s : std::exchange(queue_, {})) s->answer(std::unexpected{why});
  marked_waits_ = 0;
  for (auto& wait : std::exchange(waits_, {})) wait.caller->answer(std::unexpected{why});
  for (auto& wake : std::exchange(wakes_, {})) wake.deliver(to_caf(why));
  on_store_failed();
}

/// A gate that holds moves on nothing; who tries is told at once.
void incident_supervisor_state::refuse_held() {
  std::erase_if(queue_, [&](const submission_ptr& s) {
    const auto gate = moved_gate(s->cmd.body);
    if (!gate || !children_.is_held(*gate)) return false;
    s->answer(fail(errc::gate_held, "this approval gate failed and holds; an operator must look at it"));
    return true;
  });
}

void incident_supervisor_state::commit() {
  IM_ASSERT(phase_ == phase::idle && !flight_ && !needs_load_ && policies_);
  refuse_held();
  if (queue_.empty()) return pump();
  std::vector<const command*> commands;
  for (const auto& s : queue_ | std::views::take(limits::commands_per_commit)) commands.push_back(&s->cmd);
  const logic::decision_context context{*policies_, env_.who, env_.clock.now()};
  flight_ = std::make_unique<commit_in_flight>();
  flight_->plan = logic::plan_commit(*state_, recent_, commands, context);
  const auto taken = flight_->plan.answers.size();
  IM_ASSERT(taken > 0 && taken <= commands.size());
  flight_->callers = std::exchange(queue_, {});
  const auto rest = flight_->callers.begin() + static_cast<std::ptrdiff_t>(taken);
  queue_.assign(std::make_move_iterator(rest), std::make_move_iterator(flight_->callers.end()));
  flight_->callers.erase(rest, flight_->callers.end());
  flight_->since = self_->clock().now();
  for (auto& event : flight_->plan.events)
    flight_->events.push_back(std::make_shared<const decision_event>(std::move(event)));
  if (!flight_->events.empty()) return write();
  const bool any_unconfirmed = requeue_unconfirmed();
  if (!flight_->callers.empty()) conclude();
  flight_ = nullptr;
  if (any_unconfirmed) return load();
  pump();
}

/// An answer without a write holds, whatever other instances have done, where the log was read after its caller came; a repetition's
/// first answer cannot change. All other callers return to the head of the queue, in their order, until the log is read. The
/// confirmed callers do not wait for them: where callers arrive faster than a log is read, nobody would be answered. Each answer
/// was decided from the same state, since nothing here has an event.
bool incident_supervisor_state::requeue_unconfirmed() {
  auto& callers = flight_->callers;
  auto& answers = flight_->plan.answers;
  IM_ASSERT(flight_->events.empty() && callers.size() == answers.size());
  std::vector<submission_ptr> unconfirmed;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < callers.size(); ++i) {
    if (!callers[i]->confirmed && !std::holds_alternative<logic::answer::replay>(answers[i].what)) {
      unconfirmed.push_back(std::move(callers[i]));
      continue;
    }
    if (kept != i) {
      callers[kept] = std::move(callers[i]);
      answers[kept] = std::move(answers[i]);
    }
    ++kept;
  }
  callers.resize(kept);
  answers.resize(kept);
  queue_.insert(queue_.begin(), std::make_move_iterator(unconfirmed.begin()),
                std::make_move_iterator(unconfirmed.end()));
  return !unconfirmed.empty();
}

void incident_supervisor_state::write() {
  IM_ASSERT(phase_ == phase::idle && flight_ && !flight_->events.empty());
  phase_ = phase::writing;
  mark_waiting();
  send_request(self_, house_.persistence, until_answered, write_atom_v, event_batch{state_->record.id, flight_->events})
      .then([this](const write_outcome& outcome) { on_written(outcome); },
            [this](const caf::error& e) { on_write_failed(from_caf(e)); });
}

void incident_supervisor_state::on_written(const write_outcome& outcome) {
  IM_ASSERT(phase_ == phase::writing && flight_);
  phase_ = phase::idle;
  on_store_answered();
  switch (outcome.what) {
    case write_outcome::kind::committed:
      env_.metrics.commit_commands.observe(static_cast<double>(flight_->callers.size()));
      env_.metrics.commit_seconds.observe(self_->clock().now() - flight_->since);
      return committed();
    case write_outcome::kind::sequence_taken: return decide_again(outcome.head);
    case write_outcome::kind::fingerprint_taken:
      return give_up_fingerprint(outcome.open_incident.value_or(incident_id{}));
    case write_outcome::kind::covered:
      if (outcome.covered) return drop_covered(*outcome.covered);
      return decide_again(outcome.head);
  }
}

/// Nobody knows whether it was stored: the callers are told so, and the log is read before anything else is decided.
void incident_supervisor_state::on_write_failed(const error& why) {
  IM_ASSERT(phase_ == phase::writing && flight_);
  phase_ = phase::idle;
  needs_load_ = true;
  const auto flight = std::move(flight_);
  for (auto& caller : flight->callers) caller->answer(std::unexpected{why});
  on_store_failed();
  if (!queue_.empty() || !reads_.empty() || !waits_.empty()) pump();
}

void incident_supervisor_state::on_asked_for_idleness() {
  const bool waited_for = verdict_awaited_ && *verdict_awaited_ > self_->clock().now();
  const bool busy =
      phase_ != phase::idle || !queue_.empty() || !reads_.empty() || documents_ > 0 || questions_ > 0 || waited_for;
  if (!busy) tell(registry_, idle_atom_v, state_->record.id, received_);
}

}  // namespace im
