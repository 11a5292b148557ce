#include "tests/model/audit.hpp"

#include <algorithm>
#include <utility>

namespace im::test::model {

namespace {

bool is_clocks(const decision_event& event) {
  return !event.request_ids.empty() && event.request_ids.front().starts_with("due:");
}

/// Signals are named so by the workload.
bool is_signal(const request_id& request) { return request.starts_with("signal-"); }

bool rules_out(const std::vector<severity>& list, severity s) { return std::ranges::find(list, s) != list.end(); }

}  // namespace

std::string place_of(const decision_event& event) {
  return event.incident_id.str() + '/' + std::to_string(event.sequence) + " of " + event.agent_id;
}

const decision_event* audit::covering(const request_id& request) const {
  const auto found = covered_.find(request);
  return found == covered_.end() ? nullptr : found->second;
}

void audit::take(const decision_event& event) {
  check_ids(event);
  auto& in = incidents_[event.incident_id];
  if (event.sequence != in.head + 1) report(rule::no_gap, place_of(event) + " follows " + std::to_string(in.head));
  in.head = event.sequence;
  check_resumption(in, event);
  const auto before = promises(in);
  std::visit([&](const auto& f) { read(in, f, event); }, event.fact.value);
  check_clock(before, in, event);
  if (in.opened) check_open(in.fingerprint);
}

void audit::check_ids(const decision_event& event) {
  if (!ids_.insert(event.id).second) report(rule::unique_id, place_of(event) + ' ' + event.id.str());
  for (const auto& request : event.request_ids)
    if (!covered_.emplace(request, &event).second) report(rule::covered_once, place_of(event) + ' ' + request);
}

/// An approval and what it releases are neighbours in the log, written together.
void audit::check_resumption(seen_incident& in, const decision_event& event) {
  const auto expected = std::exchange(in.must_resume, std::nullopt);
  const auto* change = std::get_if<fact::incident_changed>(&event.fact.value);
  const auto resumes = change ? change->resumed_by : std::nullopt;
  if (resumes != expected)
    report(rule::resumption, place_of(event) + (expected ? " should resume " + expected->str() : " resumes unasked"));
  if (!resumes) return;
  const auto gate = in.gates.find(*resumes);
  if (gate == in.gates.end() || gate->second.status != approval_status::approved ||
      std::exchange(gate->second.resumed, true))
    report(rule::resumption, place_of(event) + " resumes what is not approved, or twice");
}

/// What the clock did was due by the deciding instance's own clock, and is due no more.
void audit::check_clock(const std::vector<promise>& before, const seen_incident& in, const decision_event& event) {
  if (!is_clocks(event)) return;
  const auto* gate = std::get_if<fact::gate_changed>(&event.fact.value);
  const auto left = promises(in);
  bool any = false;
  for (const auto& p : before) {
    if (p.at > event.timestamp || (gate ? p.gate != gate->request_id : p.gate.has_value())) continue;
    any = true;
    if (std::ranges::find(left, p) != left.end())
      report(rule::deadline, place_of(event) + " leaves due what was due: " + std::string{to_string(p.kind)});
  }
  if (!any) report(rule::deadline, place_of(event) + " early or again: " + event.request_ids.front());
}

void audit::check_open(const std::string& fingerprint) {
  std::size_t open = 0;
  for (const auto& id : by_fingerprint_[fingerprint]) open += is_open(incidents_[id].status) ? 1 : 0;
  if (open > 1) report(rule::one_open, fingerprint + ": " + std::to_string(open));
}

std::vector<promise> audit::promises(const seen_incident& in) {
  std::vector<promise> all;
  bool suspended = false;
  for (const auto& [id, gate] : in.gates) {
    if (is_terminal(gate.status)) continue;
    suspended = suspended || gate.purpose == gate_purpose::apply_escalation;
    if (gate.due) all.push_back({deadline_kind::approval, *gate.due, id});
  }
  if (!in.opened || !is_open(in.status)) return all;
  if (in.sla.acknowledgment_deadline && !in.sla.acknowledgment_breached && !in.acknowledged)
    all.push_back({deadline_kind::sla_acknowledgment, *in.sla.acknowledgment_deadline, {}});
  if (in.sla.resolution_deadline && !in.sla.resolution_breached)
    all.push_back({deadline_kind::sla_resolution, *in.sla.resolution_deadline, {}});
  if (in.next_evaluation && !suspended) all.push_back({deadline_kind::evaluation, *in.next_evaluation, {}});
  return all;
}

void audit::end(time_point rested) {
  for (const auto& [id, in] : incidents_) {
    for (const auto& p : promises(in))
      if (p.at <= rested) report(rule::overdue, id.str() + ": " + std::string{to_string(p.kind)} + to_string(p.at));
    if (in.must_resume) report(rule::resumption, id.str() + " ends before it resumes " + in.must_resume->str());
    std::size_t signals = 0;
    for (const auto& [request, event] : covered_)
      if (event->incident_id == id && is_signal(request)) ++signals;
    if (in.signals != signals)
      report(rule::counted_once, id.str() + ": " + std::to_string(in.signals) + " for " + std::to_string(signals));
  }
}

// ---- Our own fold

void audit::read(seen_incident& in, const fact::incident_opened& f, const decision_event& event) {
  if (in.opened) report(rule::no_gap, place_of(event) + " opens again");
  in.opened = true;
  in.fingerprint = f.record.fingerprint;
  in.status = f.record.status;
  in.severity = in.peak = f.record.severity;
  in.sla = f.record.sla;
  in.next_evaluation = f.next_evaluation_at;
  in.signals = f.record.event_count;
  by_fingerprint_[in.fingerprint].insert(event.incident_id);
}

void audit::read(seen_incident& in, const fact::signals_attached& f, const decision_event&) { in.signals += f.count; }

void audit::enter(seen_incident& in, incident_status status) {
  in.status = status;
  if (status == incident_status::acknowledged || status == incident_status::in_progress) in.acknowledged = true;
  if (status == incident_status::resolved) in.next_evaluation.reset();
}

/// A new P0 is people's word.
void audit::rise(seen_incident& in, im::severity to, bool by_people, const decision_event& event) {
  if (to == severity::p0 && in.severity != severity::p0 && !by_people && policies_.escalation.require_approval_for_p0)
    report(rule::resumption, place_of(event) + " makes a P0 without approval");
  in.severity = to;
  in.peak = std::min(in.peak, to);
}

void audit::read(seen_incident& in, const fact::incident_changed& f, const decision_event& event) {
  const auto* by = f.resumed_by ? &in.gates[*f.resumed_by] : nullptr;
  if (by && by->purpose == gate_purpose::apply_escalation && f.severity != by->proposed)
    report(rule::resumption, place_of(event) + " resumes something else than was approved");
  if (f.change == change_kind::close && !(by && by->purpose == gate_purpose::close_incident) &&
      rules_out(policies_.approval.closure_gated_severities, in.peak))
    report(rule::resumption, place_of(event) + " closes without approval");
  // A signal that reports its alert as resolved is not counted among the signals.
  for (const auto& request : event.request_ids) in.signals += is_signal(request) ? 1 : 0;
  const bool reopened = in.status == incident_status::resolved && f.status && is_open(*f.status);
  if (f.status) enter(in, *f.status);
  if (f.severity) rise(in, *f.severity, by && by->purpose == gate_purpose::apply_escalation, event);
  if (f.sla) in.sla = *f.sla;
  if (f.next_evaluation_at || f.change == change_kind::resolve) in.next_evaluation = f.next_evaluation_at;
  if (reopened && !f.sla) report(rule::no_gap, place_of(event) + " reopens without deadlines");
}

void audit::read(seen_incident& in, const fact::escalation_evaluated& f, const decision_event& event) {
  if (f.sla) in.sla = *f.sla;
  in.sla.acknowledgment_breached |= f.acknowledgment_breached;
  in.sla.resolution_breached |= f.resolution_breached;
  in.next_evaluation = f.next_evaluation_at;
  if (!f.applied) return;
  rise(in, f.to_severity, false, event);
  if (f.status) enter(in, *f.status);
}

}  // namespace im::test::model
