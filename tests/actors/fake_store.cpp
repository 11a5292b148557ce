#include "tests/actors/fake_store.hpp"

#include <algorithm>
#include <type_traits>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "messages/chain.hpp"

namespace im::test {

namespace {

disposition disposition_of(const decision_event& event) {
  return std::holds_alternative<fact::signals_attached>(event.fact.value) ? disposition::attached : disposition::opened;
}

caf::error away() { return caf::make_error(errc::store_unavailable, "the store is away"); }

class fake_state {
public:
  fake_state(persistence_actor::pointer self, std::shared_ptr<fake_store> store)
      : self_{self}, store_{std::move(store)} {}

  persistence_actor::behavior_type make_behavior() {
    return {
        [this](write_atom, const event_batch& batch) { return ++store_->requests, write(batch); },
        [this](read_log_atom, const incident_id& id, std::uint64_t after) {
          return ++store_->requests, read_log(id, after);
        },
        [this](find_logs_atom, const incident_list& among) { return ++store_->requests, find_logs(among); },
        [this](read_event_atom, const event_id& id) { return ++store_->requests, read_event(id); },
        [this](find_fingerprints_atom, const fingerprint_list& asked) { return ++store_->requests, find(asked); },
        [this](read_policy_atom, const policy_query& query) { return ++store_->requests, read_policy(query.kind); },
        [this](read_due_atom, const time_point& before, const std::string&) {
          return ++store_->requests, read_due(before);
        },
        [](drain_atom) {},
        [this](tick_atom) { answer_waiting(); },
    };
  }

  static inline const char* name = "fake_store";

private:
  /// Answered by a tick, once it may be.
  template <class T, class Asked>
  caf::result<T> hold(std::vector<std::pair<caf::typed_response_promise<T>, Asked>>& queue,
                      std::type_identity_t<Asked> asked) {
    auto promise = self_->make_response_promise<T>();
    queue.emplace_back(promise, std::move(asked));
    return promise;
  }

  /// What was taken leaves after the store's latency.
  template <class T>
  caf::result<T> answer_later(result<T> answer) {
    if (store_->latency == milliseconds{0}) {
      if (!answer) return to_caf(answer.error());
      return std::move(*answer);
    }
    auto promise = self_->make_response_promise<T>();
    self_->run_delayed(store_->latency, [promise, answer = std::move(answer)]() mutable {
      if (answer)
        promise.deliver(std::move(*answer));
      else
        promise.deliver(to_caf(answer.error()));
    });
    return promise;
  }

  caf::result<write_outcome> write(const event_batch& batch) {
    if (!store_->held) return answer_later(store_->append(batch));
    return hold(waiting_, batch);
  }

  void answer_waiting() {
    if (!store_->fingerprints_held)
      for (auto& [promise, asked] : std::exchange(waiting_fingerprints_, {})) promise.deliver(store_->newest_of(asked));
    if (!store_->logs_held) {
      for (auto& [promise, among] : std::exchange(waiting_looks_, {})) promise.deliver(store_->held_of(among));
      for (auto& [promise, page] : std::exchange(waiting_reads_, {})) {
        if (store_->away)
          promise.deliver(away());
        else
          promise.deliver(std::move(page));
      }
    }
    if (!store_->events_held)
      for (auto& [promise, id] : std::exchange(waiting_events_, {})) promise.deliver(event_of(id));
    if (!store_->policies_held)
      for (auto& [promise, kind] : std::exchange(waiting_policies_, {})) promise.deliver(store_->policy_of(kind));
    if (store_->held) return;
    for (auto& [promise, batch] : std::exchange(waiting_, {})) {
      auto outcome = store_->append(batch);
      if (outcome)
        promise.deliver(*outcome);
      else
        promise.deliver(to_caf(outcome.error()));
    }
  }

  caf::result<log_page> read_log(const incident_id& id, std::uint64_t after) {
    ++store_->log_reads;
    if (store_->logs_held) return hold(waiting_reads_, store_->page_of(id, after));
    if (store_->away || (store_->reads_left && (*store_->reads_left)-- == 0)) return away();
    return answer_later<log_page>(store_->page_of(id, after));
  }

  caf::result<incident_list> find_logs(const incident_list& among) {
    store_->looks.push_back(among.ids.size());
    if (store_->logs_held) return hold(waiting_looks_, among);
    if (store_->away) return away();
    return store_->held_of(among);
  }

  caf::result<policy_answer> read_policy(policy_kind kind) {
    ++store_->policy_reads;
    if (store_->policies_held) return hold(waiting_policies_, kind);
    if (store_->away) return away();
    return store_->policy_of(kind);
  }

  caf::result<event_ptr> read_event(const event_id& id) {
    if (store_->events_held) return hold(waiting_events_, id);
    auto found = event_of(id);
    if (!found) return std::move(found.error());
    return std::move(*found);
  }

  caf::expected<event_ptr> event_of(const event_id& id) {
    auto found = store_->event_of(id);
    if (!found) return to_caf(found.error());
    return std::move(*found);
  }

