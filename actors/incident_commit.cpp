/// What follows a write of `incident_supervisor`: state advances, answers leave, lost races are run again.

#include <iterator>

#include "actors/incident_report.hpp"
#include "actors/incident_supervisor.hpp"
#include "messages/assert.hpp"
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

/// Whether this command would open the gate whose name `covered` is.
bool opens_gate(const any_command& body, const request_id& covered) {
  const auto* request = std::get_if<cmd::request_approval>(&body);
  return request && request->id && logic::gate_request_id(*request->id) == covered;
}

}  // namespace

void incident_supervisor_state::committed() {
  conclude();
  pump();
}

/// The state takes the events of the flight on, and its callers are answered.
void incident_supervisor_state::conclude() {
  IM_ASSERT(phase_ == phase::idle && flight_ && flight_->callers.size() == flight_->plan.answers.size());
  const auto flight = std::move(flight_);
  const auto before = state_;
  if (!flight->events.empty()) {
    state_ = std::make_shared<const incident_state>(std::move(flight->plan.after));
    recent_.add(flight->plan.covers);
    reads_.confirm(state_);
  }
  if (!policies_frozen()) policies_ = nullptr;
  for (std::size_t i = 0; i < flight->callers.size(); ++i)
    finish(std::move(flight->callers[i]), flight->plan.answers[i], flight->events);
  report(env_, flight->events, before->record, state_->record);
  reconcile();
  if (!flight->events.empty()) settle_waits();
  if (state_->head() == 0) on_asked_for_idleness();  // there is no such incident
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

void incident_supervisor_state::requeue_in_flight() {
  IM_ASSERT(phase_ == phase::idle && flight_);
  auto& again = flight_->callers;
  std::erase_if(again, [&](const submission_ptr& caller) {
    if (++caller->attempts <= limits::redecisions) return false;
    log::warn(log::event::decision_abandoned, "a decision lost too many races", {{"incident_id", state_->record.id}});
    caller->answer(fail(errc::overloaded, "too many instances decide about this incident at once; try again"));
    return true;
  });
  queue_.insert(queue_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
  flight_ = nullptr;
}

/// Another incident holds the fingerprint. Signals go there; a reopening is refused, since two may not be open.
void incident_supervisor_state::give_up_fingerprint(incident_id holder) {
  submission_batch signals;
  std::vector<submission_ptr> rest;
  for (auto& caller : flight_->callers) {
    const auto* change = std::get_if<cmd::change_incident>(&caller->cmd.body);
    if (std::holds_alternative<cmd::ingest_signal>(caller->cmd.body) && !state_->opened)
      signals.items->push_back(std::move(caller));
    else if (change && change->change == change_kind::reopen)
      caller->answer(fail(errc::conflict, "incident " + holder.str() + " is open for the same fingerprint"));
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
  std::vector<submission_ptr> rest;
  bool found = false;
  for (auto& caller : flight_->callers) {
    const bool is_repeated = caller->cmd.context.request == covered.request;
    const bool is_taken = !is_repeated && opens_gate(caller->cmd.body, covered.request);
    found = found || is_repeated || is_taken;
    if (is_repeated && !(is_unread && caller->attempts < limits::redecisions))
      replay(std::move(caller), covered.event_id, covered.incident_id);
    else if (is_taken)
      caller->answer(
          fail(errc::conflict, "this approval_request_id is taken, in incident " + covered.incident_id.str()));
    else
      rest.push_back(std::move(caller));
  }
  flight_->callers = std::move(rest);
  for (auto& caller : flight_->callers)
    if (found && caller->cmd.context.request != covered.request) --caller->attempts;  // these lost no race
  requeue_in_flight();
  needs_load_ = true;
  pump();
}

void incident_supervisor_state::finish(submission_ptr caller, logic::planned& planned,
                                       const std::vector<event_ptr>& events) {
  reply r;
  r.state = state_;
  r.disposition = planned.disposition;
  r.warnings = std::move(planned.warnings);
  if (const auto* e = std::get_if<error>(&planned.what)) {
    if (is_clocks(caller->cmd.body)) look_again_later();  // still due, and not to be tried in a circle
    if (may_have_been_answered(*caller)) return tell_first_answer(std::move(caller), *e);
    return caller->answer(std::unexpected{*e});
  }
  if (const auto* recorded = std::get_if<logic::answer::recorded>(&planned.what)) {
    if (recorded->refusal) return caller->answer(std::unexpected{*recorded->refusal});
    IM_ASSERT(recorded->index < events.size());
    r.event = events[recorded->index];
    r.persisted = true;
  } else if (const auto* unrecorded = std::get_if<logic::answer::unrecorded>(&planned.what)) {
    r.event = unrecorded->event;
  } else if (const auto* again = std::get_if<logic::answer::replay>(&planned.what)) {
    if (is_clocks(caller->cmd.body)) look_again_later();
    return replay(std::move(caller), again->first, state_->record.id);
  } else if (const auto* job = std::get_if<logic::answer::write_postmortem>(&planned.what)) {
    return start_postmortem(std::move(caller), job->id);
  } else {
    submission_batch batch;
    batch.items->push_back(std::move(caller));
    return tell(registry_, hand_back_atom_v, incident_id{}, batch);
  }
  count_event(env_.metrics, caller->cmd, r.disposition);
  caller->answer(std::move(r));
}

/// The first answer again, told from its event, where the caller needs more than where it went.
void incident_supervisor_state::replay(submission_ptr caller, event_id first, incident_id where) {
  reply r;
  r.state = where == state_->record.id ? state_ : nothing_known_of(where);
  r.disposition = disposition::duplicate;
  r.persisted = true;
  r.replayed = true;
  count_event(env_.metrics, caller->cmd, r.disposition);
  if (!caller->cmd.context.event_on_replay) return caller->answer(std::move(r));
  const std::shared_ptr<submission> waiting = std::move(caller);
  ++questions_;
  send_request(self_, house_.persistence, until_answered, read_event_atom_v, first)
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
  IM_ASSERT(questions_ > 0);
  if (--questions_ == 0 && state_->head() == 0) on_asked_for_idleness();
}

/// Whether a refused command may be the repetition of one that took effect longer ago than the state remembers.
bool incident_supervisor_state::may_have_been_answered(const submission& caller) const {
  return !is_clocks(caller.cmd.body) && !caller.cmd.context.dry_run && !caller.cmd.context.request.empty() &&
         recent_.is_full();
}

/// The first answer, if there was one: a request that took effect has an event whose id follows from the request.
void incident_supervisor_state::tell_first_answer(submission_ptr caller, const error& refusal) {
  auto waiting = std::make_shared<submission_ptr>(std::move(caller));
  ++questions_;
  send_request(self_, house_.persistence, until_answered, read_event_atom_v,
               derive_event_id((*waiting)->cmd.context.request))
      .then(
          [this, waiting](const event_ptr& event) {
            if (event->incident_id != state_->record.id)
              (*waiting)->answer(fail(errc::conflict, "this request id was used for another incident"));
            else
              replay(std::move(*waiting), event->id, event->incident_id);
            question_answered();
          },
          [this, waiting, refusal](const caf::error& e) {
            const auto why = from_caf(e);
            (*waiting)->answer(std::unexpected{why.code == errc::not_found ? refusal : why});
            question_answered();
          });
}

void incident_supervisor_state::start_postmortem(submission_ptr caller, postmortem_id id) {
  if (documents_ >= limits::documents_per_incident)
    return caller->answer(fail(errc::overloaded, "post-mortems of this incident are being written already; try again"));
  ++documents_;
  postmortem_job job{state_, id, std::get<cmd::generate_postmortem>(caller->cmd.body).input};
  auto waiting = std::make_shared<submission_ptr>(std::move(caller));
  send_request(self_, children_.spawn_post_mortem(), limits::write_timeout, generate_atom_v, std::move(job))
      .then(
          [this, waiting](written_postmortem written) {
            IM_ASSERT(documents_ > 0 && *waiting);
            --documents_;
            (*waiting)->cmd.body = cmd::record_postmortem{std::move(written.document), written.confidence};
            queue_.push_back(std::move(*waiting));
            pump();
          },
          [this, waiting](const caf::error& e) {
            --documents_;
            (*waiting)->answer(std::unexpected{from_caf(e)});
          });
}

bool incident_supervisor_state::policies_frozen() const {
  if (!policies_ || !state_->opened) return true;
  const auto& refs = *state_->policies;
  return refs.escalation.version == policies_->escalation.version &&
         refs.approval.version == policies_->approval.version && refs.sla.version == policies_->sla.version;
}

}  // namespace im
