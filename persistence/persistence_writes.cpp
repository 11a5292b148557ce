#include <tuple>
#include <utility>

#include "messages/assert.hpp"
#include "messages/protocol/caf_compat.hpp"
#include "persistence/persistence_state.hpp"

namespace im::persistence {

namespace {

error outcome_unknown() {
  return {errc::timeout,
          "the store did not confirm the write; it may have taken effect, repeat it with the same request id"};
}

}  // namespace

caf::result<write_outcome> persistence_state::on_write(const event_batch& batch) {
  if (auto admitted = admit(batch); !admitted) return refuse(std::move(admitted.error()));
  std::size_t bytes = 0;
  auto encoded = encode(batch, bytes);
  if (!buffer_.has_room(batch.events.size(), bytes))
    return refuse({errc::overloaded, "too many writes wait for the store; nothing was done, try again"});
  auto answer = self_->make_response_promise<write_outcome>();
  std::ignore = buffer_.push({batch.incident_id, batch.events.size(), bytes, {std::move(encoded), answer}}, now());
  tell_pending();
  schedule_flush();
  return answer;
}

result<void> persistence_state::admit(const event_batch& batch) const {
  if (auto admitted = admit_any(); !admitted) return admitted;
  if (batch.events.empty() || batch.events.size() > limits::batch_items)
    return fail(errc::internal, "a write of no events, or of too many");
  if (!buffer_.has_room(batch.events.size(), 0))
    return fail(errc::overloaded, "too many writes wait for the store; nothing was done, try again");
  return {};
}

/// The flush waits for one turn of the mailbox, so that a burst of writes that is there already leaves together.
void persistence_state::schedule_flush() {
  if (!std::exchange(flush_scheduled_, true)) tell(caf::actor_cast<persistence_actor>(self_), tick_atom_v);
}

void persistence_state::flush() {
  const auto urgency = draining_ ? buffer::urgency::at_once : buffer::urgency::by_age;
  while (breaker_.would_allow(now())) {
    auto taken = buffer_.take(now(), urgency);
    if (taken.empty()) break;
    start(std::move(taken));
  }
  const auto due = buffer_.due_at();
  if (!due || *due <= now() || (flush_due_ && *flush_due_ <= *due)) return;
  flush_timer_.dispose();
  flush_due_ = due;
  flush_timer_ = self_->run_delayed(*due - now(), [this, generation = ++flush_generation_] {
    if (generation != flush_generation_) return;
    flush_due_.reset();
    flush();
  });
}

void persistence_state::start(std::vector<buffer::entry> taken) {
  auto wire = std::make_shared<std::vector<incident_write>>();
  part all;
  wire->reserve(taken.size());
  all.callers.reserve(taken.size());
  for (auto& entry : taken) {
    wire->push_back(std::move(entry.payload.events));
    all.callers.push_back({entry.incident_id, entry.events, entry.bytes, std::move(entry.payload.caller)});
  }
  all.wire = std::move(wire);
  const auto key = next_write_++;
  running_[key].parts.push_back(std::move(all));
  attempt(key);
}

/// What is sent of a write that is running: it has a part until it is over.
persistence_state::part& persistence_state::part_of(write_key key) {
  const auto found = running_.find(key);
  IM_ASSERT(found != running_.end() && !found->second.parts.empty());
  return found->second.parts.front();
}

void persistence_state::attempt(write_key key) {
  const auto permit = breaker_.allow(now());
  if (!permit) {
    parked_.push_back(key);
    return;
  }
  circuit_changed();
  auto& current = part_of(key);
  ++current.attempts;
  store_->write(current.wire, [this, door = inbox_, key, permit = *permit, started = now()](auto got) {
    door->put([this, key, permit, started, got = std::move(got)]() mutable {
      on_written(key, permit, started, std::move(got));
    });
  });
}

void persistence_state::on_written(write_key key, breaker::permit permit, clock::time_point started,
                                   store_result<write_results> got) {
  auto& current = part_of(key);
  if (got && got->size() != current.callers.size())
    got = std::unexpected{store_failure{{errc::store_unavailable, "the store answered for another number of incidents"},
                                        store_failure::fault::away,
                                        true}};
  if (config_.observers.on_write) {
    write_attempt told{current.callers.size(), 0, 0, current.attempts, got.has_value(), now() - started};
    for (const auto& caller : current.callers) {
      told.events += caller.events;
      told.bytes += caller.bytes;
    }
    config_.observers.on_write(told);
  }
  if (got)
    answer_part(key, std::move(*got));
  else
    fail_part(key, got.error());
  report(permit, got ? nullptr : &got.error());
  flush();
  check_drained();
}

void persistence_state::answer_part(write_key key, write_results outcomes) {
  auto& current = part_of(key);
  IM_ASSERT(outcomes.size() == current.callers.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i])
      current.callers[i].answer.deliver(std::move(*outcomes[i]));
    else
      current.callers[i].answer.deliver(to_caf(outcomes[i].error()));
  }
  finish_part(key);
}

void persistence_state::fail_part(write_key key, const store_failure& why) {
  auto& current = part_of(key);
  auto& write = running_.at(key);
  current.maybe_applied = current.maybe_applied || why.maybe_applied;
  const bool refused = why.kind == store_failure::fault::refused;
  if (refused && current.callers.size() > 1) return halve_part(write), attempt(key);
  const auto wait = refused ? std::nullopt : backoff(current.attempts, why);
  if (config_.observers.on_failure) config_.observers.on_failure("write", why, !wait);
  if (wait) {
    write.retry = self_->run_delayed(*wait, [this, key, made = current.attempts] {
      const auto found = running_.find(key);
      if (found != running_.end() && part_of(key).attempts == made) attempt(key);
    });
    return;
  }
  const auto told = to_caf(current.maybe_applied ? outcome_unknown() : refused ? why.why : store_away());
  for (auto& caller : current.callers) caller.answer.deliver(told);
  finish_part(key);
}

/// The store will not have these together: one of them is at fault, so each half is tried alone.
void persistence_state::halve_part(running_write& write) {
  IM_ASSERT(!write.parts.empty() && write.parts.front().callers.size() > 1);
  auto whole = std::move(write.parts.front());
  write.parts.pop_front();
  const auto middle = static_cast<std::ptrdiff_t>(whole.callers.size() / 2);
  IM_ASSERT(whole.wire->size() == whole.callers.size());
  const auto half = [&](std::ptrdiff_t from, std::ptrdiff_t to) {
    part out;
    out.callers.assign(std::make_move_iterator(whole.callers.begin() + from),
                       std::make_move_iterator(whole.callers.begin() + to));
    out.wire = std::make_shared<std::vector<incident_write>>(whole.wire->begin() + from, whole.wire->begin() + to);
    out.maybe_applied = whole.maybe_applied;
    return out;
  };
  auto second = half(middle, std::ssize(whole.callers));
  write.parts.push_front(std::move(second));
  write.parts.push_front(half(0, middle));
}

void persistence_state::finish_part(write_key key) {
  for (const auto& caller : part_of(key).callers) buffer_.release(caller.incident_id, caller.events, caller.bytes);
  const auto found = running_.find(key);
  found->second.parts.pop_front();
  tell_pending();
  if (!found->second.parts.empty()) return attempt(key);
  running_.erase(found);
  buffer_.end_write();
}

}  // namespace im::persistence