  caf::result<fingerprint_lookups> find(const fingerprint_list& asked) {
    store_->fingerprint_looks.push_back(asked.fingerprints.size());
    if (store_->fingerprints_held) return hold(waiting_fingerprints_, asked);
    if (store_->away) return away();
    return store_->newest_of(asked);
  }

  caf::result<due_page> read_due(const time_point& before) {
    if (store_->away) return away();
    return store_->due_at(before);
  }

  persistence_actor::pointer self_;
  std::shared_ptr<fake_store> store_;
  std::vector<std::pair<caf::typed_response_promise<write_outcome>, event_batch>> waiting_;
  std::vector<std::pair<caf::typed_response_promise<incident_list>, incident_list>> waiting_looks_;
  std::vector<std::pair<caf::typed_response_promise<fingerprint_lookups>, fingerprint_list>> waiting_fingerprints_;
  std::vector<std::pair<caf::typed_response_promise<log_page>, log_page>> waiting_reads_;
  std::vector<std::pair<caf::typed_response_promise<event_ptr>, event_id>> waiting_events_;
  std::vector<std::pair<caf::typed_response_promise<policy_answer>, policy_kind>> waiting_policies_;
};

}  // namespace

log_page fake_store::page_of(const incident_id& id, std::uint64_t after) {
  log_page page;
  for (const auto& event : logs[id])
    if (event->sequence > after && page.events.size() < page_events) page.events.push_back(event);
  page.more = claims_more || (!page.events.empty() && page.events.back()->sequence < logs[id].size());
  return page;
}

incident_list fake_store::held_of(const incident_list& among) {
  incident_list with_log;
  for (const auto& id : among.ids)
    if (!logs[id].empty()) with_log.ids.push_back(id);
  return with_log;
}

result<event_ptr> fake_store::event_of(const event_id& id) const {
  for (const auto& [incident, log] : logs)
    for (const auto& event : log)
      if (event->id == id) return event;
  return fail(errc::not_found, "no such event");
}

fingerprint_lookups fake_store::newest_of(const fingerprint_list& asked) {
  fingerprint_lookups out;
  for (const auto& fingerprint : asked.fingerprints) {
    const auto found = newest.find(fingerprint);
    const bool known = found != newest.end();
    out.found.emplace_back(known ? fingerprint_lookup{found->second, is_open(states[found->second].record.status)}
                                 : fingerprint_lookup{});
  }
  return out;
}

due_page fake_store::due_at(const time_point& before) const {
  due_page page;
  for (const auto& [id, state] : states)
    if (const auto next = next_deadline(state); next && next->due_at <= before)
      page.entries.push_back({id, next->kind, next->due_at});
  return page;
}

std::optional<write_outcome> fake_store::refused_by_a_law(const event_batch& batch) {
  const auto& stored = logs[batch.incident_id];
  write_outcome refused;
  for (const auto& event : batch.events)
    for (const auto& request : event->request_ids)
      if (const auto found = covered.find(request); found != covered.end()) {
        refused.what = write_outcome::kind::covered;
        refused.covered = found->second;
        return refused;
      }
  if (batch.events.front()->sequence != stored.size() + 1) {
    refused.what = write_outcome::kind::sequence_taken;
    refused.head = stored.size();
    return refused;
  }
  if (!links_to(states[batch.incident_id], *batch.events.front())) {
    refused.what = write_outcome::kind::sequence_taken;
    refused.head = stored.size();
    return refused;
  }
  if (const auto* opened = std::get_if<fact::incident_opened>(&batch.events.front()->fact.value)) {
    const auto holder = newest.find(opened->record.fingerprint);
    if (holder != newest.end() && is_open(states[holder->second].record.status)) {
      refused.what = write_outcome::kind::fingerprint_taken;
      refused.open_incident = holder->second;
      return refused;
    }
  }
  return std::nullopt;
}

result<write_outcome> fake_store::append(const event_batch& batch) {
  if (away) return fail(errc::store_unavailable, "the store is away");
  ++writes;
  if (const auto refused = refused_by_a_law(batch)) return *refused;
  auto& state = states[batch.incident_id];
  for (const auto& event : batch.events) {
    logs[batch.incident_id].push_back(event);
    apply(state, *event);
    for (const auto& request : event->request_ids)
      covered[request] = {request, event->incident_id, event->id, event->sequence, disposition_of(*event)};
    if (std::holds_alternative<fact::incident_opened>(event->fact.value))
      newest[state.record.fingerprint] = batch.incident_id;
  }
  if (lose_answers > 0) {
    --lose_answers;
    return fail(errc::store_unavailable, "the answer was lost; nobody knows whether it was stored");
  }
  return write_outcome{};
}

persistence_actor spawn_fake(caf::actor_system& system, std::shared_ptr<fake_store> store) {
  return system.spawn<caf::stateful_actor<fake_state, persistence_actor::base>>(std::move(store));
}

}  // namespace im::test
