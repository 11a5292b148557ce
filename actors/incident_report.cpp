#include "actors/incident_report.hpp"

#include <algorithm>

#include "actors/observations.hpp"
#include "telemetry/log.hpp"

namespace im {

namespace {

telemetry::ingestion ingestion_of(const cmd::ingest_signal& signal, disposition became) {
  switch (became) {
    case disposition::opened: return telemetry::ingestion::opened;
    case disposition::attached:
      return signal.resolves ? telemetry::ingestion::resolved : telemetry::ingestion::attached;
    case disposition::duplicate: return telemetry::ingestion::duplicate;
  }
  return telemetry::ingestion::duplicate;
}

std::optional<telemetry::verdict> verdict_of(approval_status status) {
  switch (status) {
    case approval_status::approved: return telemetry::verdict::approved;
    case approval_status::rejected: return telemetry::verdict::rejected;
    case approval_status::expired: return telemetry::verdict::expired;
    case approval_status::cancelled: return telemetry::verdict::cancelled;
    case approval_status::pending:
    case approval_status::escalated: return std::nullopt;
  }
  return std::nullopt;
}

log::event event_of(change_kind change) {
  switch (change) {
    case change_kind::escalate: return log::event::incident_escalated;
    case change_kind::resolve: return log::event::incident_resolved;
    case change_kind::close: return log::event::incident_closed;
    case change_kind::reopen: return log::event::incident_reopened;
    case change_kind::acknowledge:
    case change_kind::assign:
    case change_kind::start:
    case change_kind::comment:
    case change_kind::update: return log::event::incident_changed;
  }
  return log::event::incident_changed;
}

/// Tells what an event records: metrics, and the log.
class reporter {
public:
  reporter(const telemetry::metrics& metrics, const incident_id& id) : metrics_{metrics}, id_{id} {}

  void operator()(const fact::noted&) const {}

  void operator()(const fact::incident_opened& f) const {
    metrics_.incidents_opened[f.record.severity].add();
    log::info(log::event::incident_opened, f.record.title, {{"incident_id", id_}, {"severity", f.record.severity}});
  }

  void operator()(const fact::signals_attached& f) const {
    log::debug(log::event::incident_attached, "signals attached", {{"incident_id", id_}, {"count", f.count}});
  }

  void operator()(const fact::incident_changed& f) const {
    if (f.status) metrics_.incident_transitions[*f.status].add();
    log::info(event_of(f.change), to_string(f.change), {{"incident_id", id_}, {"by", f.actor}});
  }

  void operator()(const fact::escalation_evaluated& f) const {
    if (f.status) metrics_.incident_transitions[*f.status].add();
    if (!f.applied) return;
    const bool worse = f.decision == escalation_decision::escalate;
    log::info(worse ? log::event::incident_escalated : log::event::incident_deescalated, to_string(f.decision),
              {{"incident_id", id_}, {"by", f.actor}, {"from", f.from_severity}, {"to", f.to_severity}});
  }

  void operator()(const fact::gate_opened& f) const {
    const auto& gate = *f.gate;
    metrics_.gates_opened[gate.request.action_type].add();
    log::info(log::event::gate_opened, "a workflow waits for people",
              {{"incident_id", id_}, {"approval_request_id", gate.request.id}});
    for (const auto& vote : gate.votes) counted(gate.request.id, vote);  // they were kept for it
    ended(gate.request.id, gate.status, gate.decided_reason);
  }

  void operator()(const fact::gate_changed& f) const {
    if (f.vote) counted(f.request_id, *f.vote);
    if (std::ranges::count(f.audit, approval_audit_type::escalation_triggered, &approval_audit_entry::event_type) > 0)
      log::info(log::event::gate_escalated, f.reason, {{"incident_id", id_}, {"approval_request_id", f.request_id}});
    ended(f.request_id, f.status, f.reason);
  }

  void operator()(const fact::vote_refused& f) const {
    log::warn(log::event::vote_refused, f.reason,
              {{"incident_id", id_}, {"approval_request_id", f.request_id}, {"by", f.approver_id}});
  }

  void operator()(const fact::vote_kept& f) const {
    log::info(log::event::vote_kept, "its gate is not open yet",
              {{"incident_id", id_}, {"approval_request_id", f.request_id}, {"by", f.vote.approver_id}});
  }

  void operator()(const fact::postmortem_written& f) const {
    log::info(log::event::postmortem_generated, "a post-mortem was written",
              {{"incident_id", id_}, {"postmortem_id", f.document.postmortem_id}});
  }

  void operator()(const fact::postmortem_published& f) const {
    log::info(log::event::postmortem_published, "a post-mortem is immutable now",
              {{"incident_id", id_}, {"postmortem_id", f.postmortem_id}, {"by", f.actor}});
  }

private:
  void counted(const approval_id& gate, const approval_record& vote) const {
    metrics_.votes[vote.decision].add();
    log::info(log::event::vote_recorded, to_string(vote.decision),
              {{"incident_id", id_}, {"approval_request_id", gate}, {"by", vote.approver_id}});
  }

  void ended(const approval_id& gate, approval_status status, std::string_view reason) const {
    const auto verdict = verdict_of(status);
    if (!verdict) return;
    metrics_.gate_verdicts[*verdict].add();
    log::info(log::event::gate_decided, reason,
              {{"incident_id", id_}, {"approval_request_id", gate}, {"status", status}});
  }

  const telemetry::metrics& metrics_;
  const incident_id& id_;
};

/// An evaluation repeats what is breached already, so only the difference is news.
void report_breaches(const incident& before, const incident& after) {
  const auto tell = [&](std::string_view which, bool was, bool is) {
    if (is && !was)
      log::warn(log::event::sla_breached, "an SLA deadline passed", {{"incident_id", after.id}, {"sla", which}});
  };
  tell("acknowledgment", before.sla.acknowledgment_breached, after.sla.acknowledgment_breached);
  tell("resolution", before.sla.resolution_breached, after.sla.resolution_breached);
}

}  // namespace

void report(const actor_environment& env, const std::vector<event_ptr>& events, const incident& before,
            const incident& after) {
  for (const auto& event : events) {
    const auto agent_type = event->agent_id.substr(0, event->agent_id.find(':'));
    if (const auto who = from_string<agent>(agent_type)) env.metrics.decisions(*who, event->decision_type).add();
    log::debug(log::event::decision_taken, "decided",
               {{"incident_id", event->incident_id},
                {"sequence", event->sequence},
                {"decision_type", event->decision_type},
                {"event_id", event->id}});
    std::visit(reporter{env.metrics, event->incident_id}, event->fact.value);
    if (env.observer != nullptr) env.observer->tell(observed(*event));
  }
  report_breaches(before, after);
}

void count_event(const telemetry::metrics& metrics, const command& answered, disposition became) {
  const auto* signal = std::get_if<cmd::ingest_signal>(&answered.body);
  if (signal && !answered.context.dry_run) metrics.events[ingestion_of(*signal, became)].add();
}

}  // namespace im
