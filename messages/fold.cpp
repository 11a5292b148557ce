#include "messages/fold.hpp"

#include <algorithm>

#include "messages/identity.hpp"
#include "messages/limits.hpp"

namespace im {

namespace {

template <class T>
void keep_newest(std::vector<T>& values, std::size_t bound) {
  if (values.size() > bound) values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(bound));
}

template <class T>
void replace_if_given(T& field, const std::optional<T>& given) {
  if (given) field = *given;
}

template <class T>
void replace_if_given(std::optional<T>& field, const std::optional<T>& given) {
  if (given) field = given;
}

auto place_of(auto& gates, approval_id id) {
  return std::ranges::find(gates, id, [](const gate_state& g) { return g.request.id; });
}

bool has_ended(const gate_state& gate) { return is_terminal(gate.status); }

/// A pending gate is never dropped (opening is bounded instead); of the ended ones the newest stay whole.
void bound_gates(incident_state& state) {
  auto surplus =
      std::ranges::count_if(state.gates, has_ended) - static_cast<std::ptrdiff_t>(limits::ended_gates_per_incident);
  std::erase_if(state.gates, [&](const gate_state& gate) {
    if (surplus <= 0 || !has_ended(gate)) return false;
    --surplus;
    state.ended_gates.push_back(gate.request.id);
    return true;
  });
  keep_newest(state.ended_gates, limits::gate_names_per_incident);
}

class folder {
public:
  folder(incident_state& state, const decision_event& event) : state_{state}, event_{event} {}

  void operator()(const fact::noted&) const {}
  void operator()(const fact::vote_refused& f) const {
    change_gate(f.request_id, [&](gate_state& gate) {
      gate.audit.push_back({at(), approval_audit_type::rejection_received, f.approver_id, actor_type::user,
                            "refused, not counted: " + f.reason});
      keep_newest(gate.audit, limits::audit_entries_per_gate);
    });
  }

  void operator()(const fact::incident_opened& f) {
    state_.record = f.record;
    state_.opened = true;
    state_.policies = f.policies;
    state_.status_since = f.record.created_at;
    state_.peak_severity = f.record.severity;
    state_.next_evaluation_at = f.next_evaluation_at;
    state_.newest_firing = f.firing_since;
  }

  void operator()(const fact::signals_attached& f) {
    state_.record.event_count += f.count;
    state_.newest_firing = std::max(state_.newest_firing, f.firing_since);
  }

  void operator()(const fact::incident_changed& f) {
    auto& record = state_.record;
    const standing before{record};
    if (f.status) enter(*f.status);
    if (f.severity) set_severity(*f.severity);
    replace_if_given(record.escalation_level, f.escalation_level);
    replace_if_given(record.title, f.title);
    replace_if_given(record.impact, f.impact);
    replace_if_given(record.assigned_to, f.assigned_to);
    replace_if_given(record.assigned_team, f.assigned_team);
    if (f.tags) record.tags = *f.tags;
    if (f.labels) record.labels = *f.labels;
    if (f.resolution) record.resolution = *f.resolution;
    replace_if_given(record.sla, f.sla);
    if (f.next_evaluation_at || f.change == change_kind::resolve) state_.next_evaluation_at = f.next_evaluation_at;
    if (f.change == change_kind::escalate) remember_escalation(before, f.comment, f.actor);
    if (f.change == change_kind::reopen) state_.newest_firing = std::max(state_.newest_firing, f.firing_since);
    if (f.change == change_kind::resolve) state_.ended_firing = std::max(state_.ended_firing, f.firing_since);
  }

  void operator()(const fact::escalation_evaluated& f) {
    auto& record = state_.record;
    const standing before{record};
    replace_if_given(record.sla, f.sla);
    record.sla.acknowledgment_breached |= f.acknowledgment_breached;
    record.sla.resolution_breached |= f.resolution_breached;
    state_.next_evaluation_at = f.next_evaluation_at;
    if (!f.applied) return;
    set_severity(f.to_severity);
    record.escalation_level = f.to_level;
    if (f.status) enter(*f.status);
    remember_escalation(before, std::string{to_string(f.decision)}, f.actor);
  }

  void operator()(const fact::gate_opened& f) {
    std::erase_if(state_.kept_votes, [&](const kept_vote& k) { return k.request_id == f.gate->request.id; });
    state_.gates.push_back(f.gate);
    bound_gates(state_);
  }

  void operator()(const fact::gate_changed& f) {
    change_gate(f.request_id, [&](gate_state& gate) {
      move_gate(gate, f, at());
      // After a no only something new asks people again; where nobody said anything, the event says when to look again.
      if (gate.purpose == gate_purpose::apply_escalation && is_terminal(f.status) &&
          f.status != approval_status::approved)
        state_.next_evaluation_at = f.next_evaluation_at;
    });
  }

  void operator()(const fact::vote_kept& f) {
    // The last word of a person counts, and what came too long ago does not.
    std::erase_if(state_.kept_votes, [&](const kept_vote& k) {
      return k.expires_at <= at() ||
             (k.request_id == f.request_id && is_same_identity(k.vote.approver_id, f.vote.approver_id));
    });
    state_.kept_votes.push_back({f.request_id, f.vote, f.expires_at});
    keep_newest(state_.kept_votes, limits::kept_votes_per_incident);
  }

  void operator()(const fact::postmortem_written& f) {
    state_.postmortems.push_back({f.document.postmortem_id, f.document.status});
    keep_newest(state_.postmortems, limits::related_incidents);
  }

