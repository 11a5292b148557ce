#include "persistence/persistence_state.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/sec.hpp>
#include <exception>
#include <tuple>
#include <utility>

#include "messages/assert.hpp"
#include "messages/protocol/caf_compat.hpp"
#include "messages/thrown.hpp"

namespace im::persistence {

namespace {

std::uint64_t seed_of(const persistence_config& config) {
  return config.jitter_seed != 0 ? config.jitter_seed : std::random_device{}();
}

/// Wakes the actor without keeping it alive.
std::function<void()> waker(caf::actor_addr address) {
  return [address = std::move(address)] {
    if (const auto self = caf::actor_cast<caf::strong_actor_ptr>(address))
      tell(caf::actor_cast<persistence_actor>(self), tick_atom_v);
  };
}

}  // namespace

persistence_state::persistence_state(persistence_actor::pointer self, std::shared_ptr<store_port> store,
                                     persistence_config config)
    : self_{self},
      store_{std::move(store)},
      config_{std::move(config)},
      inbox_{std::make_shared<inbox>(waker(self->address()))},
      chance_{seed_of(config_)},
      buffer_{config_.batches},
      breaker_{config_.breaker_failures, config_.breaker_open} {}

persistence_actor::behavior_type persistence_state::make_behavior() {
  self_->set_exception_handler(
      [observers = config_.observers](caf::scheduled_actor*, std::exception_ptr& thrown) -> caf::error {
        if (observers.on_exception) observers.on_exception(text_of(thrown));
        return caf::sec::runtime_error;
      });
  return {
      [this](write_atom, const event_batch& batch) { return on_write(batch); },
      [this](read_log_atom, incident_id id, std::uint64_t after) {
        return read<log_page>("read_log",
                              [this, id, after](auto done) { store_->read_log(id, after, std::move(done)); });
      },
      [this](find_logs_atom, const incident_list& among) {
        return read<incident_list>("find_logs",
                                   [this, among](auto done) { store_->find_logs(among, std::move(done)); });
      },
      [this](read_event_atom, event_id id) {
        return read<event_ptr>("read_event", [this, id](auto done) { store_->read_event(id, std::move(done)); });
      },
      [this](find_fingerprints_atom, const fingerprint_list& asked) {
        return read<fingerprint_lookups>(
            "find_fingerprints", [this, asked](auto done) { store_->find_fingerprints(asked, std::move(done)); });
      },
      [this](read_policy_atom, const policy_query& query) {
        return read<policy_answer>("read_policy",
                                   [this, query](auto done) { store_->read_policy(query, std::move(done)); });
      },
      [this](read_due_atom, time_point before, const std::string& cursor) {
        return read<due_page>("read_due",
                              [this, before, cursor](auto done) { store_->read_due(before, cursor, std::move(done)); });
      },
      [this](drain_atom) { return on_drain(); },
      [this](tick_atom) { on_tick(); },
  };
}

// ---- Reads

template <class T>
caf::result<T> persistence_state::read(std::string_view call, std::function<void(store_handler<T>)> issue) {
  auto admitted = admit_any();
  if (admitted && reads_.size() >= config_.pending_reads)
    admitted = fail(errc::overloaded, "too many reads wait for the store; try again");
  if (!admitted) return refuse(std::move(admitted.error()));
  auto answer = self_->make_response_promise<T>();
  const auto job = std::make_shared<read_job<T>>(call, std::move(issue), answer, now() + limits::load_timeout);
  reads_.insert(job);
  attempt_read(job);
  return answer;
}

template <class T>
void persistence_state::attempt_read(const std::shared_ptr<read_job<T>>& job) {
  const auto permit = breaker_.allow(now());
  if (!permit) return end_read<T>(job, std::unexpected{store_away()});
  circuit_changed();
  ++job->attempts;
  job->issue([this, door = inbox_, weak = std::weak_ptr{job}, permit = *permit](store_result<T> got) {
    door->put([this, weak, permit, got = std::move(got)]() mutable {
      if (const auto known = weak.lock()) on_read(known, permit, std::move(got));
    });
  });
}

template <class T>
void persistence_state::on_read(const std::shared_ptr<read_job<T>>& job, breaker::permit permit, store_result<T> got) {
  report(permit, got ? nullptr : &got.error());
  if (got) return end_read<T>(job, std::move(*got));
  const auto& why = got.error();
  const bool final = why.kind == store_failure::fault::refused || now() >= job->no_retry_after;
  const auto wait = final ? std::nullopt : backoff(job->attempts, why);
  if (config_.observers.on_failure && why.why.code != errc::not_found)
    config_.observers.on_failure(job->name, why, !wait);
  if (!wait) return end_read<T>(job, std::unexpected{why.why});
  job->retry = self_->run_delayed(*wait, [this, weak = std::weak_ptr{job}, made = job->attempts] {
    if (const auto known = weak.lock(); known && known->attempts == made) attempt_read(known);
  });
}

template <class T>
void persistence_state::end_read(const std::shared_ptr<read_job<T>>& job, result<T> answer) {
  if (answer)
    job->answer.deliver(std::move(*answer));
  else
    job->answer.deliver(to_caf(answer.error()));
  const auto ended = reads_.erase(job);
  IM_ASSERT(ended == 1);
  check_drained();
}

// ---- Both

error persistence_state::store_away() {
  return {errc::store_unavailable, "the store fails at the moment; nothing was done, try again"};
}

result<void> persistence_state::admit_any() const {
  if (draining_) return fail(errc::draining, "the service is shutting down");
  if (!breaker_.would_allow(now())) return std::unexpected{store_away()};
  return {};
}

std::optional<std::chrono::milliseconds> persistence_state::backoff(int made, const store_failure& why) {
  return config_.retries.next(made, chance_, why.why.retry_after_s);
}

/// `why`: what a call failed with; null when the store answered.
void persistence_state::report(breaker::permit permit, const store_failure* why) {
  using fault = store_failure::fault;
  if (why == nullptr || why->kind == fault::refused)
    breaker_.on_success(permit);
  else if (why->kind == fault::away)
    breaker_.on_failure(permit, now());
  else
    breaker_.on_inconclusive(permit, now());
  circuit_changed();
}

void persistence_state::circuit_changed() {
  const auto state = breaker_.now_in();
  if (std::exchange(told_circuit_, state) == state) return;
  if (config_.observers.on_circuit) config_.observers.on_circuit(state);
  switch (state) {
    case breaker::state::half_open: return;
    case breaker::state::closed:
      for (const auto key : std::exchange(parked_, {})) attempt(key);
      return;
    case breaker::state::open: break;
  }
  for (auto& entry : buffer_.clear()) entry.payload.caller.deliver(to_caf(store_away()));
  tell_pending();
  probe_timer_.dispose();
  probe_timer_ = self_->run_delayed(breaker_.probe_at() - now(), [this, generation = ++probe_generation_] {
    if (generation == probe_generation_) probe();
  });
}

/// The circuit was open for long enough: one of the parked writes finds out whether the store is back.
void persistence_state::probe() {
  if (parked_.empty()) return;
  const auto key = parked_.front();
  parked_.pop_front();
  attempt(key);
}

caf::result<void> persistence_state::on_drain() {
  draining_ = true;
  auto answer = self_->make_response_promise<void>();
  drains_.push_back(answer);
  flush();
  check_drained();
  return answer;
}

void persistence_state::check_drained() {
  if (!draining_ || !buffer_.empty() || !reads_.empty()) return;
  for (auto& waiting : std::exchange(drains_, {})) waiting.deliver();
}

void persistence_state::on_tick() {
  flush_scheduled_ = false;
  for (auto& task : inbox_->take_all()) task();
  flush();
  check_drained();
}

caf::error persistence_state::refuse(error why) const {
  if (config_.observers.on_refused) config_.observers.on_refused(why.code);
  return to_caf(why);
}

persistence_state::clock::time_point persistence_state::now() const { return self_->clock().now(); }

void persistence_state::tell_pending() const {
  if (config_.observers.on_pending) config_.observers.on_pending(buffer_.held_events());
}

}  // namespace im::persistence
