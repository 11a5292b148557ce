#include "actors/logic/decide_parts.hpp"

namespace im::logic {

namespace {

incident record_of(const drafting& d, const cmd::ingest_signal& signal) {
  incident record;
  record.id = d.cmd.incident_id;
  record.external_id = signal.external_id;
  record.fingerprint = signal.fingerprint;
  record.severity = signal.severity;
  record.category = signal.category;
  record.title = signal.title;
  record.description = signal.description;
  record.impact = signal.impact;
  record.source = signal.source;
  if (!signal.source_event_id.empty()) record.source_event_id = signal.source_event_id;
  record.created_at = d.ctx.now;
  record.updated_at = d.ctx.now;
  record.sla = sla_for(d.ctx.policies.sla, signal.severity, d.ctx.now);
  record.related_incidents = signal.related;
  record.parent_incident = signal.parent_incident;
  // A detector whose clock runs ahead has detected nothing before it happened.
  record.metrics.mttd = std::max(0.0, seconds_between(signal.timestamp, d.ctx.now));
  record.resource = signal.resource;
  record.environment = signal.environment;
  record.tags = signal.tags;
  record.labels = signal.labels;
  record.metadata = signal.metadata;
  record.event_count = 1;
  return record;
}

policy_refs refs_of(const policy_set& policies) {
  return {{policies.escalation.id, policies.escalation.version},
          {policies.approval.id, policies.approval.version},
          {policies.sla.id, policies.sla.version}};
}

object_text disposition_output(disposition what, severity s) {
  json::writer out;
  out.begin_object();
  out.key("disposition");
  out.string(to_string(what));
  out.key("severity");
  out.string(to_string(s));
  out.end_object();
  return {out.take()};
}

void evaluate_signal(drafting& d, const cmd::ingest_signal& signal) {
  return append_evaluation(d,
                           escalation_input_from(d.state, signal.source, signal.timestamp, signal.payload, d.ctx.now));
}

outcome open(drafting& d, const cmd::ingest_signal& signal) {
  d.result.disposition = disposition::opened;
  d.add(agent::manager, agent_classification::incident_orchestration, decision_type::incident_open,
        disposition_output(disposition::opened, signal.severity),
        fact::incident_opened{record_of(d, signal), refs_of(d.ctx.policies), {}, signal.firing_since});
  evaluate_signal(d, signal);
  return {};
}

outcome attach(drafting& d, const cmd::ingest_signal& signal) {
  d.result.disposition = disposition::attached;
  d.add(agent::manager, agent_classification::incident_orchestration, decision_type::no_action_required,
        disposition_output(disposition::attached, d.state.record.severity),
        fact::signals_attached{1, signal.timestamp, signal.firing_since});
  // Only a signal that says "worse than you think" asks for a decision; the rest is counted.
  const bool worse =
      signal.payload.suggested_severity && more_severe(*signal.payload.suggested_severity, d.state.record.severity);
  if (worse) evaluate_signal(d, signal);
  return {};
}

/// A change that the alert's sender makes.
cmd::change_incident change_by(const cmd::ingest_signal& signal, change_kind what, std::string comment) {
  cmd::change_incident change;
  change.change = what;
  change.actor = signal.source;
  change.actor_type = actor_type::system;
  change.comment = std::move(comment);
  change.firing_since = signal.firing_since;
  return change;
}

outcome resolve(drafting& d, const cmd::ingest_signal& signal) {
  d.result.disposition = disposition::attached;
  auto change = change_by(signal, change_kind::resolve, "the source reports that the alert is resolved");
  change.resolution = resolution_record{{}, change.comment, signal.source, {}, {}};
  return decide_change(d, change);
}

/// A notification of `resolved` that came late: a newer firing goes on.
outcome note_late_resolution(drafting& d, const cmd::ingest_signal& signal) {
  d.result.disposition = disposition::attached;
  return decide_change(d, change_by(signal, change_kind::comment,
                                    "resolved was reported for the firing since " + to_string(*signal.firing_since) +
                                        "; the one since " + to_string(*d.state.newest_firing) + " goes on"));
}

outcome reopen(drafting& d, const cmd::ingest_signal& signal) {
  d.result.disposition = disposition::attached;
  return decide_change(d, change_by(signal, change_kind::reopen, "the source reports that the alert fires"));
}

bool is_soon_after_resolution(const drafting& d) {
  const auto& record = d.state.record;
  return record.status == incident_status::resolved && record.resolved_at &&
         seconds_between(*record.resolved_at, d.ctx.now) < d.ctx.policies.escalation.reopen_window_s;
}

outcome decide_on_open(drafting& d, const cmd::ingest_signal& signal) {
  if (is_known_firing(d.state, signal)) {
    d.result.disposition = disposition::duplicate;
    return {};
  }
  if (!signal.resolves) return attach(d, signal);
  const bool late = signal.firing_since && d.state.newest_firing && *signal.firing_since < *d.state.newest_firing;
  return late ? note_late_resolution(d, signal) : resolve(d, signal);
}

/// On an incident that is resolved or closed. A firing that its sender has ended is over; any other alert goes on firing.
outcome decide_on_ended(drafting& d, const cmd::ingest_signal& signal) {
  if (signal.resolves) {  // nothing is left to do
    d.result.disposition = disposition::attached;
    return {};
  }
  if (signal.firing_since && d.state.ended_firing && *signal.firing_since <= *d.state.ended_firing) {
    d.result.disposition = disposition::duplicate;
    return {};
  }
  if (signal.firing_since && is_soon_after_resolution(d)) return reopen(d, signal);
  d.result.hand_back = true;
  return {};
}

}  // namespace

bool is_known_firing(const incident_state& state, const cmd::ingest_signal& signal) {
  return !signal.resolves && signal.firing_since && state.newest_firing && *signal.firing_since <= *state.newest_firing;
}

outcome decide_signal(drafting& d, const cmd::ingest_signal& signal) {
  if (d.state.opened) return is_open(d.state.record.status) ? decide_on_open(d, signal) : decide_on_ended(d, signal);
  if (!signal.resolves) return open(d, signal);
  d.result.disposition = disposition::attached;  // never seen: nothing is left to do
  return {};
}

}  // namespace im::logic
