#include "tests/model/instance.hpp"

#include <algorithm>
#include <ranges>
#include "messages/limits.hpp"

namespace im::test::model {

namespace {

constexpr int write_attempts = 3;

bool is_clocks(const any_command& body) {
  return std::holds_alternative<cmd::evaluation_due>(body) || std::holds_alternative<cmd::approval_due>(body);
}

bool opens_gate(const any_command& body, const request_id& covered) {
  const auto* request = std::get_if<cmd::request_approval>(&body);
  return request && request->id && logic::gate_request_id(*request->id) == covered;
}

const cmd::ingest_signal& signal_in(const caller& from) { return std::get<cmd::ingest_signal>(from.cmd.body); }

void refuse(caller& from, errc why, const incident_id& where) {
  from.answer({from.cmd.context.request, where, {}, false, why});
}

}  // namespace

instance::instance(int number, timeline& time, network& net, model_store& store, const policy_set& policies)
    : time_{time},
      net_{net},
      store_{store},
      policies_{policies},
      who_{"1.0.0", "instance-" + std::to_string(number), environment::development} {}

template <class Then>
auto instance::later(const supervisor& s, Then then) {
  return [this, life = life_, id = s.state.record.id, serial = s.serial, then]<class... Ts>(Ts&&... with) {
    if (life != life_) return;
    const auto found = incidents_.find(id);
    if (found != incidents_.end() && found->second.serial == serial) then(found->second, std::forward<Ts>(with)...);
  };
}

void instance::crash() {
  ++life_;
  incidents_.clear();
  open_.clear();
  looking_up_.clear();
}

void instance::passivate() {
  std::erase_if(incidents_, [&](auto& entry) {
    auto& [id, s] = entry;
    if (s.at != phase::idle || !s.queue.empty()) return false;
    std::erase_if(open_, [&](const auto& known) { return known.second == id; });
    return true;
  });
}

void instance::keep_deadlines(milliseconds every) {
  time_.after(every, [this, every] {
    net_.ask(
        limits::load_timeout, [this, at = now()] { return store_.due(at); },
        [this, life = life_](const auto& ids) {
          if (ids && life == life_)
            for (const auto& id : *ids) wake(id);
        });
    keep_deadlines(every);
  });
}

void instance::catch_up() {
  for (auto& [id, s] : incidents_)
    if (s.at == phase::idle) {
      s.needs_load = true;
      pump(s);
    }
}

std::vector<const incident_state*> instance::live() const {
  std::vector<const incident_state*> states;
  for (const auto& [id, s] : incidents_)
    if (!s.needs_load && s.at == phase::idle) states.push_back(&s.state);
  return states;
}

// ---- The registry

void instance::submit(caller from) {
  if (std::holds_alternative<cmd::ingest_signal>(from.cmd.body) && from.cmd.incident_id.is_nil())
    return route_signal(std::move(from));
  auto& s = supervise(from.cmd.incident_id, false);
  s.queue.push_back(std::move(from));
  pump(s);
}

void instance::route_signal(caller from) {
  const auto fingerprint = signal_in(from).fingerprint;
  if (const auto known = open_.find(fingerprint); known != open_.end()) {
    from.cmd.incident_id = known->second;
    return submit(std::move(from));
  }
  const auto [waiters, first] = looking_up_.try_emplace(fingerprint);
  waiters->second.push_back(std::move(from));
  if (!first) return;
  net_.ask(
      limits::load_timeout, [this, fingerprint] { return store_.find(fingerprint); },
      [this, fingerprint, life = life_](const auto& found) {
        if (life == life_) on_found(fingerprint, found);
      });
}

void instance::on_found(const std::string& fingerprint, const std::optional<fingerprint_lookup>& found) {
  auto waiters = std::move(looking_up_.extract(fingerprint).mapped());
  const bool open = found && found->newest && found->open;
  const bool opens = std::ranges::any_of(waiters, [](const caller& c) { return !signal_in(c).resolves; });
  if (!found || (!found->newest && !opens)) {
    for (auto& c : waiters) refuse(c, found ? errc::not_found : errc::store_unavailable, {});
    return;
  }
  const auto id = open || !opens ? *found->newest : mint_incident_id(now(), fingerprint);
  auto& s = supervise(id, !open && opens);
  if (open || opens) open_[fingerprint] = id;
  for (auto& c : waiters) {
    c.cmd.incident_id = id;
    s.queue.push_back(std::move(c));
  }
  pump(s);
}

void instance::hand_back(const incident_id& holder, std::vector<caller> signals) {
  for (auto& c : signals) {
    const auto refused_by = c.cmd.incident_id;
    if (++c.attempts > limits::redecisions) {
      refuse(c, errc::overloaded, refused_by);
      continue;
    }
    const auto& fingerprint = signal_in(c).fingerprint;
    if (const auto known = open_.find(fingerprint); known != open_.end() && known->second == refused_by)
      open_.erase(known);
    c.cmd.incident_id = {};
    if (!holder.is_nil()) {
      supervise(holder, false);
      open_[fingerprint] = holder;
    }
    route_signal(std::move(c));
  }
}

instance::supervisor& instance::supervise(const incident_id& id, bool fresh) {
  auto [found, added] = incidents_.try_emplace(id);
  if (added) {
    found->second.state.record.id = id;
    found->second.serial = ++serial_;
    found->second.needs_load = !fresh;
  }
  return found->second;
}

void instance::wake(const incident_id& id) {
  auto& s = supervise(id, false);
  if (!s.needs_load && s.at == phase::idle && s.queue.empty()) return on_timer(s);
  pump(s);
}

// ---- The supervisor

void instance::pump(supervisor& s) {
  if (s.at != phase::idle) return;
  if (s.needs_load) return load(s);
  if (!s.queue.empty()) commit(s);
}

void instance::load(supervisor& s) {
  s.at = phase::loading;
  net_.ask(
      limits::load_timeout,
      [this, id = s.state.record.id, after = s.state.head()] { return store_.read_log(id, after); },
      later(s, [this](supervisor& here, const std::optional<std::vector<event_ptr>>& page) {
        here.at = phase::idle;
        if (!page) return load_failed(here);
        for (const auto& event : *page)
          if (event->sequence == here.state.head() + 1) {
            apply(here.state, *event);
            here.recent.add(logic::covered_by(*event));
          }
        here.needs_load = false;
        arm(here);
        pump(here);
      }));
}

void instance::load_failed(supervisor& s) {
  for (auto& c : std::exchange(s.queue, {})) refuse(c, errc::store_unavailable, s.state.record.id);
  look_again_later(s);
}

void instance::commit(supervisor& s) {
  std::vector<const command*> commands;
  for (const auto& c : s.queue) commands.push_back(&c.cmd);
  s.plan = logic::plan_commit(s.state, s.recent, commands, {policies_, who_, now()});
  const auto taken = static_cast<std::ptrdiff_t>(s.plan.answers.size());
  s.callers.assign(std::move_iterator{s.queue.begin()}, std::move_iterator{s.queue.begin() + taken});
  s.queue.erase(s.queue.begin(), s.queue.begin() + taken);
  s.events.clear();
  for (auto& event : s.plan.events) s.events.push_back(std::make_shared<const decision_event>(std::move(event)));
  if (s.events.empty()) return committed(s);
  s.at = phase::writing;
  write(s, 1);
}

/// The persistence actor repeats a write that nobody confirmed; then it gives up, and nobody knows.
void instance::write(supervisor& s, int attempt) {
  net_.ask(
      seconds{5}, [this, batch = event_batch{s.state.record.id, s.events}] { return store_.append(batch); },
      later(s, [this, attempt](supervisor& here, const std::optional<write_outcome>& outcome) {
        if (outcome) return on_written(here, *outcome);
        if (attempt < write_attempts) return write(here, attempt + 1);
        write_failed(here);
      }));
}

void instance::on_written(supervisor& s, const write_outcome& outcome) {
  s.at = phase::idle;
  switch (outcome.what) {
    case write_outcome::kind::committed: return committed(s);
    case write_outcome::kind::fingerprint_taken: return give_up_fingerprint(s, outcome.open_incident.value());
    case write_outcome::kind::covered: return drop_covered(s, outcome.covered.value());
    case write_outcome::kind::sequence_taken: ++lost_races_;
  }
  requeue(s);
  s.needs_load = true;
  pump(s);
}

void instance::write_failed(supervisor& s) {
  s.at = phase::idle;
  s.needs_load = true;
  for (auto& c : std::exchange(s.callers, {})) refuse(c, errc::store_unavailable, s.state.record.id);
  look_again_later(s);
  if (!s.queue.empty()) pump(s);
}

void instance::committed(supervisor& s) {
  s.state = std::move(s.plan.after);
  s.recent.add(s.plan.covers);
  const auto answers = std::move(s.plan.answers);
  const auto events = std::exchange(s.events, {});
  auto callers = std::exchange(s.callers, {});
  for (std::size_t i = 0; i < callers.size(); ++i) finish(s, std::move(callers[i]), answers[i], events);
  arm(s);
  pump(s);
}

void instance::requeue(supervisor& s) {
  for (auto& c : s.callers | std::views::reverse) {
    if (++c.attempts > limits::redecisions)
      refuse(c, errc::overloaded, s.state.record.id);
    else
      s.queue.push_front(std::move(c));
  }
  s.callers.clear();
}

void instance::give_up_fingerprint(supervisor& s, const incident_id& holder) {
  std::vector<caller> signals;
  std::vector<caller> rest;
  for (auto& c : s.callers) {
    const auto* change = std::get_if<cmd::change_incident>(&c.cmd.body);
    if (std::holds_alternative<cmd::ingest_signal>(c.cmd.body) && !s.state.opened)
      signals.push_back(std::move(c));
    else if (change && change->change == change_kind::reopen)
      refuse(c, errc::conflict, s.state.record.id);
    else
      rest.push_back(std::move(c));
  }
  s.callers = std::move(rest);
  requeue(s);
  s.needs_load = true;
  // In the registry's next turn, as a message would.
  time_.after(milliseconds{0}, [this, life = life_, holder, signals = std::move(signals)] {
    if (life == life_) hand_back(holder, signals);
  });
  pump(s);
}

void instance::drop_covered(supervisor& s, const covered_elsewhere& covered) {
  std::vector<caller> rest;
  const auto all = s.callers.size();
  for (auto& c : std::exchange(s.callers, {})) {
    if (c.cmd.context.request == covered.request)
      replay(std::move(c), covered.event_id, covered.incident_id);
    else if (opens_gate(c.cmd.body, covered.request))
      refuse(c, errc::conflict, s.state.record.id);
    else
      rest.push_back(std::move(c));
  }
  s.callers = std::move(rest);
  if (s.callers.size() < all)
    for (auto& c : s.callers) --c.attempts;
  requeue(s);
  s.needs_load = true;
  pump(s);
}

void instance::finish(supervisor& s, caller from, const logic::planned& planned, const std::vector<event_ptr>& events) {
  const auto& id = s.state.record.id;
  if (const auto* e = std::get_if<error>(&planned.what)) {
    if (is_clocks(from.cmd.body)) look_again_later(s);
    return refuse(from, e->code, id);
  }
  if (const auto* recorded = std::get_if<logic::answer::recorded>(&planned.what)) {
    if (recorded->refusal) return refuse(from, recorded->refusal->code, id);
    return from.answer({from.cmd.context.request, id, events.at(recorded->index)->id, true, {}});
  }
  if (const auto* again = std::get_if<logic::answer::replay>(&planned.what))
    return replay(std::move(from), again->first, id);
  if (std::holds_alternative<logic::answer::hand_back>(planned.what)) {
    time_.after(milliseconds{0}, [this, life = life_, from = std::move(from)] {
      if (life == life_) hand_back({}, {from});
    });
    return;
  }
  from.answer({from.cmd.context.request, id, {}, false, {}});
}

void instance::replay(caller from, const event_id& first, const incident_id& where) {
  if (!from.cmd.context.event_on_replay) return from.answer({from.cmd.context.request, where, {}, true, {}});
  net_.ask(
      limits::load_timeout, [this, first] { return store_.read_event(first); },
      [from, where, life = life_, this](const std::optional<event_ptr>& event) mutable {
        if (life != life_) return;
        if (!event || !*event) return refuse(from, errc::store_unavailable, where);
        if (std::holds_alternative<fact::vote_refused>((*event)->fact.value))
          return refuse(from, errc::forbidden, where);
        from.answer({from.cmd.context.request, where, (*event)->id, true, {}});
      });
}

// ---- The clock

/// What the children do: a timer for the next deadline, after every change of the state.
void instance::arm(supervisor& s) {
  const auto timer = ++s.timer;
  const auto next = next_deadline(s.state);
  if (!next || s.retry_armed) return;
  time_.after(next->due_at - now(), later(s, [this, timer](supervisor& here) {
                if (here.timer == timer) on_timer(here);
              }));
}

void instance::on_timer(supervisor& s) {
  if (s.retry_armed) return;
  bool any = false;
  for (const auto& due : deadlines_of(s.state)) {
    if (due.due_at > now()) continue;
    any = true;
    s.queue.push_back({logic::due_command(s.state, due), [](const told&) {}});
  }
  if (!any) return arm(s);  // the clock was set back
  pump(s);
}

void instance::look_again_later(supervisor& s) {
  if (std::exchange(s.retry_armed, true)) return;
  time_.after(limits::deadline_poll, later(s, [this](supervisor& here) {
                here.retry_armed = false;
                if (!here.needs_load) arm(here);
                pump(here);
              }));
}

}  // namespace im::test::model
