#include "actors/logic/commit.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "messages/chain.hpp"
#include "messages/hash.hpp"
#include "messages/limits.hpp"

namespace im::logic {

namespace {

/// Whether a signal changes nothing but the count of its open incident.
bool only_counts(const incident_state& state, const cmd::ingest_signal& signal) {
  const auto& suggested = signal.payload.suggested_severity;
  return state.opened && is_open(state.record.status) && !signal.resolves &&
         !(suggested && more_severe(*suggested, state.record.severity));
}

class planner {
public:
  planner(const incident_state& state, const decision_context& context) : context_{context} { plan_.after = state; }

  void take(const command& c) {
    if (const auto* covered = find_covered(c)) return replay(*covered);
    const auto* signal = std::get_if<cmd::ingest_signal>(&c.body);
    if (signal && !c.context.dry_run && absorbs() && only_counts(plan_.after, *signal)) return absorb(c, *signal);
    decide_one(c);
  }

  [[nodiscard]] bool full() const {
    return plan_.answers.size() >= limits::commands_per_commit || plan_.events.size() >= limits::events_per_commit;
  }
  /// Events stay open until now, since a later signal may be absorbed; what is sealed here is final.
  [[nodiscard]] commit_plan finish(std::string head_hash) {
    for (auto& event : plan_.events) {
      seal(event, head_hash);
      head_hash = event.hash;
    }
    plan_.after.head_hash = std::move(head_hash);
    return std::move(plan_);
  }

private:
  [[nodiscard]] const covered_request* find_covered(const command& c) const {
    if (c.context.dry_run || c.context.request.empty()) return nullptr;
    if (const auto here = covered_here_.find(c.context.request); here != covered_here_.end()) return &here->second;
    const auto& recent = plan_.after.recent_requests;
    const auto found = std::ranges::find(recent, c.context.request, &covered_request::request);
    return found == recent.end() ? nullptr : &*found;
  }

  void replay(const covered_request& covered) {
    plan_.answers.push_back({answer::replay{covered}, disposition::duplicate, {}});
  }

  /// Whether the last planned event may cover one more signal.
  [[nodiscard]] bool absorbs() const {
    return !plan_.events.empty() && std::holds_alternative<fact::signals_attached>(plan_.events.back().fact.value);
  }

  void absorb(const command& c, const cmd::ingest_signal& signal) {
    auto& event = plan_.events.back();
    auto& attached = std::get<fact::signals_attached>(event.fact.value);
    ++attached.count;
    attached.last_signal_at = std::max(attached.last_signal_at, signal.timestamp);
    event.request_ids.push_back(c.context.request);
    // The inputs of a burst are the list of its inputs; its hash is the hash over theirs.
    event.inputs_hash = sha256_hex(event.inputs_hash + c.context.inputs_hash);
    // What `apply` would have done for this one signal.
    ++plan_.after.record.event_count;
    remember({c.context.request, event.id, event.sequence, disposition::attached});
    plan_.answers.push_back({answer::recorded{plan_.events.size() - 1, {}}, disposition::attached, {}});
  }

  void remember(covered_request covered) {
    auto& recent = plan_.after.recent_requests;
    recent.push_back(covered);
    if (recent.size() > limits::recent_requests_per_incident) recent.erase(recent.begin());
    covered_here_.emplace(covered.request, std::move(covered));
  }

  void decide_one(const command& c) {
    auto decided = decide(plan_.after, c, context_);
    if (!decided) {
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

  void append(std::vector<decision_event> events) {
    for (auto& event : events) {
      event.sequence = plan_.after.head() + 1;
      apply(plan_.after, event);
      for (const auto& request : event.request_ids)
        covered_here_.emplace(request, covered_request{request, event.id, event.sequence, {}});
      plan_.events.push_back(std::move(event));
    }
  }

  const decision_context& context_;
  commit_plan plan_;
  std::unordered_map<request_id, covered_request> covered_here_;
};

}  // namespace

commit_plan plan_commit(const incident_state& state, std::span<const command* const> commands,
                        const decision_context& context) {
  planner p{state, context};
  for (const auto* c : commands) {
    p.take(*c);
    if (p.full()) break;
  }
  return p.finish(state.head_hash);
}

}  // namespace im::logic
