#pragma once
/// What may be asked of an incident, in the imperative, and what it answers.

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/fold.hpp"

namespace im {

/// What is known of the call a command came with.
struct call_context {
  request_id request;  ///< what the caller retries with; never empty for a command that may write
  std::string correlation_id;
  std::string inputs_hash;  ///< SHA-256 of the canonical JSON of the inputs
  uuid execution_ref;
  std::string traceparent;      ///< W3C, for telemetry alone
  bool dry_run = false;         ///< decide and answer the same, write nothing
  bool event_on_replay = true;  ///< a repetition is answered from its first event; false: where it went is enough
};

namespace cmd {

/// A detector's event, whatever its dialect was.
struct ingest_signal {
  std::string source;
  std::string source_event_id;
  std::optional<std::string> external_id;
  std::string fingerprint;
  im::severity severity = severity::p4;
  incident_category category = incident_category::other;
  im::environment environment = environment::production;
  std::string title;
  std::string description;
  std::optional<std::string> impact;
  affected_resource resource;
  time_point timestamp;  ///< the detector's own
  signal_payload payload;
  string_map tags;
  string_map labels;
  object_text metadata;
  std::optional<im::incident_id> parent_incident;
  bool resolves = false;  ///< an Alertmanager alert that went away
  std::optional<time_point>
      firing_since;  ///< of an alert, which its sender repeats while it fires: what it says is a state
  // Filled by the registry when it opens an incident for a fingerprint that had one before:
  std::vector<im::incident_id> related;
};

/// An operator's change. Which fields count depends on `change`.
struct change_incident {
  change_kind change = change_kind::update;
  std::string actor;
  im::actor_type actor_type = im::actor_type::user;
  std::string comment;  ///< a reason, a note or the comment itself
  std::optional<im::severity> severity;
  std::optional<std::string> title;
  std::optional<std::string> impact;
  std::optional<std::string> assigned_to;
  std::optional<std::string> assigned_team;
  std::optional<string_map> tags;
  std::optional<string_map> labels;
  std::optional<resolution_record> resolution;
  std::optional<time_point> firing_since;  ///< of the alert that makes the change
};

/// An evaluation that somebody asked for. `input` is complete when `full`; otherwise only its payload and signal
/// fields count and the incident's own state fills the rest.
struct evaluate_escalation {
  escalation_input input;
  bool full = false;
  std::vector<std::string> warnings;
};

/// The clock asks: an evaluation or an SLA deadline is due.
struct evaluation_due {
  deadline_kind kind = deadline_kind::evaluation;
};

/// Approval for an action. What is absent is filled from the approval policy.
struct request_approval {
  std::optional<approval_id> id;
  approval_action action_type = approval_action::remediation;
  std::string action_description;
  actor_type requester_type = actor_type::user;
  std::string requester_id;
  std::string request_reason;
  std::optional<im::priority> request_priority;
  std::vector<approver_requirement> required_approvers;
  std::optional<int> min_approvals_required;
  std::optional<time_point> approval_deadline;
  std::optional<im::expiry_action> expiry_action;
  action_parameters parameters;
};

struct cast_vote {
  approval_id request;
  approval_record vote;  ///< its timestamp is ours: the caller's clock does not count
};

struct cancel_approval {
  approval_id request;
  std::string actor;
  std::string reason;
};

/// Hands a pending gate to the next higher role.
struct escalate_approval {
  approval_id request;
  std::string actor;
  std::string reason;
};

/// The clock asks: a gate's deadline has come.
struct approval_due {
  approval_id request;
};

/// The full, stateless form of `hitl/evaluate`: judge this gate as it is given.
struct evaluate_approval {
  gate_state gate;
  std::vector<std::string> warnings;
};

struct generate_postmortem {
  std::optional<postmortem_input> input;  ///< absent: from our own log
};

/// The post-mortem actor's finished document.
struct record_postmortem {
  postmortem_output document;
  double confidence = 1;
};

struct publish_postmortem {
  postmortem_id id;
  std::string actor;
};

/// The incident as it is now.
struct read_incident {};

}  // namespace cmd

using any_command = std::variant<cmd::read_incident, cmd::ingest_signal, cmd::change_incident, cmd::evaluate_escalation,
                                 cmd::evaluation_due, cmd::request_approval, cmd::cast_vote, cmd::cancel_approval,
                                 cmd::escalate_approval, cmd::approval_due, cmd::evaluate_approval,
                                 cmd::generate_postmortem, cmd::record_postmortem, cmd::publish_postmortem>;

struct command {
  call_context context;
  im::incident_id incident_id;  ///< nil for a signal: the registry finds or opens its incident
  any_command body;
};

/// The answer. Everything in it can be told again from the log, so a repeated request gets the first answer.
struct reply {
  std::shared_ptr<const incident_state> state;  ///< after the decision
  std::shared_ptr<const decision_event> event;  ///< the decision; none for a read
  im::disposition disposition = disposition::opened;
  bool persisted = false;
  bool replayed = false;  ///< told again for a repeated request
  bool stale = false;     ///< the store is away; this is what was known last
  std::vector<std::string> warnings;
};

}  // namespace im
