#pragma once
/// What a DecisionEvent changes in its incident, in the past tense. The state of an incident is the fold over these
/// (`fold.hpp`); the store's projections are the same fold. Each stands in its event under `fact`, told apart by `kind`.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/approval.hpp"
#include "messages/escalation.hpp"
#include "messages/incident.hpp"
#include "messages/policies.hpp"
#include "messages/postmortem.hpp"

namespace im::fact {

/// The first event of an incident's log. Holds the record, and its free text, once.
struct incident_opened {
  static constexpr std::string_view tag = "incident_opened";
  incident record;
  shared_value<policy_refs> policies;
  std::optional<time_point> next_evaluation_at;
  std::optional<time_point> firing_since;  ///< of an alert: when this firing began
};

template <class V>
void describe(V& v, like<incident_opened> auto& x) {
  v.required("incident", x.record);
  v.required("policies", x.policies);
  v.optional("next_evaluation_at", x.next_evaluation_at);
  v.optional("firing_since", x.firing_since);
}

/// More signals of an open incident; one event may cover a whole burst.
struct signals_attached {
  static constexpr std::string_view tag = "signals_attached";
  std::uint64_t count = 1;
  time_point last_signal_at;
  std::optional<time_point> firing_since;  ///< of alerts: when the newest firing among them began
};

template <class V>
void describe(V& v, like<signals_attached> auto& x) {
  v.required("count", x.count);
  v.required("last_signal_at", x.last_signal_at);
  v.optional("firing_since", x.firing_since);
}

/// An operator's change, or one that a verdict resumed. Fields that are absent stay as they were.
struct incident_changed {
  static constexpr std::string_view tag = "incident_changed";
  change_kind change = change_kind::update;
  std::string actor;
  im::actor_type actor_type = im::actor_type::user;
  std::string comment;
  std::optional<incident_status> status;
  std::optional<im::severity> severity;
  std::optional<int> escalation_level;
  std::optional<std::string> title;
  std::optional<std::string> impact;
  std::optional<std::string> assigned_to;
  std::optional<std::string> assigned_team;
  std::optional<string_map> tags;
  std::optional<string_map> labels;
  std::optional<resolution_record> resolution;
  std::optional<sla_state> sla;  ///< new deadlines, after a change of severity or a reopening
  std::optional<time_point> next_evaluation_at;
  std::optional<approval_id> resumed_by;   ///< the gate whose verdict made this happen
  std::optional<time_point> firing_since;  ///< of the alert that ended or began again: when that firing began
};

template <class V>
void describe(V& v, like<incident_changed> auto& x) {
  v.required("change", x.change);
  v.required("actor", x.actor);
  v.required("actor_type", x.actor_type);
  v.optional("comment", x.comment);
  v.optional("status", x.status);
  v.optional("severity", x.severity);
  v.optional("escalation_level", x.escalation_level);
  v.optional("title", x.title);
  v.optional("impact", x.impact);
  v.optional("assigned_to", x.assigned_to);
  v.optional("assigned_team", x.assigned_team);
  v.optional("tags", x.tags);
  v.optional("labels", x.labels);
  v.optional("resolution", x.resolution);
  v.optional("sla", x.sla);
  v.optional("next_evaluation_at", x.next_evaluation_at);
  v.optional("resumed_by", x.resumed_by);
  v.optional("firing_since", x.firing_since);
}

/// The escalation agent looked. `applied` is false when nothing changed: maintained, deferred, or suspended on a gate.
struct escalation_evaluated {
  static constexpr std::string_view tag = "escalation_evaluated";
  escalation_decision decision = escalation_decision::maintain;
  bool applied = false;
  severity from_severity = severity::p4;
  severity to_severity = severity::p4;
  int from_level = 0;
  int to_level = 0;
  std::string actor;
  std::optional<incident_status> status;
  std::optional<approval_id> suspended_on;
  std::optional<time_point> next_evaluation_at;  ///< absent: none until something happens
  std::optional<sla_state> sla;                  ///< new deadlines, after a rise in severity
  bool acknowledgment_breached = false;
  bool resolution_breached = false;
};

template <class V>
void describe(V& v, like<escalation_evaluated> auto& x) {
  v.required("decision", x.decision);
  v.required("applied", x.applied);
  v.required("from_severity", x.from_severity);
  v.required("to_severity", x.to_severity);
  v.required("from_level", x.from_level);
  v.required("to_level", x.to_level);
  v.required("actor", x.actor);
  v.optional("status", x.status);
  v.optional("suspended_on", x.suspended_on);
  v.optional("next_evaluation_at", x.next_evaluation_at);
  v.optional("sla", x.sla);
  v.optional("acknowledgment_breached", x.acknowledgment_breached);
  v.optional("resolution_breached", x.resolution_breached);
}

/// Approval was asked for; votes kept from before may stand in it already.
struct gate_opened {
  static constexpr std::string_view tag = "gate_opened";
  shared_value<gate_state> gate;
};

template <class V>
void describe(V& v, like<gate_opened> auto& x) {
  v.required("gate", x.gate);
}

/// A vote, a cancel, an escalation or the deadline moved a gate.
struct gate_changed {
  static constexpr std::string_view tag = "gate_changed";
  approval_id request_id;
  approval_status status = approval_status::pending;
  std::string reason;
  std::optional<approval_record> vote;
  std::vector<approval_audit_entry> audit;               ///< appended
  std::vector<approver_requirement> required_approvers;  ///< replaced when not empty (escalated to a higher role)
  std::optional<time_point> approval_deadline;           ///< replaced when given
  std::optional<time_point> next_due_at;                 ///< replaced always
  std::optional<time_point> next_evaluation_at;          ///< of the incident, when its escalation expired undecided
  std::optional<std::string> review;  ///< replaced when given; empty: nothing is to be looked at again
};

template <class V>
void describe(V& v, like<gate_changed> auto& x) {
  v.required("request_id", x.request_id);
  v.required("status", x.status);
  v.optional("reason", x.reason);
  v.optional("vote", x.vote);
  v.optional("audit", x.audit);
  v.optional("required_approvers", x.required_approvers);
  v.optional("approval_deadline", x.approval_deadline);
  v.optional("next_due_at", x.next_due_at);
  v.optional("next_evaluation_at", x.next_evaluation_at);
  v.optional("review", x.review);
}

/// Somebody whom the gate does not list tried to vote. Recorded, and without effect.
struct vote_refused {
  static constexpr std::string_view tag = "vote_refused";
  approval_id request_id;
  std::string approver_id;
  im::approver_type approver_type = approver_type::on_call_lead;
  std::string reason;
};

template <class V>
void describe(V& v, like<vote_refused> auto& x) {
  v.required("request_id", x.request_id);
  v.required("approver_id", x.approver_id);
  v.required("approver_type", x.approver_type);
  v.required("reason", x.reason);
}

/// A vote came before its gate; it is counted when the gate opens, until `expires_at`.
struct vote_kept {
  static constexpr std::string_view tag = "vote_kept";
  approval_id request_id;
  approval_record vote;
  time_point expires_at;
};

template <class V>
void describe(V& v, like<vote_kept> auto& x) {
  v.required("request_id", x.request_id);
  v.required("vote", x.vote);
  v.required("expires_at", x.expires_at);
}

struct postmortem_written {
  static constexpr std::string_view tag = "postmortem_written";
  postmortem_output document;
};

template <class V>
void describe(V& v, like<postmortem_written> auto& x) {
  v.required("document", x.document);
}

struct postmortem_published {
  static constexpr std::string_view tag = "postmortem_published";
  im::postmortem_id postmortem_id;
  std::string actor;
};

template <class V>
void describe(V& v, like<postmortem_published> auto& x) {
  v.required("postmortem_id", x.postmortem_id);
  v.required("actor", x.actor);
}

/// A decision that changes nothing here: a stateless evaluation of somebody else's input.
struct noted {
  static constexpr std::string_view tag = "noted";
};

template <class V>
void describe(V&, like<noted> auto&) {}

}  // namespace im::fact

namespace im {

using any_fact = std::variant<fact::noted, fact::incident_opened, fact::signals_attached, fact::incident_changed,
                              fact::escalation_evaluated, fact::gate_opened, fact::gate_changed, fact::vote_refused,
                              fact::vote_kept, fact::postmortem_written, fact::postmortem_published>;

/// So that a variant of facts reads and writes like a described type: `{"kind": …, its members}`.
struct fact_box {
  any_fact value;
};

template <class V>
void describe(V& v, like<fact_box> auto& x) {
  v.tagged("kind", x.value);
}

}  // namespace im
