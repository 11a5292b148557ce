#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <utility>

#include "actors/logic/postmortem.hpp"
#include "actors/logic/postmortem_notes.hpp"
#include "actors/logic/words.hpp"
#include "messages/assert.hpp"
#include "messages/limits.hpp"

namespace im::logic {

namespace {

std::string with_comment(std::string text, std::string_view comment) {
  if (comment.empty()) return text;
  return text + ": " + shortened(comment, limits::title_chars);
}

timeline_type type_of(change_kind change) {
  switch (change) {
    case change_kind::acknowledge: return timeline_type::acknowledgment;
    case change_kind::start: return timeline_type::investigation;
    case change_kind::escalate: return timeline_type::escalation;
    case change_kind::resolve: return timeline_type::resolution;
    case change_kind::comment: return timeline_type::communication;
    case change_kind::assign:
    case change_kind::close:
    case change_kind::reopen:
    case change_kind::update: return timeline_type::decision;
  }
  return timeline_type::decision;
}

std::string told(const fact::incident_changed& f) {
  switch (f.change) {
    case change_kind::acknowledge: return with_comment("acknowledged", f.comment);
    case change_kind::assign:
      return with_comment(say("assigned to ", f.assigned_to ? *f.assigned_to : f.assigned_team.value_or("unknown")),
                          f.comment);
    case change_kind::start: return with_comment("work began", f.comment);
    case change_kind::escalate:
      if (f.resumed_by)
        return say("escalated to ", f.severity.value_or(severity::p0)) + ", as approved in " + f.resumed_by->str();
      return with_comment(f.severity ? say("escalated by hand to ", *f.severity) : "escalated by hand", f.comment);
    case change_kind::resolve:
      return with_comment("resolved", f.resolution && !f.resolution->resolution_notes.empty()
                                          ? f.resolution->resolution_notes
                                          : f.comment);
    case change_kind::close: return with_comment("closed", f.comment);
    case change_kind::reopen: return with_comment("reopened", f.comment);
    case change_kind::comment: return shortened(f.comment, limits::title_chars);
    case change_kind::update: return with_comment("details updated", f.comment);
  }
  return {};
}

/// Whether an approval of this kind lets somebody change the system that is broken.
bool is_remedy(approval_action action) {
  return action == approval_action::remediation || action == approval_action::rollback ||
         action == approval_action::deployment;
}

/// The first and the newest half of what is too long to be read.
template <class T>
class both_ends {
public:
  T& add(T value) {
    ++count_;
    if (first_.size() < half) return first_.emplace_back(std::move(value));
    if (last_.size() == half) last_.pop_front();
    return last_.emplace_back(std::move(value));
  }
  [[nodiscard]] T& newest() {
    IM_ASSERT(count_ > 0);
    return last_.empty() ? first_.back() : last_.back();
  }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t held() const { return first_.size() + last_.size(); }
  [[nodiscard]] std::size_t left_out() const { return count_ - held(); }
  /// Where the newest half begins, in what `take` gives.
  [[nodiscard]] std::size_t gap() const { return first_.size(); }
  [[nodiscard]] std::vector<T> take() {
    std::ranges::move(last_, std::back_inserter(first_));
    last_.clear();
    return std::move(first_);
  }

private:
  static constexpr std::size_t half = limits::timeline_entries / 2;

  std::vector<T> first_;
  std::deque<T> last_;
  std::size_t count_ = 0;
};

template <class T>
std::optional<T> unless_empty(const T& value) {
  return value.empty() ? std::nullopt : std::optional{value};
}

}  // namespace

/// Turns a log into what people would tell of it. Runs of attached signals, and of evaluations that changed nothing,
/// become one entry.
class postmortem_story::teller {
public:
  void tell(const decision_event& event) {
    event_ = &event;
    std::visit(*this, event.fact.value);
  }
  [[nodiscard]] std::vector<timeline_entry> take_timeline();
  [[nodiscard]] std::vector<escalation_history_entry> take_history();
  [[nodiscard]] int max_level() const { return max_level_; }
  [[nodiscard]] std::size_t held() const {
    return entries_.held() + history_.held() + first_rises_.size() + gates_.size();
  }

  void operator()(const fact::noted&) {}
  void operator()(const fact::postmortem_written&) {}
  void operator()(const fact::postmortem_published&) {}

  void operator()(const fact::incident_opened& f) {
    severity_ = f.record.severity;
    level_ = f.record.escalation_level;
    auto& entry = add(timeline_type::detection,
                      say("detected by ", f.record.source, " as ", f.record.severity, ": ", f.record.title),
                      f.record.source, actor_type::agent);
    if (f.record.metrics.mttd)
      entry.annotation = say("opened ", shown_duration(*f.record.metrics.mttd), " after the signal's own time");
  }

