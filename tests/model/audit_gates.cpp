#include <algorithm>
#include <utility>

#include "tests/model/audit.hpp"

namespace im::test::model {

namespace {

bool is_clocks(const decision_event& event) {
  return !event.request_ids.empty() && event.request_ids.front().starts_with("due:");
}

}  // namespace

bool audit::lists(const approval_request& request, const seen_vote& vote) {
  return !vote.who.empty() && std::ranges::any_of(request.required_approvers, [&](const approver_requirement& r) {
    return r.approver_type == vote.role &&
           (r.approver_type != approver_type::specific_user || r.approver_id == vote.who);
  });
}

bool audit::has_quorum(const seen_gate& gate) {
  std::set<std::string> people;
  for (const auto& vote : gate.votes) {
    if (!vote.approves) return false;
    if (lists(gate.request, vote)) people.insert(vote.who);
  }
  const bool all_required = std::ranges::all_of(gate.request.required_approvers, [&](const approver_requirement& r) {
    return !r.required || std::ranges::any_of(gate.votes, [&](const seen_vote& vote) {
      return r.approver_type == approver_type::specific_user ? r.approver_id == vote.who : r.approver_type == vote.role;
    });
  });
  return all_required && !people.empty() && std::cmp_greater_equal(people.size(), gate.request.min_approvals_required);
}

void audit::count_vote(seen_gate& gate, const seen_vote& vote, const decision_event& event) {
  const auto before = std::ranges::find(gate.votes, vote.who, &seen_vote::who);
  if (before != gate.votes.end() && !vote.approves && before->approves)
    gate.votes.erase(before);  // an objection withdraws it
  else if (before != gate.votes.end())
    report(rule::quorum, place_of(event) + ": " + vote.who + " votes twice");
  if (!lists(gate.request, vote)) report(rule::quorum, place_of(event) + ": " + vote.who + " is not listed");
  gate.votes.push_back(vote);
}

/// What the gate became, and whether that may be.
void audit::check_verdict(seen_incident& in, seen_gate& gate, approval_status to, const decision_event& event) {
  const bool rejected = std::ranges::any_of(gate.votes, [](const seen_vote& vote) { return !vote.approves; });
  if (rejected != (to == approval_status::rejected))
    report(rule::rejection, place_of(event) + " is " + std::string{to_string(to)});
  if (to == approval_status::expired && !is_clocks(event))
    report(rule::deadline, place_of(event) + " expires without the clock");
  gate.status = to;
  if (to != approval_status::approved) return;
  if (!has_quorum(gate)) report(rule::quorum, place_of(event));
  if (event.timestamp >= gate.request.approval_deadline || is_clocks(event))
    report(rule::quorum, place_of(event) + " after the deadline");
  if ((gate.purpose == gate_purpose::apply_escalation && is_open(in.status)) ||
      (gate.purpose == gate_purpose::close_incident && in.status == incident_status::resolved))
    in.must_resume = gate.request.id;
}

/// The first rule of the policy for what the gate would bring about.
void audit::check_asked(const seen_incident& in, const seen_gate& gate, const decision_event& event) {
  auto level = in.severity;
  if (gate.purpose == gate_purpose::close_incident) level = in.peak;
  if (gate.purpose == gate_purpose::apply_escalation) level = gate.proposed.value_or(severity::p0);
  const auto& rules = policies_.approval.rules;
  const auto r = std::ranges::find_if(rules, [&](const approval_rule& one) {
    return std::ranges::count(one.action_types, gate.request.action_type) && std::ranges::count(one.severities, level);
  });
  if (r == rules.end()) return report(rule::asked_enough, place_of(event) + " has no rule");
  const bool all = std::ranges::all_of(r->required_approvers, [&](const approver_requirement& wanted) {
    return !wanted.required ||
           std::ranges::any_of(gate.request.required_approvers, [&](const approver_requirement& own) {
             return own.required && own.approver_type == wanted.approver_type && own.approver_id == wanted.approver_id;
           });
  });
  if (!all || gate.request.min_approvals_required < r->min_approvals) report(rule::asked_enough, place_of(event));
}

void audit::read(seen_incident& in, const fact::gate_opened& f, const decision_event& event) {
  const auto id = f.gate->request.id;
  if (in.gates.contains(id)) report(rule::one_verdict, place_of(event) + " opens a gate again");
  auto& gate = in.gates[id];
  gate = {f.gate->request,
          f.gate->purpose,
          approval_status::pending,
          {},
          f.gate->next_due_at,
          f.gate->proposed_severity,
          false};
  check_asked(in, gate, event);
  for (const auto& vote : f.gate->votes) {
    const seen_vote seen{vote.approver_id, vote.approver_type, vote.decision == vote_decision::approved};
    const auto was_kept = in.kept_votes.find({id, vote.approver_id});
    if (was_kept == in.kept_votes.end() || was_kept->second.vote != seen || was_kept->second.until <= event.timestamp)
      report(rule::quorum, place_of(event) + ": nobody had cast the vote of " + vote.approver_id);
    count_vote(gate, seen, event);
  }
  std::erase_if(in.kept_votes, [&](const auto& entry) { return entry.first.first == id; });
  check_verdict(in, gate, f.gate->status, event);
}

void audit::read(seen_incident& in, const fact::gate_changed& f, const decision_event& event) {
  const auto found = in.gates.find(f.request_id);
  if (found == in.gates.end()) return report(rule::one_verdict, place_of(event) + " changes a gate that is not open");
  auto& gate = found->second;
  if (is_terminal(gate.status)) report(rule::one_verdict, place_of(event) + " changes a verdict");
  if (f.status == approval_status::expired && event.timestamp < gate.request.approval_deadline)
    report(rule::deadline, place_of(event) + " expires early");
  if (f.vote) {
    if (event.timestamp >= gate.request.approval_deadline)
      report(rule::deadline, place_of(event) + ": a vote counts after the deadline");
    count_vote(gate, {f.vote->approver_id, f.vote->approver_type, f.vote->decision == vote_decision::approved}, event);
  }
  check_verdict(in, gate, f.status, event);
  if (!f.required_approvers.empty()) gate.request.required_approvers = f.required_approvers;
  if (f.approval_deadline) gate.request.approval_deadline = *f.approval_deadline;
  gate.due = f.next_due_at;
  if (!is_terminal(f.status) || f.status == approval_status::approved || gate.purpose != gate_purpose::apply_escalation)
    return;
  // People said no: only something new asks them again. Nobody said anything: the clock does, and not at once.
  in.next_evaluation = f.next_evaluation_at;
  const bool goes_on = f.status == approval_status::expired && in.opened && is_open(in.status);
  if (goes_on != f.next_evaluation_at.has_value())
    report(rule::goes_on, place_of(event) + " is " + std::string{to_string(f.status)});
  if (f.next_evaluation_at &&
      seconds_between(event.timestamp, *f.next_evaluation_at) < policies_.escalation.next_evaluation_s.at(in.severity))
    report(rule::goes_on, place_of(event) + " looks again too soon");
}

void audit::read(seen_incident& in, const fact::vote_kept& f, const decision_event&) {
  in.kept_votes[{f.request_id, f.vote.approver_id}] = {
      f.expires_at, {f.vote.approver_id, f.vote.approver_type, f.vote.decision == vote_decision::approved}};
}

}  // namespace im::test::model
