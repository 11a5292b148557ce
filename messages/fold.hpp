#pragma once
/// State is a fold over the log. Managers fold to go on where the log ends; the store folds the same way for its
/// projections. There is no second journal.

#include <memory>
#include <optional>
#include <vector>

#include "messages/decision_event.hpp"

namespace im {

struct kept_vote {
  approval_id request_id;
  approval_record vote;
  time_point expires_at;

  bool operator==(const kept_vote&) const = default;
};

template <class V>
void describe(V& v, like<kept_vote> auto& x) {
  v.required("request_id", x.request_id);
  v.required("vote", x.vote);
  v.required("expires_at", x.expires_at);
}

struct postmortem_summary {
  im::postmortem_id id;
  postmortem_status status = postmortem_status::draft;

  bool operator==(const postmortem_summary&) const = default;
};

template <class V>
void describe(V& v, like<postmortem_summary> auto& x) {
  v.required("postmortem_id", x.id);
  v.required("status", x.status);
}

/// Everything that decisions about one incident look at.
struct incident_state {
  incident record;      ///< `record.sequence` is the head of the log; 0: nothing is known
  bool opened = false;  ///< false for a log that holds only stateless evaluations
  im::severity peak_severity = severity::p4;
  shared_value<policy_refs> policies;
  time_point status_since;
  std::optional<time_point> last_escalation_at;
  std::optional<time_point> next_evaluation_at;
  std::optional<time_point> newest_firing;        ///< of an alert: when its newest firing began
  std::optional<time_point> ended_firing;         ///< and when that began which its sender last reported as resolved
  std::vector<escalation_history_entry> history;  ///< the newest `limits::escalation_history`
  std::vector<shared_value<gate_state>> gates;    ///< those that are open, and the newest that have ended
  std::vector<approval_id> ended_gates;           ///< the newest of those that stood in `gates` before
  std::vector<kept_vote> kept_votes;
  std::vector<postmortem_summary> postmortems;
  std::string head_hash;  ///< of the newest event's text; empty where nobody knows it

  bool operator==(const incident_state&) const = default;

  [[nodiscard]] std::uint64_t head() const { return record.sequence; }
  [[nodiscard]] const gate_state* find_gate(approval_id id) const;
  /// Of a gate that ended so long ago that its name is all that is left of it here.
  [[nodiscard]] bool is_long_ended(approval_id id) const;
  /// The pending gate that an escalation waits for, if any.
  [[nodiscard]] const gate_state* pending_gate(gate_purpose purpose) const;
  [[nodiscard]] bool has_pending_gate() const;
};

template <class V>
void describe(V& v, like<incident_state> auto& x) {
  v.required("incident", x.record);
  v.required("opened", x.opened);
  v.required("policies", x.policies);
  v.required("status_since", x.status_since);
  v.required("peak_severity", x.peak_severity);
  v.optional("last_escalation_at", x.last_escalation_at);
  v.optional("next_evaluation_at", x.next_evaluation_at);
  v.optional("newest_firing", x.newest_firing);
  v.optional("ended_firing", x.ended_firing);
  v.optional("history", x.history);
  v.optional("gates", x.gates);
  v.optional("ended_gates", x.ended_gates);
  v.optional("kept_votes", x.kept_votes);
  v.optional("postmortems", x.postmortems);
  v.optional("head_hash", x.head_hash);
}

/// Of an incident whose log is empty, or not read yet.
[[nodiscard]] std::shared_ptr<const incident_state> nothing_known_of(incident_id id);

/// Moves a gate as an event of the time `at` says.
void move_gate(gate_state& gate, const fact::gate_changed& f, time_point at);

/// Applies one event. The caller has seen to it that `event.sequence == state.head() + 1`.
void apply(incident_state& state, const decision_event& event);

/// A moment at which somebody must look at the incident again.
struct deadline {
  deadline_kind kind = deadline_kind::evaluation;
  time_point due_at;
  std::optional<approval_id> gate;  ///< for `approval`

  bool operator==(const deadline&) const = default;
};

/// All of an incident's deadlines, unordered. Empty once it is resolved and no gate is pending.
[[nodiscard]] std::vector<deadline> deadlines_of(const incident_state& state);
/// The earliest of them: the incident's entry in the deadline index.
[[nodiscard]] std::optional<deadline> next_deadline(const incident_state& state);

}  // namespace im

namespace im::json {

// Compiled once, in fold.cpp: many sources would else spend a second each on all that it is made of.
extern template void write(writer& out, const incident_state& value);
extern template void read(read_state& state, const node& from, const path& where, incident_state& to);

}  // namespace im::json
