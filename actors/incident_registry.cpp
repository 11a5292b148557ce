#include "actors/incident_registry.hpp"

#include <algorithm>

#include "actors/incident_supervisor.hpp"
#include "messages/assert.hpp"
#include "telemetry/log.hpp"

namespace im {

namespace {

/// Often enough that an incident stays little longer than it may.
milliseconds sweep_interval(seconds passivate_after) {
  return std::clamp<milliseconds>(milliseconds{passivate_after} / 8, milliseconds{250}, milliseconds{10'000});
}

void answer_apart(submission& s, const policy_set& policies, const actor_environment& env) {
  reply r;
  r.state = nothing_known_of(s.cmd.incident_id);
  auto tentative = *r.state;
  auto decided = logic::decide(tentative, s.cmd, {policies, env.who, env.clock.now()});
  if (!decided) return s.answer(std::unexpected{std::move(decided.error())});
  if (const auto* told = decided->answer()) r.event = std::make_shared<const decision_event>(*told);
  r.disposition = decided->disposition;
  r.warnings = std::move(decided->warnings);
  s.answer(std::move(r));
}

void refuse_all(std::vector<submission_ptr>& all, const error& why) {
  for (auto& s : all) s->answer(std::unexpected{why});
}

/// Whether what is open for this fingerprint goes on with it.
bool is_open(const fingerprint_lookup& found) { return found.newest && found.open; }

error shard_full() { return {errc::overloaded, "too many incidents are in memory; try again shortly"}; }

}  // namespace

incident_registry_state::~incident_registry_state() {
  for (const auto& [id, known] : incidents_) caf::anon_send_exit(known.supervisor, caf::exit_reason::user_shutdown);
}

registry_actor::behavior_type incident_registry_state::make_behavior() {
  log_what_it_throws(*self_);
  send_to_self(self_, tick_atom_v);
  return {
      [this](submit_atom, const submission_batch& batch) { on_submit(batch); },
      [this](await_verdict_atom, verdict_wait wait) { on_await(std::move(wait)); },
      [this](wake_atom, const incident_id& id) { return on_wake(id); },
      [this](hand_back_atom, const incident_id& holder, const submission_batch& batch) { on_hand_back(holder, batch); },
      [this](idle_atom, const incident_id& id, std::uint64_t received) { on_idle(id, received); },
      [this](tick_atom) { sweep(); }};
}

void incident_registry_state::on_submit(const submission_batch& batch) {
  outbox out;
  for (auto& s : *batch.items) route(std::move(s), out);
  send(out);
  look_up();
  evaluate_apart();
}

void incident_registry_state::route(submission_ptr s, outbox& out) {
  if (std::holds_alternative<cmd::ingest_signal>(s->cmd.body) && s->cmd.incident_id.is_nil())
    return route_signal(std::move(s), out);
  const auto id = s->cmd.incident_id;
  if (logic::leaves_no_trace(s->cmd) && !incidents_.contains(id)) return apart_.add(std::move(s));
  out[id].items->push_back(std::move(s));
}

/// Somebody else's incidents, as a rule: where the store has nothing of them, no supervisor is needed to say what would be decided.
void incident_registry_state::evaluate_apart() {
  const auto asked = std::make_shared<std::vector<submission_ptr>>(apart_.next());
  if (asked->empty()) return;
  incident_list among;
  for (const auto& s : *asked) among.ids.push_back(s->cmd.incident_id);
  send_request(self_, house_.persistence, until_answered, find_logs_atom_v, std::move(among))
      .then([this, asked](const incident_list& held) { on_logs_found(*asked, held); },
            [this, asked](const caf::error& e) {
              refuse_all(*asked, from_caf(e));
              look_for_more_logs();
            });
}

void incident_registry_state::on_logs_found(std::vector<submission_ptr>& asked, const incident_list& held) {
  outbox out;
  const auto unknown = std::make_shared<std::vector<submission_ptr>>();
  for (auto& s : asked) {
    const auto id = s->cmd.incident_id;
    const bool known = std::ranges::find(held.ids, id) != held.ids.end();
    (known ? *out[id].items : *unknown).push_back(std::move(s));
  }
  send(out);
  look_for_more_logs();
  if (unknown->empty()) return;
  send_request(self_, house_.policies, until_answered, policies_atom_v)
      .then(
          [this, unknown](const policy_set_ptr& policies) {
            for (auto& s : *unknown) answer_apart(*s, *policies, *house_.env);
          },
          [unknown](const caf::error& e) { refuse_all(*unknown, from_caf(e)); });
}

void incident_registry_state::look_for_more_logs() {
  apart_.answered();
  evaluate_apart();
}

void incident_registry_state::route_signal(submission_ptr s, outbox& out) {
  const auto& fingerprint = std::get<cmd::ingest_signal>(s->cmd.body).fingerprint;
  if (const auto known = open_.find(fingerprint); known != open_.end()) {
    s->cmd.incident_id = known->second;
    out[known->second].items->push_back(std::move(s));
    return;
  }
  if (waiting_ >= limits::opening_waiters)
    return s->answer(fail(errc::overloaded, "too many new incidents are being opened; try again shortly"));
  ++waiting_;
  const auto [waiters, first] = looking_up_.try_emplace(fingerprint);
  if (first) to_look_up_.add(fingerprint);
  waiters->second.push_back(std::move(s));
}

void incident_registry_state::look_up() {
  const auto asked = std::make_shared<const std::vector<std::string>>(to_look_up_.next());
  if (asked->empty()) return;
  send_request(self_, house_.persistence, until_answered, find_fingerprints_atom_v, fingerprint_list{*asked})
      .then([this, asked](const fingerprint_lookups& got) { on_looked_up(asked, got); },
            [this, asked](const caf::error& e) {
              for (const auto& fingerprint : *asked) on_lookup_failed(fingerprint, from_caf(e));
              look_up_more();
            });
}

/// What opens is judged by today's policies, which are asked for once for all that open together.
void incident_registry_state::on_looked_up(const fingerprints& asked, const fingerprint_lookups& got) {
  const bool anything_opens =
      std::ranges::any_of(got.found, [](const auto& found) { return found && !is_open(*found); });
  if (!anything_opens) return settle(*asked, got, nullptr);
  send_request(self_, house_.policies, until_answered, policies_atom_v)
      .then([this, asked, got](const policy_set_ptr& policies) { settle(*asked, got, policies); },
            // Each incident asks again, and tells its callers what it hears.
            [this, asked, got](const caf::error&) { settle(*asked, got, nullptr); });
}

void incident_registry_state::settle(const std::vector<std::string>& asked, const fingerprint_lookups& got,
                                     const policy_set_ptr& policies) {
  IM_ASSERT(got.found.size() == asked.size());
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (const auto& found = got.found[i])
      on_found(asked[i], *found, policies);
    else
      on_lookup_failed(asked[i], found.error());
  }
  look_up_more();
}

void incident_registry_state::look_up_more() {
  to_look_up_.answered();
  look_up();
}

/// The signals that wait for this fingerprint, which the store was asked for.
std::vector<submission_ptr> incident_registry_state::take_waiters(const std::string& fingerprint) {
  auto asked = looking_up_.extract(fingerprint);
  IM_ASSERT(!asked.empty() && asked.mapped().size() <= waiting_);
  waiting_ -= asked.mapped().size();
  return std::move(asked.mapped());
}

void incident_registry_state::on_found(const std::string& fingerprint, const fingerprint_lookup& found,
                                       const policy_set_ptr& policies) {
  auto waiters = take_waiters(fingerprint);
  const bool goes_on = is_open(found);
  if (found.newest && !goes_on) ask_newest(*found.newest, waiters);
  if (waiters.empty()) return;
  // An alert that went away has nothing to open; its last incident, if any, may know it.
  const auto opens = std::ranges::any_of(
      waiters, [](const submission_ptr& s) { return !std::get<cmd::ingest_signal>(s->cmd.body).resolves; });
  if (!found.newest && !opens) {
    for (auto& s : waiters)
      s->answer(fail(errc::not_found, "no incident is known for this alert; there is nothing to resolve"));
    return;
  }
  const auto id = goes_on || !opens ? *found.newest : mint_incident_id(house_.env->clock.now(), fingerprint);
  auto* supervised = supervise(id, !goes_on && opens, policies);
  if (!supervised) return refuse_all(waiters, shard_full());
  if (goes_on || opens) point(fingerprint, id, *supervised);
  for (auto& s : waiters) {
    s->cmd.incident_id = id;
    if (!goes_on && found.newest) std::get<cmd::ingest_signal>(s->cmd.body).related = {*found.newest};
  }
  send(*supervised, {std::make_shared<std::vector<submission_ptr>>(std::move(waiters))});
}

/// Whether an alert that fires on is news is for its last incident to say; one that it has handed back opens another.
void incident_registry_state::ask_newest(incident_id newest, std::vector<submission_ptr>& waiters) {
  outbox out;
  std::vector<submission_ptr> rest;
  for (auto& s : waiters) {
    const auto& signal = std::get<cmd::ingest_signal>(s->cmd.body);
    const bool asks = signal.firing_since && !signal.resolves && s->attempts == 0;
    if (asks) s->cmd.incident_id = newest;
    (asks ? *out[newest].items : rest).push_back(std::move(s));
  }
  waiters = std::move(rest);
  send(out);
}

void incident_registry_state::on_lookup_failed(const std::string& fingerprint, const error& why) {
  auto waiters = take_waiters(fingerprint);
  refuse_all(waiters, why);
}

void incident_registry_state::on_hand_back(const incident_id& holder, const submission_batch& batch) {
  outbox out;
  for (auto& s : *batch.items) {
    const auto& fingerprint = std::get<cmd::ingest_signal>(s->cmd.body).fingerprint;
    const auto refused_by = s->cmd.incident_id;
    if (++s->attempts > limits::redecisions) {
      s->answer(fail(errc::overloaded, "too many incidents open and close for this alert at once; try again"));
      continue;
    }
    if (const auto known = open_.find(fingerprint); known != open_.end() && known->second == refused_by)
      open_.erase(known);
    s->cmd.incident_id = {};
    if (auto* known = holder.is_nil() ? nullptr : supervise(holder, false)) point(fingerprint, holder, *known);
    route_signal(std::move(s), out);
  }
  send(out);
  look_up();
}

void incident_registry_state::on_await(verdict_wait wait) {
  auto* found = supervise(wait.incident_id, false);
  if (!found) return wait.caller->answer(std::unexpected{shard_full()});
  use(*found);
  tell(found->supervisor, await_verdict_atom_v, std::move(wait));
}

caf::result<void> incident_registry_state::on_wake(const incident_id& id) {
  auto* found = supervise(id, false);
  if (!found) return to_caf(shard_full());
  use(*found);
  return delegate_to(self_, found->supervisor, wake_atom_v);
}

void incident_registry_state::send(outbox& out) {
  for (auto& [id, batch] : out) {
    if (auto* found = supervise(id, false))
      send(*found, std::move(batch));
    else
      refuse_all(*batch.items, shard_full());
  }
}

void incident_registry_state::send(entry& to, submission_batch batch) {
  use(to);
  tell(to.supervisor, submit_atom_v, std::move(batch));
}

incident_registry_state::entry* incident_registry_state::supervise(const incident_id& id, bool fresh,
                                                                   const policy_set_ptr& policies) {
  if (const auto known = incidents_.find(id); known != incidents_.end()) return &known->second;
  if (incidents_.size() >= house_.live_per_shard) {
    ask_longest_idle(limits::passivations_at_once);
    const auto grace = house_.live_per_shard * limits::live_incidents_grace_percent / 100 + 1;
    if (incidents_.size() >= house_.live_per_shard + grace) return nullptr;
  }
  auto supervisor = self_->home_system().spawn<incident_supervisor>(house_, registry_actor{self_}, id, fresh,
                                                                    fresh ? policies : nullptr);
  monitor_.watch(supervisor);
  by_address_.emplace(supervisor.address(), id);
  IM_ASSERT(by_use_.size() == incidents_.size());
  const auto place = by_use_.insert(by_use_.end(), id);
  return &incidents_.emplace(id, entry{supervisor, 0, {}, place, self_->clock().now()}).first->second;
}

/// A message is about to be sent to it.
void incident_registry_state::use(entry& known) {
  ++known.sent;
  known.used_at = self_->clock().now();
  by_use_.splice(by_use_.end(), by_use_, known.place);
}

// ---- Passivation: the registry asks, the supervisor says that it is idle, the registry lets it go

void incident_registry_state::sweep() {
  const auto unused_since = self_->clock().now() - house_.env->passivate_after;
  std::size_t long_unused = 0;
  for (auto id = by_use_.begin(); id != by_use_.end() && incidents_.at(*id).used_at <= unused_since; ++id)
    ++long_unused;
  ask_longest_idle(long_unused);
  send_to_self_after(self_, sweep_interval(house_.env->passivate_after), tick_atom_v);
}

/// Who is busy is asked again after all the others.
void incident_registry_state::ask_longest_idle(std::size_t count) {
  for (; count > 0 && !by_use_.empty(); --count) {
    IM_ASSERT(incidents_.contains(by_use_.front()));
    auto& known = incidents_.at(by_use_.front());
    tell(known.supervisor, idle_atom_v);
    known.used_at = self_->clock().now();
    by_use_.splice(by_use_.end(), by_use_, known.place);
  }
}

void incident_registry_state::point(const std::string& fingerprint, const incident_id& id, entry& known) {
  if (std::exchange(open_[fingerprint], id) != id) known.fingerprints.push_back(fingerprint);
}

/// Only when the supervisor has taken all that was sent, so that nothing is lost on the way.
void incident_registry_state::on_idle(const incident_id& id, std::uint64_t received) {
  const auto found = incidents_.find(id);
  if (found == incidents_.end() || found->second.sent != received) return;
  tell(found->second.supervisor, passivate_atom_v);
  house_.env->metrics.incidents_passivated.add();
  log::debug(log::event::incident_passivated, "idle", {{"incident_id", id}});
  forget(id);
}

void incident_registry_state::on_down(const caf::actor_addr& who) {
  const auto found = by_address_.find(who);
  if (found == by_address_.end()) return;  // passivated
  log::error(log::event::actor_failed, "a supervisor ended; its incident is folded anew from the log when it is needed",
             {{"incident_id", found->second}});
  forget(found->second);
}

void incident_registry_state::forget(incident_id id) {
  const auto found = incidents_.find(id);
  if (found == incidents_.end()) return;
  const auto gone = std::move(found->second);
  incidents_.erase(found);
  by_use_.erase(gone.place);
  by_address_.erase(gone.supervisor.address());
  for (const auto& fingerprint : gone.fingerprints)
    if (const auto known = open_.find(fingerprint); known != open_.end() && known->second == id) open_.erase(known);
}

}  // namespace im