  void operator()(const fact::signals_attached& f) {
    const bool goes_on = run_ == run::signals;
    run_count_ = (goes_on ? run_count_ : 0) + f.count;
    auto& entry = goes_on ? entries_.newest() : add(timeline_type::detection, {}, event_->agent_id, actor_type::agent);
    entry.description = say(counted(run_count_, "further signal"), " of the same kind");
    if (goes_on) entry.annotation = say("the last at ", f.last_signal_at);
    run_ = run::signals;
  }

  void operator()(const fact::incident_changed& f) {
    auto& entry = add(type_of(f.change), told(f), f.actor, f.actor_type);
    if (f.change == change_kind::reopen) entry.annotation = std::string{notes::reopened};
    if (f.change == change_kind::escalate || f.severity || f.escalation_level)
      remember(f.severity, f.escalation_level, f.comment, f.actor);
  }

  void operator()(const fact::escalation_evaluated& f) {
    tell_breaches(f);
    if (f.applied) {
      add(timeline_type::escalation,
          say(f.decision, "d from ", f.from_severity, " to ", f.to_severity, ", level ", f.from_level, " to ",
              f.to_level),
          f.actor, actor_type::agent);
      remember(f.to_severity, f.to_level, to_string(f.decision), f.actor);
    } else if (f.suspended_on) {
      add(timeline_type::decision, say("the escalation to ", f.to_severity, " waits for approval"), f.actor,
          actor_type::agent);
    } else {
      tell_unchanged(f);
    }
  }

  void operator()(const fact::gate_opened& f) {
    const auto& request = f.gate->request;
    add(timeline_type::decision,
        with_comment(say("approval requested for ", request.action_type), request.action_description),
        request.requester_id, request.requester_type);
    for (const auto& vote : f.gate->votes) tell_vote(request, vote);
    if (f.gate->status != approval_status::pending) tell_verdict(request, f.gate->status, f.gate->decided_reason);
    if (!is_terminal(f.gate->status)) gates_.insert_or_assign(request.id, open_gate{request, f.gate->status});
  }

  void operator()(const fact::gate_changed& f) {
    const auto known = gates_.find(f.request_id);
    const auto gate = known == gates_.end() ? open_gate{} : known->second;
    if (f.vote) tell_vote(gate.request, *f.vote);
    if (f.status != gate.status)
      tell_verdict(gate.request, f.status, f.reason);
    else if (f.approval_deadline)
      add(timeline_type::notification, say("approval of ", gate.request.action_type, ": ", f.reason), event_->agent_id,
          actor_type::agent);
    if (known == gates_.end()) return;
    known->second.status = f.status;
    if (is_terminal(f.status)) gates_.erase(known);
  }

  void operator()(const fact::vote_refused& f) {
    add(timeline_type::decision, with_comment("a vote was refused", f.reason), f.approver_id, actor_type::user);
  }

  void operator()(const fact::vote_kept& f) {
    add(timeline_type::decision, "voted before the request had come", f.vote.approver_id, actor_type::user);
  }

private:
  enum class run { none, signals, evaluations };

  struct open_gate {
    approval_request request;
    approval_status status = approval_status::pending;
  };
  /// The first rise to a severity, and where it stands in the history.
  struct first_rise {
    std::size_t place = 0;
    escalation_history_entry entry;
  };

  timeline_entry& add(timeline_type type, std::string description, std::string actor, im::actor_type actor_type) {
    run_ = run::none;
    return entries_.add({event_->timestamp,
                         type,
                         shortened(description, limits::timeline_text_bytes),
                         std::move(actor),
                         actor_type,
                         {},
                         {}});
  }

  void tell_unchanged(const fact::escalation_evaluated& f) {
    const bool goes_on = run_ == run::evaluations;
    run_count_ = (goes_on ? run_count_ : 0) + 1;
    auto& entry = goes_on ? entries_.newest() : add(timeline_type::decision, {}, f.actor, actor_type::agent);
    entry.description = say("evaluated ", counted(run_count_, "time"), ": no change at ", f.to_severity);
    if (goes_on) entry.annotation = say("the last at ", event_->timestamp);
    run_ = run::evaluations;
  }

  void tell_breaches(const fact::escalation_evaluated& f) {
    if (f.acknowledgment_breached && !std::exchange(acknowledgment_breached_, true))
      add(timeline_type::notification, "the acknowledgment deadline passed", event_->agent_id, actor_type::agent);
    if (f.resolution_breached && !std::exchange(resolution_breached_, true))
      add(timeline_type::notification, "the resolution deadline passed", event_->agent_id, actor_type::agent);
  }

  void tell_vote(const approval_request& request, const approval_record& vote) {
    add(timeline_type::decision,
        with_comment(say(vote.decision, " ", request.action_type, " as ", vote.approver_type), vote.rationale),
        vote.approver_id, actor_type::user);
  }

