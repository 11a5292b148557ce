/// What `incident_supervisor` does about time: what is due, what somebody waits for, and when a failed attempt is made again.

#include <algorithm>

#include "actors/incident_supervisor.hpp"
#include "actors/logic/due.hpp"

namespace im {

void incident_supervisor_state::on_due(const deadline& due) {
  if (retry_at_) return children_.forget(due);  // an attempt has just failed; the retry names it again
  env_.metrics.deadlines_fired[due.kind].add();
  env_.metrics.deadline_lag_seconds.observe(seconds_between(due.due_at, env_.clock.now()));
  children_.forget(due);
  queue_.push_back(std::make_unique<submission>(
      logic::due_command(*state_, due), [](const result<reply>&) {}, admission::ticket{}, env_.listener()));
  pump();
}

/// The deadline index says that something is due. Loading arms the children's alarms. Where the state is there already and
/// nothing is under way, an alarm is late (the wall clock was set forward): it is armed anew; where its actor fails again
/// and again, its work is done here.
caf::result<void> incident_supervisor_state::on_wake() {
  ++received_;
  auto attended = self_->make_response_promise<void>();
  wakes_.push_back(attended);
  if (store_failed_ && phase_ == phase::idle) {  // the store has just answered somebody
    load();
    return attended;
  }
  if (!needs_load_ && phase_ == phase::idle && queue_.empty()) {
    for (const auto& due : deadlines_of(*state_)) {
      if (due.due_at > env_.clock.now()) continue;
      if (!due.gate && children_.clock_abandoned()) {
        on_due(due);
        return attended;
      }
      children_.forget(due);
    }
    reconcile();
  }
  pump();
  return attended;
}

/// Whoever woke this incident hears that it has been seen to. An incident that only the clock looks at goes back to sleep.
void incident_supervisor_state::attended() {
  if (wakes_.empty() || (something_is_due() && !retry_at_)) return;
  for (auto& wake : std::exchange(wakes_, {})) wake.deliver();
  if (!visited_) tell(registry_, idle_atom_v, state_->record.id, received_);
}

bool incident_supervisor_state::something_is_due() const {
  return std::ranges::any_of(deadlines_of(*state_), [&](const deadline& due) {
    return due.due_at <= env_.clock.now() && !(due.gate && children_.is_held(*due.gate));
  });
}

void incident_supervisor_state::reconcile() {
  children_.reconcile(state_);
  set_alarm();
}

/// One alarm for two patiences, a deadline and a retry: a read's, who is told what is known when the store is slow; that of callers
/// who wait for a gate's verdict, which may fall on another instance; the deadline whose escalation actor is not there yet; and the
/// next attempt after one that failed. Where the log must be read first only the retry is left: the load, which ends in time, sets
/// the others. While the store fails nobody asks it for a verdict but the retry.
void incident_supervisor_state::set_alarm() {
  const auto now = self_->clock().now();
  std::optional<caf::actor_clock::time_point> next;
  const auto consider = [&](caf::actor_clock::time_point at) { next = next ? std::min(*next, at) : at; };
  if (!reads_.empty() && tellable()->head() != 0) consider(reads_.oldest() + limits::read_patience);
  if (verdict_awaited_ && *verdict_awaited_ > now && !store_failed_) consider(now + limits::verdict_poll);
  if (retry_at_) consider(*retry_at_);
  if (const auto at = children_.escalation_wanted_at(); at && !needs_load_) {
    // The two clocks drift, and the actor is wanted well ahead: an alarm that is there already will do.
    const auto look = now + timer_for(*at, env_.clock.now());
    if (!alarm_.is_set_by(look + limits::escalation_ahead / 2)) consider(look);
  }
  if (!next || alarm_.is_set_by(*next)) return;
  alarm_.set(std::chrono::ceil<milliseconds>(std::max(*next - now, caf::actor_clock::duration_type{0})));
}

void incident_supervisor_state::on_alarm(std::uint64_t generation) {
  if (!alarm_.take(generation)) return;
  const auto now = self_->clock().now();
  reads_.give_up(tellable(), now - limits::read_patience);
  const bool waited_for = verdict_awaited_ && *verdict_awaited_ > now;
  if (!waited_for) verdict_awaited_.reset();
  const bool retries = retry_at_ && *retry_at_ <= now;
  if (retries) retry_at_.reset();
  const bool asks = store_failed_ ? retries : waited_for && state_->has_pending_gate();
  if (asks && phase_ == phase::idle) load();
  if (!needs_load_) children_.reconcile(state_);
  if (retries) pump();
  set_alarm();
}

// ---- After a failure

/// The next attempt is made by the retry, by a caller, or when the deadline index names this incident: then the store is back.
void incident_supervisor_state::on_store_failed() {
  store_failed_ = true;
  if (!retry_at_) look_again_in(backoff_.after_failure(chance_()));
}

void incident_supervisor_state::on_store_answered() {
  if (!std::exchange(store_failed_, false)) return;
  retry_at_.reset();
  backoff_.reset();
}

void incident_supervisor_state::look_again_later() {
  if (!retry_at_) look_again_in(limits::deadline_poll);
}

void incident_supervisor_state::look_again_in(milliseconds wait) {
  retry_at_ = self_->clock().now() + wait;
  set_alarm();
}

}  // namespace im
