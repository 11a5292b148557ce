#include "tests/model/world.hpp"

#include <algorithm>
#include <map>

#include "actors/logic/recent_requests.hpp"
#include "tests/support/samples.hpp"

namespace im::test::model {

namespace {

constexpr std::size_t most_steps = 50'000;  ///< of one seed in any stretch of time; a quiet one needs some thousands

bool is_clear(const told& answer) {
  return !answer.refused || (*answer.refused != errc::store_unavailable && *answer.refused != errc::overloaded);
}

}  // namespace

world::world(std::uint64_t seed, int broken_law)
    : roll_{seed},
      time_{t0},
      net_{time_, roll_},
      store_{broken_law},
      work_{roll_},
      policies_{work_.policies()},
      audit_{policies_} {
  for (int i = 0, count = 2 + roll_.below(2); i < count; ++i) {
    auto& one = instances_.emplace_back(i, time_, net_, store_, policies_);
    one.set_clock(roll_.between(milliseconds{-1500}, milliseconds{1500}));
    one.keep_deadlines(roll_.between(seconds{5}, seconds{40}));
  }
  plan_errands();
  for (auto& one : instances_) plan_faults(one);
}

void world::plan_errands() {
  for (int i = 0, count = 15 + roll_.below(25); i < count; ++i) {
    const int gap = roll_.below(100);
    length_ += gap < 70   ? roll_.between(milliseconds{0}, seconds{3})
               : gap < 93 ? roll_.between(seconds{3}, seconds{60})
                          : roll_.between(seconds{60}, seconds{900});
    time_.after(length_, [this] {
      if (auto next = work_.next(store_.states(), time_.now())) send(errands_.emplace_back(std::move(*next)));
    });
  }
}

void world::plan_faults(instance& victim) {
  const auto once = [&](int percent, auto what) {
    if (roll_.chance(percent)) time_.after(roll_.between(milliseconds{0}, length_), what);
  };
  for (int i = 0; i < 3; ++i) once(40, [&victim] { victim.crash(); });
  for (int i = 0; i < 3; ++i) once(50, [&victim] { victim.passivate(); });
  once(30, [this] { net_.cut(roll_.between(seconds{1}, seconds{60})); });
  once(30, [this] { check_live(); });
  once(40, [this, &victim] {
    victim.set_clock(roll_.between(-seconds{900}, seconds{900}));
    time_.after(roll_.between(seconds{1}, seconds{300}), [&victim] { victim.set_clock(milliseconds{0}); });
  });
}

/// To one instance, sometimes to several at once; again while nobody answers clearly.
void world::send(errand& what) {
  ++what.tries;
  for (int copies = healed_ || roll_.chance(80) ? 1 : 3; copies > 0; --copies)
    deliver(what.cmd, any_instance(), [this, &what](const told& answer) { on_answer(what, answer); });
  time_.after(roll_.between(seconds{1}, seconds{40}), [this, &what] {
    if (!what.done && what.tries < 5 && !healed_) send(what);
  });
}

void world::deliver(const command& cmd, instance& to, std::function<void(const told&)> answered) {
  net_.carry([this, cmd, &to, answered = std::move(answered)] {
    to.submit({cmd, [this, answered](const told& answer) {
                 answers_.push_back(answer);
                 net_.carry([answered, answer] { answered(answer); });
               }});
  });
}

void world::on_answer(errand& what, const told& answer) { what.done = what.done || is_clear(answer); }

bool world::pass(milliseconds time) {
  if (time_.run_until(time_.now() + time, most_steps)) return true;
  audit_.report(rule::rest, "more than " + std::to_string(most_steps) + " steps");
  return false;
}

const std::vector<violation>& world::run() {
  if (!pass(length_ + seconds{1})) return audit_.found();
  heal();
  // Old messages arrive late, what is due is looked after, and whoever had no answer asks once more.
  if (!pass(seconds{100})) return audit_.found();
  for (auto& one : errands_)
    if (!one.done) send(one);
  const auto rested = time_.now();
  if (!pass(seconds{60})) return audit_.found();
  ask_again();
  for (auto& one : instances_) one.catch_up();
  if (!pass(seconds{2})) return audit_.found();
  check_live();
  for (const auto& event : store_.journal()) audit_.take(*event);
  audit_.end(rested);
  for (const auto& answer : answers_) check_answer(answer);
  return audit_.found();
}

void world::heal() {
  healed_ = true;
  net_.heal();
  for (auto& one : instances_) one.set_clock(milliseconds{0});
}

/// What was acknowledged is asked again of every instance, and must be told the same. Two things are left out, which a
/// supervisor that asks no store about what it refuses cannot know: a repeated "it is over", once a newer incident is the
/// fingerprint's, is told that nothing is left to do; and what is older than `recent_requests_per_incident` and would be
/// refused today is refused.
void world::ask_again() {
  std::map<incident_id, logic::recent_requests> recent;
  for (const auto& event : store_.journal()) recent[event->incident_id].add(logic::covered_by(*event));
  const auto is_remembered = [&](const request_id& request) {
    return std::ranges::any_of(
        recent, [&](const auto& entry) { return entry.second.find(derive_event_id(request)).has_value(); });
  };
  for (int i = 0; i < 4 && !errands_.empty(); ++i) {
    const auto& cmd = errands_[static_cast<std::size_t>(roll_.below(static_cast<int>(errands_.size())))].cmd;
    const auto* signal = std::get_if<cmd::ingest_signal>(&cmd.body);
    const bool was_acknowledged =
        std::ranges::any_of(answers_, [&](const told& a) { return a.request == cmd.context.request && a.persisted; });
    if (!was_acknowledged || (signal && signal->resolves) || !is_remembered(cmd.context.request)) continue;
    for (auto& one : instances_)
      deliver(cmd, one, [this](const told& answer) {
        if (!answer.persisted)
          audit_.report(rule::same_answer, answer.request + " was acknowledged before; now " +
                                               std::string{answer.refused ? to_string(*answer.refused) : "nothing"});
      });
  }
}

void world::check_answer(const told& answer) {
  const auto* event = audit_.covering(answer.request);
  if (!answer.persisted) return;
  if (!event) return audit_.report(rule::acknowledged, answer.request);
  if (answer.incident != event->incident_id || (answer.event && *answer.event != event->id))
    audit_.report(rule::same_answer, answer.request + " is " + place_of(*event));
}

/// An instance may be behind, but never beside the log.
void world::check_live() {
  for (const auto& one : instances_)
    for (const auto* live : one.live()) {
      incident_state folded;
      folded.record.id = live->record.id;
      for (const auto& event : store_.read_log(live->record.id, 0))
        if (event->sequence <= live->head()) apply(folded, *event);
      if (folded != *live)
        audit_.report(rule::same_fold, live->record.id.str() + " at " + std::to_string(live->head()));
    }
}

tally world::count() const {
  tally sum;
  sum.events = store_.journal().size();
  sum.incidents = store_.states().size();
  sum.acknowledged = static_cast<std::size_t>(std::ranges::count(answers_, true, &told::persisted));
  for (const auto& one : instances_) sum.lost_races += one.lost_races();
  for (const auto& event : store_.journal()) {
    if (!event->request_ids.empty() && event->request_ids.front().starts_with("due:")) ++sum.fired;
    if (const auto* opened = std::get_if<fact::gate_opened>(&event->fact.value)) {
      sum.kept_votes_counted += opened->gate->votes.size();
      ++sum.verdicts[opened->gate->status];
    } else if (const auto* changed = std::get_if<fact::gate_changed>(&event->fact.value)) {
      ++sum.verdicts[changed->status];
    } else if (const auto* change = std::get_if<fact::incident_changed>(&event->fact.value)) {
      sum.resumed += change->resumed_by ? 1 : 0;
    }
  }
  return sum;
}

tally& tally::operator+=(const tally& other) {
  events += other.events;
  lost_races += other.lost_races;
  incidents += other.incidents;
  acknowledged += other.acknowledged;
  fired += other.fired;
  for (const auto& [status, count] : other.verdicts) verdicts[status] += count;
  resumed += other.resumed;
  kept_votes_counted += other.kept_votes_counted;
  return *this;
}

}  // namespace im::test::model