  void tell_verdict(const approval_request& request, approval_status status, const std::string& reason) {
    const bool remedy = status == approval_status::approved && is_remedy(request.action_type);
    const auto type = remedy                                 ? timeline_type::remediation
                      : status == approval_status::escalated ? timeline_type::escalation
                                                             : timeline_type::decision;
    auto& entry = add(
        type,
        with_comment(say("approval of ", request.action_type, " on ", request.parameters.target, " ", status), reason),
        event_->agent_id, actor_type::agent);
    if (status == approval_status::approved)
      entry.annotation =
          say(notes::quorum_reached, shown_duration(seconds_between(request.requested_at, event_->timestamp)));
    if (status == approval_status::expired) entry.annotation = std::string{notes::approval_expired};
  }

  void remember(std::optional<severity> to, std::optional<int> to_level, std::string_view reason,
                const std::string& actor) {
    const escalation_history_entry entry{event_->timestamp,
                                         severity_,
                                         to.value_or(severity_),
                                         level_,
                                         to_level.value_or(level_),
                                         shortened(reason, limits::title_chars),
                                         actor};
    severity_ = entry.to_severity;
    level_ = entry.to_level;
    max_level_ = std::max(max_level_, level_);
    const bool is_known = std::ranges::any_of(
        first_rises_, [&](const first_rise& r) { return r.entry.to_severity == entry.to_severity; });
    if (!is_known && more_severe(entry.to_severity, entry.from_severity))
      first_rises_.push_back({history_.count(), entry});
    history_.add(entry);
  }

  both_ends<timeline_entry> entries_;
  both_ends<escalation_history_entry> history_;
  std::vector<first_rise> first_rises_;  ///< the document names the one to the peak, so none of them is left out
  severity severity_ = severity::p4;
  int level_ = 0;
  int max_level_ = 0;
  const decision_event* event_ = nullptr;
  std::map<approval_id, open_gate> gates_;
  run run_ = run::none;
  std::uint64_t run_count_ = 0;
  bool acknowledgment_breached_ = false;
  bool resolution_breached_ = false;
};

std::vector<timeline_entry> postmortem_story::teller::take_timeline() {
  const auto left_out = entries_.left_out();
  const auto gap = entries_.gap();
  auto timeline = entries_.take();
  if (left_out > 0) {
    IM_ASSERT(gap < timeline.size());
    timeline[gap].annotation = say(counted(left_out, "entry of the log"), " before this left out");
  }
  return timeline;
}

std::vector<escalation_history_entry> postmortem_story::teller::take_history() {
  const auto left_out = history_.left_out();
  const auto gap = history_.gap();
  auto history = history_.take();
  std::vector<escalation_history_entry> kept;
  for (const auto& [place, entry] : first_rises_)
    if (place >= gap && place < gap + left_out) kept.push_back(entry);
  history.insert(history.begin() + static_cast<std::ptrdiff_t>(gap), kept.begin(), kept.end());
  return history;
}

postmortem_story::postmortem_story() : teller_{std::make_unique<teller>()} {}
postmortem_story::~postmortem_story() = default;

void postmortem_story::tell(const decision_event& event) { teller_->tell(event); }

std::size_t postmortem_story::held() const { return teller_->held(); }

postmortem_input postmortem_story::finish(const incident_state& state) {
  const auto& record = state.record;
  postmortem_input input;
  input.incident_id = record.id;
  input.title = record.title;
  input.description = record.description;
  input.severity = record.severity;
  input.peak_severity = state.peak_severity;
  input.status = record.status;
  input.incident_created_at = record.created_at;
  input.incident_resolved_at = record.resolved_at.value_or(record.closed_at.value_or(record.updated_at));
  input.time_to_resolve_seconds = seconds_between(record.created_at, input.incident_resolved_at);
  input.duration_seconds = input.time_to_resolve_seconds;
  input.category = record.category;
  input.environment = record.environment;
  input.resource = record.resource;
  input.incident_closed_at = record.closed_at;
  input.time_to_detect_seconds = record.metrics.mttd;
  input.time_to_acknowledge_seconds = record.metrics.mtta;
  input.timeline_events = teller_->take_timeline();
  input.escalation_history = teller_->take_history();
  if (input.escalation_history.empty()) input.escalation_history = state.history;
  input.max_escalation_level = std::max(teller_->max_level(), record.escalation_level);
  if (record.resolution) {
    const resolution_record& resolution = *record.resolution;
    input.resolution_summary = unless_empty(resolution.resolution_notes);
    input.resolution_actions = resolution.actions_taken;
    input.resolved_by = unless_empty(resolution.resolved_by);
    input.root_cause = unless_empty(resolution.root_cause);
  }
  input.sla = record.sla;
  input.impact = record.impact;
  return input;
}

}  // namespace im::logic
