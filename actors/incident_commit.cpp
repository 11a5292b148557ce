/// What follows a write of `incident_supervisor`: state advances, answers leave, lost races are run again.

#include <algorithm>
#include <ranges>

#include "actors/incident_supervisor.hpp"
#include "telemetry/log.hpp"

namespace im {

namespace {

/// The first answer of a vote that was refused was an error; so are all later ones.
std::optional<error> refusal_in(const decision_event& event) {
  if (const auto* refused = std::get_if<fact::vote_refused>(&event.fact.value))
    return error{errc::forbidden, refused->reason};
  return std::nullopt;
}

bool is_clocks(const any_command& body) {
  return std::holds_alternative<cmd::evaluation_due>(body) || std::holds_alternative<cmd::approval_due>(body);
}

telemetry::ingestion ingestion_of(const cmd::ingest_signal& signal, disposition became) {
  switch (became) {
    case disposition::opened: return telemetry::ingestion::opened;
    case disposition::attached:
      return signal.resolves ? telemetry::ingestion::resolved : telemetry::ingestion::attached;
    case disposition::duplicate: return telemetry::ingestion::duplicate;
  }
  return telemetry::ingestion::duplicate;
}

/// Counts an event that is about to be answered; other commands are none.
void count_event(const telemetry::metrics& metrics, const command& answered, disposition became) {
  const auto* signal = std::get_if<cmd::ingest_signal>(&answered.body);
  if (signal && !answered.context.dry_run) metrics.events[ingestion_of(*signal, became)].add();
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

/// Whether this command would open the gate whose name `covered` is.
bool opens_gate(const any_command& body, const request_id& covered) {
  const auto* request = std::get_if<cmd::request_approval>(&body);
  return request && request->id && logic::gate_request_id(*request->id) == covered;
}

}  // namespace

void incident_supervisor_state::committed() {
  const auto flight = std::move(flight_);
  const auto before = state_;
  if (!flight->events.empty()) {
    state_ = std::make_shared<const incident_state>(std::move(flight->plan.after));
    recent_.add(flight->plan.covers);
    reads_.confirm(state_);
  }
  if (!policies_frozen()) policies_ = nullptr;
  for (std::size_t i = 0; i < flight->callers.size(); ++i)
    finish(flight->callers[i], flight->plan.answers[i], flight->events);
  report(flight->events);
  report_breaches(before->record, state_->record);
  reconcile();
  if (!flight->events.empty()) settle_waits();
  if (state_->head() == 0) on_asked_for_idleness();  // there is no such incident
  pump();
}

/// Another instance was first: read what it decided, then decide again with that. If nothing is there to be read, it is our own
/// state that is wrong, and all of it is read again.
void incident_supervisor_state::decide_again(std::uint64_t head) {
  env_.metrics.decisions_retried.add();
  log::debug(log::event::decision_retried, "another instance decided first",
             {{"incident_id", state_->record.id}, {"head", head}});
  if (head <= state_->head()) forget_log();
  requeue_in_flight();
  needs_load_ = true;
  pump();
}

void incident_supervisor_state::requeue_in_flight(bool lost_a_race) {
  for (auto& caller : flight_->callers | std::views::reverse) {
    if (lost_a_race && ++caller.attempts > limits::redecisions) {
      log::warn(log::event::decision_abandoned, "a decision lost too many races", {{"incident_id", state_->record.id}});
      caller.answer(fail(errc::overloaded, "too many instances decide about this incident at once; try again"));
    } else
      queue_.push_front(std::move(caller));
  }
  flight_ = nullptr;
}

/// Another incident holds the fingerprint. Signals go there; a reopening is refused, since two may not be open.
void incident_supervisor_state::give_up_fingerprint(incident_id holder) {
  submission_batch signals;
  std::vector<submission> rest;
  for (auto& caller : flight_->callers) {
    const auto* change = std::get_if<cmd::change_incident>(&caller.cmd.body);
    if (std::holds_alternative<cmd::ingest_signal>(caller.cmd.body) && !state_->opened)
      signals.items->push_back(std::move(caller));
    else if (change && change->change == change_kind::reopen)
      caller.answer(fail(errc::conflict, "incident " + holder.str() + " is open for the same fingerprint"));
    else
      rest.push_back(std::move(caller));
  }
  flight_->callers = std::move(rest);
  requeue_in_flight();
  needs_load_ = true;
  if (!signals.items->empty()) tell(registry_, hand_back_atom_v, holder, signals);
  pump();
}

/// One of the requests was decided before, here or in another incident: its caller gets the first answer, the others
/// are decided again. Where it was here and our state lacks it, the caller stays until the log is read, so that the answer's
/// state has what it tells of; as often as a lost race, since a store may contradict itself.
void incident_supervisor_state::drop_covered(const covered_elsewhere& covered) {
  const bool is_unread = covered.incident_id == state_->record.id && covered.sequence > state_->head();
  std::vector<submission> rest;
  bool found = false;
  for (auto& caller : flight_->callers) {
    const bool is_repeated = caller.cmd.context.request == covered.request;
    const bool is_taken = !is_repeated && opens_gate(caller.cmd.body, covered.request);
    found = found || is_repeated || is_taken;
    if (is_repeated && !(is_unread && caller.attempts < limits::redecisions))
      replay(std::move(caller), covered.event_id, covered.incident_id);
    else if (is_taken)
      caller.answer(
          fail(errc::conflict, "this approval_request_id is taken, in incident " + covered.incident_id.str()));
    else
      rest.push_back(std::move(caller));
  }
  flight_->callers = std::move(rest);
  for (auto& caller : flight_->callers)
    if (found && caller.cmd.context.request != covered.request) --caller.attempts;  // these lost no race
  requeue_in_flight();
  needs_load_ = true;
  pump();
}

void incident_supervisor_state::finish(submission& caller, logic::planned& planned,
                                       const std::vector<event_ptr>& events) {
  reply r;
  r.state = state_;
  r.disposition = planned.disposition;
  r.warnings = std::move(planned.warnings);
  if (const auto* e = std::get_if<error>(&planned.what)) {
    if (is_clocks(caller.cmd.body)) look_again_later();  // still due, and not to be tried in a circle
    if (may_have_been_answered(caller)) return tell_first_answer(std::move(caller), *e);
    return caller.answer(std::unexpected{*e});
  }
  if (const auto* recorded = std::get_if<logic::answer::recorded>(&planned.what)) {
    if (recorded->refusal) return caller.answer(std::unexpected{*recorded->refusal});
    r.event = events[recorded->index];
    r.persisted = true;
  } else if (const auto* unrecorded = std::get_if<logic::answer::unrecorded>(&planned.what)) {
    r.event = unrecorded->event;
  } else if (const auto* again = std::get_if<logic::answer::replay>(&planned.what)) {
    if (is_clocks(caller.cmd.body)) look_again_later();
    return replay(std::move(caller), again->first, state_->record.id);
  } else if (const auto* job = std::get_if<logic::answer::write_postmortem>(&planned.what)) {
    return start_postmortem(std::move(caller), job->id);
  } else {
    submission_batch batch;
    batch.items->push_back(std::move(caller));
    return tell(registry_, hand_back_atom_v, incident_id{}, batch);
  }
  count_event(env_.metrics, caller.cmd, r.disposition);
  caller.answer(std::move(r));
}

/// The first answer again, told from its event, where the caller needs more than where it went.
void incident_supervisor_state::replay(submission caller, event_id first, incident_id where) {
  reply r;
  r.state = where == state_->record.id ? state_ : nothing_known_of(where);
  r.disposition = disposition::duplicate;
  r.persisted = true;
  r.replayed = true;
  count_event(env_.metrics, caller.cmd, r.disposition);
  if (!caller.cmd.context.event_on_replay) return caller.answer(std::move(r));
  auto waiting = std::make_shared<submission>(std::move(caller));
  ++questions_;
  self_->request(house_.persistence, until_answered, read_event_atom_v, first)
      .then(
          [this, waiting, r](const event_ptr& event) mutable {
            r.event = event;
            auto refused = refusal_in(*event);
            waiting->answer(refused ? result<reply>{std::unexpected{std::move(*refused)}} : std::move(r));
            question_answered();
          },
          [this, waiting](const caf::error& e) {
            waiting->answer(std::unexpected{from_caf(e)});
            question_answered();
          });
}

/// Where there is no such incident nobody asks it again whether it is idle.
void incident_supervisor_state::question_answered() {
  if (--questions_ == 0 && state_->head() == 0) on_asked_for_idleness();
}

/// Whether a refused command may be the repetition of one that took effect longer ago than the state remembers.
bool incident_supervisor_state::may_have_been_answered(const submission& caller) const {
  return !is_clocks(caller.cmd.body) && !caller.cmd.context.dry_run && !caller.cmd.context.request.empty() &&
         recent_.is_full();
}

/// The first answer, if there was one: a request that took effect has an event whose id follows from the request.
void incident_supervisor_state::tell_first_answer(submission caller, const error& refusal) {
  auto waiting = std::make_shared<submission>(std::move(caller));
  ++questions_;
  self_->request(house_.persistence, until_answered, read_event_atom_v, derive_event_id(waiting->cmd.context.request))
      .then(
          [this, waiting](const event_ptr& event) {
            if (event->incident_id != state_->record.id)
              waiting->answer(fail(errc::conflict, "this request id was used for another incident"));
            else
              replay(std::move(*waiting), event->id, event->incident_id);
            question_answered();
          },
          [this, waiting, refusal](const caf::error& e) {
            const auto why = from_caf(e);
            waiting->answer(std::unexpected{why.code == errc::not_found ? refusal : why});
            question_answered();
          });
}

void incident_supervisor_state::start_postmortem(submission caller, postmortem_id id) {
  if (documents_ >= limits::documents_per_incident)
    return caller.answer(fail(errc::overloaded, "post-mortems of this incident are being written already; try again"));
  ++documents_;
  postmortem_job job{state_, id, std::get<cmd::generate_postmortem>(caller.cmd.body).input};
  auto waiting = std::make_shared<submission>(std::move(caller));
  self_->request(children_.spawn_post_mortem(), limits::write_timeout, generate_atom_v, std::move(job))
      .then(
          [this, waiting](written_postmortem written) {
            --documents_;
            waiting->cmd.body = cmd::record_postmortem{std::move(written.document), written.confidence};
            queue_.push_back(std::move(*waiting));
            pump();
          },
          [this, waiting](const caf::error& e) {
            --documents_;
            waiting->answer(std::unexpected{from_caf(e)});
          });
}

bool incident_supervisor_state::policies_frozen() const {
  if (!policies_ || !state_->opened) return true;
  const auto& refs = *state_->policies;
  return refs.escalation.version == policies_->escalation.version &&
         refs.approval.version == policies_->approval.version && refs.sla.version == policies_->sla.version;
}

/// Metrics and the log, once what they tell is durable.
void incident_supervisor_state::report(const std::vector<event_ptr>& events) {
  for (const auto& event : events) {
    const auto agent_type = event->agent_id.substr(0, event->agent_id.find(':'));
    if (const auto who = from_string<agent>(agent_type)) env_.metrics.decisions(*who, event->decision_type).add();
    log::debug(log::event::decision_taken, "decided",
               {{"incident_id", event->incident_id},
                {"sequence", event->sequence},
                {"decision_type", event->decision_type},
                {"event_id", event->id}});
    std::visit(reporter{env_.metrics, event->incident_id}, event->fact.value);
  }
}

}  // namespace im
