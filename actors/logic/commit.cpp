#include "actors/logic/commit.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "messages/assert.hpp"
#include "messages/chain.hpp"
#include "messages/hash.hpp"
#include "messages/limits.hpp"

namespace im::logic {

namespace {

/// Whether a signal changes nothing but the count of its open incident.
bool only_counts(const incident_state& state, const cmd::ingest_signal& signal) {
  const auto& suggested = signal.payload.suggested_severity;
  return state.opened && is_open(state.record.status) && !signal.resolves && !is_known_firing(state, signal) &&
         !(suggested && more_severe(*suggested, state.record.severity));
}

class planner {
public:
  planner(const incident_state& state, const recent_requests& recent, const decision_context& context)
      : before_{state}, recent_{recent}, context_{context}, plan_{{}, state, {}, {}} {}

  void take(const command& c) {
    const auto request = effect_of(c);
    if (const auto first = request ? find_covered(*request) : std::nullopt) {
      plan_.answers.push_back({answer::replay{*first}, disposition::duplicate, {}});
      return;
    }
    const auto* signal = std::get_if<cmd::ingest_signal>(&c.body);
    if (signal && request && absorbs() && only_counts(plan_.after, *signal)) return absorb(c, *signal, *request);
    decide_one(c);
  }

  [[nodiscard]] bool full() const {
    return plan_.answers.size() >= limits::commands_per_commit || plan_.events.size() >= limits::events_per_commit;
  }
  /// Events stay open until now, since a later signal may be absorbed; what is sealed here is final.
  [[nodiscard]] commit_plan finish(std::string head_hash) {
    seal_burst();
    auto sequence = before_.head();
    for (auto& event : plan_.events) {
      ++sequence;
      IM_ASSERT(event.sequence == sequence);
      seal(event, head_hash);
      head_hash = event.hash;
    }
    IM_ASSERT(plan_.after.head() == sequence);
    plan_.after.head_hash = std::move(head_hash);
    return std::move(plan_);
  }

private:
  /// The id of the event that takes effect for this request; none for what is only tried.
  [[nodiscard]] static std::optional<event_id> effect_of(const command& c) {
    if (c.context.dry_run || c.context.request.empty()) return std::nullopt;
    return derive_event_id(c.context.request);
  }

  [[nodiscard]] std::optional<event_id> find_covered(const event_id& request) const {
    const auto here = std::ranges::find(plan_.covers, request, &covered_request::request);
    return here != plan_.covers.end() ? here->first : recent_.find(request);
  }

  /// Whether the last planned event may cover one more signal.
  [[nodiscard]] bool absorbs() const {
    return !plan_.events.empty() && std::holds_alternative<fact::signals_attached>(plan_.events.back().fact.value);
  }

  void absorb(const command& c, const cmd::ingest_signal& signal, const event_id& request) {
    IM_ASSERT(absorbs());
    auto& event = plan_.events.back();
    auto& attached = std::get<fact::signals_attached>(event.fact.value);
    ++attached.count;
    attached.last_signal_at = std::max(attached.last_signal_at, signal.timestamp);
    attached.firing_since = std::max(attached.firing_since, signal.firing_since);
    event.request_ids.push_back(c.context.request);
    if (burst_inputs_.empty()) burst_inputs_ = event.inputs_hash;
    burst_inputs_ += c.context.inputs_hash;
    // What `apply` would have done for this one signal.
    ++plan_.after.record.event_count;
    plan_.after.newest_firing = std::max(plan_.after.newest_firing, signal.firing_since);
    plan_.covers.push_back({request, event.id});
    plan_.answers.push_back({answer::recorded{plan_.events.size() - 1, {}}, disposition::attached, {}});
  }

  /// The inputs of a burst are the list of its inputs; its hash is the hash over theirs.
  void seal_burst() {
    if (burst_inputs_.empty()) return;
    IM_ASSERT(absorbs());
    plan_.events.back().inputs_hash = sha256_hex(burst_inputs_);
    burst_inputs_.clear();
  }

  void decide_one(const command& c) {
    auto decided = c.context.dry_run ? decide_aside(c) : decide(plan_.after, c, context_);
    if (!decided) {
      if (plan_.after.head() != before_.head() + plan_.events.size()) fold_anew();
      plan_.answers.push_back({std::move(decided.error()), {}, {}});
      return;
    }
    planned p{answer::hand_back{}, decided->disposition, std::move(decided->warnings)};
    if (decided->write_postmortem)
      p.what = answer::write_postmortem{*decided->write_postmortem};
    else if (!decided->hand_back && (c.context.dry_run || decided->events.empty()))
      p.what = answer::unrecorded{decided->answer() ? std::make_shared<decision_event>(*decided->answer()) : nullptr};
    else if (!decided->hand_back)
      p.what = answer::recorded{plan_.events.size(), std::move(decided->refusal)};
    if (!c.context.dry_run) append(std::move(decided->events));
    plan_.answers.push_back(std::move(p));
  }

  [[nodiscard]] result<decision> decide_aside(const command& c) const {
    auto state = plan_.after;
    return decide(state, c, context_);
  }

  /// A command was refused after it had taken the state on: back to where the events lead.
  void fold_anew() {
    plan_.after = before_;
    for (const auto& event : plan_.events) apply(plan_.after, event);
  }

  /// The state has been taken on by them already.
  void append(std::vector<decision_event> events) {
    if (events.empty()) return;
    seal_burst();
    for (const auto& event : events) std::ranges::copy(covered_by(event), std::back_inserter(plan_.covers));
    if (plan_.events.empty())
      plan_.events = std::move(events);
    else
      std::ranges::move(events, std::back_inserter(plan_.events));
  }

  const incident_state& before_;
  const recent_requests& recent_;
  const decision_context& context_;
  commit_plan plan_;
  std::string burst_inputs_;  ///< the hashes of its inputs, of the last planned event if that covers many signals
};

}  // namespace

commit_plan plan_commit(const incident_state& state, const recent_requests& recent,
                        std::span<const command* const> commands, const decision_context& context) {
  planner p{state, recent, context};
  for (const auto* c : commands) {
    p.take(*c);
    if (p.full()) break;
  }
  return p.finish(state.head_hash);
}

}  // namespace im::logic