  void operator()(const fact::postmortem_published& f) {
    for (auto& summary : state_.postmortems)
      if (summary.id == f.postmortem_id) summary.status = postmortem_status::published;
  }

private:
  [[nodiscard]] time_point at() const { return event_.timestamp; }

  void change_gate(approval_id id, std::invocable<gate_state&> auto edit) const {
    if (const auto gate = place_of(state_.gates, id); gate != state_.gates.end()) gate->change(edit);
  }

  void set_severity(severity s) {
    state_.record.severity = s;
    state_.peak_severity = std::min(state_.peak_severity, s);
  }

  void enter(incident_status status) {
    auto& record = state_.record;
    if (status == record.status) return;
    const bool reopened = record.status == incident_status::resolved && is_open(status);
    record.status = status;
    state_.status_since = at();
    const auto since_opening = seconds_between(record.created_at, at());
    if (!record.acknowledged_at &&
        (status == incident_status::acknowledged || status == incident_status::in_progress)) {
      record.acknowledged_at = at();
      record.metrics.mtta = since_opening;
    }
    if (status == incident_status::resolved) {
      record.resolved_at = at();
      record.metrics.mttr = since_opening;
      state_.next_evaluation_at.reset();
    }
    if (status == incident_status::closed) record.closed_at = at();
    if (reopened) {
      record.resolved_at.reset();
      record.resolution.reset();
      record.metrics.mttr.reset();
    }
  }

  /// How grave an incident is.
  struct standing {
    explicit standing(const incident& record) : severity{record.severity}, level{record.escalation_level} {}
    im::severity severity;
    int level;
  };

  void remember_escalation(standing before, std::string reason, std::string actor) {
    const standing now{state_.record};
    if (now.level > before.level || more_severe(now.severity, before.severity)) state_.last_escalation_at = at();
    state_.history.push_back(
        {at(), before.severity, now.severity, before.level, now.level, std::move(reason), std::move(actor)});
    keep_newest(state_.history, limits::escalation_history);
  }

  incident_state& state_;
  const decision_event& event_;
};

}  // namespace

void move_gate(gate_state& gate, const fact::gate_changed& f, time_point at) {
  if (f.vote) {
    if (f.vote->decision == vote_decision::rejected)  // whoever objects has withdrawn an approval
      std::erase_if(gate.votes, [&](const approval_record& earlier) {
        return is_same_identity(earlier.approver_id, f.vote->approver_id);
      });
    gate.votes.push_back(*f.vote);
  }
  gate.status = f.status;
  gate.audit.insert(gate.audit.end(), f.audit.begin(), f.audit.end());
  keep_newest(gate.audit, limits::audit_entries_per_gate);
  if (!f.required_approvers.empty()) gate.request.required_approvers = f.required_approvers;
  replace_if_given(gate.request.approval_deadline, f.approval_deadline);
  replace_if_given(gate.review, f.review);
  gate.next_due_at = f.next_due_at;
  if (is_terminal(f.status)) {
    gate.decided_at = at;
    gate.decided_reason = f.reason;
  }
}

const gate_state* incident_state::find_gate(approval_id id) const {
  const auto found = place_of(gates, id);
  return found == gates.end() ? nullptr : &**found;
}

const gate_state* incident_state::pending_gate(gate_purpose purpose) const {
  const auto found =
      std::ranges::find_if(gates, [&](const gate_state& g) { return g.purpose == purpose && !is_terminal(g.status); });
  return found == gates.end() ? nullptr : &**found;
}

bool incident_state::is_long_ended(approval_id id) const {
  return std::ranges::find(ended_gates, id) != ended_gates.end();
}

bool incident_state::has_pending_gate() const {
  return std::ranges::any_of(gates, [](const gate_state& g) { return !is_terminal(g.status); });
}

std::shared_ptr<const incident_state> nothing_known_of(incident_id id) {
  auto state = std::make_shared<incident_state>();
  state->record.id = id;
  return state;
}

void apply(incident_state& state, const decision_event& event) {
  std::visit(folder{state, event}, event.fact.value);
  state.record.id = event.incident_id;
  state.record.sequence = event.sequence;
  state.head_hash = event.hash;
  if (state.opened) state.record.updated_at = event.timestamp;
}

std::vector<deadline> deadlines_of(const incident_state& state) {
  std::vector<deadline> due;
  for (const gate_state& gate : state.gates)
    if (!is_terminal(gate.status) && gate.next_due_at)
      due.push_back({deadline_kind::approval, *gate.next_due_at, gate.request.id});
  if (!state.opened || !is_open(state.record.status)) return due;
  const auto& sla = state.record.sla;
  if (sla.acknowledgment_deadline && !sla.acknowledgment_breached && !state.record.acknowledged_at)
    due.push_back({deadline_kind::sla_acknowledgment, *sla.acknowledgment_deadline, {}});
  if (sla.resolution_deadline && !sla.resolution_breached)
    due.push_back({deadline_kind::sla_resolution, *sla.resolution_deadline, {}});
  // A suspended escalation is not evaluated again until people have decided.
  if (state.next_evaluation_at && !state.pending_gate(gate_purpose::apply_escalation))
    due.push_back({deadline_kind::evaluation, *state.next_evaluation_at, {}});
  return due;
}

std::optional<deadline> next_deadline(const incident_state& state) {
  const auto due = deadlines_of(state);
  const auto first = std::ranges::min_element(due, {}, &deadline::due_at);
  return first == due.end() ? std::nullopt : std::optional{*first};
}

}  // namespace im

namespace im::json {

template void write(writer& out, const incident_state& value);
template void read(read_state& state, const node& from, const path& where, incident_state& to);

}  // namespace im::json
