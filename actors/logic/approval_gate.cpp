#include "actors/logic/approval_gate.hpp"

#include <algorithm>
#include <utility>

#include "actors/logic/words.hpp"
#include "messages/limits.hpp"

namespace im::logic {

namespace {

approval_audit_entry by_agent(time_point at, approval_audit_type type, std::string details) {
  return {at, type, std::string{to_string(agent::approver)}, actor_type::agent, std::move(details)};
}

/// A change that leaves everything as it is, to be filled.
fact::gate_changed change_of(const gate_state& gate) {
  fact::gate_changed change;
  change.request_id = gate.request.id;
  change.status = gate.status;
  change.next_due_at = gate.next_due_at;
  return change;
}

/// The same as `messages/fold.cpp` does with it in an event of timestamp `now`.
gate_state changed_gate(gate_state gate, const fact::gate_changed& change, time_point now) {
  if (change.vote) gate.votes.push_back(*change.vote);
  gate.status = change.status;
  gate.audit.insert(gate.audit.end(), change.audit.begin(), change.audit.end());
  if (!change.required_approvers.empty()) gate.request.required_approvers = change.required_approvers;
  gate.request.approval_deadline = change.approval_deadline.value_or(gate.request.approval_deadline);
  gate.next_due_at = change.next_due_at;
  if (is_terminal(change.status)) {
    gate.decided_at = now;
    gate.decided_reason = change.reason;
  }
  return gate;
}

gate_step step(const gate_state& gate, fact::gate_changed change, approval_decision decision,
               const approval_policy& policy, time_point now) {
  if (is_terminal(change.status)) {
    change.next_due_at.reset();
    change.audit.push_back(by_agent(now, approval_audit_type::decision_finalized, change.reason));
  }
  auto moved = changed_gate(gate, change, now);
  auto verdict = compose_verdict(moved, decision, change.reason, policy, now);
  return {std::move(change), std::move(moved), std::move(verdict), true};
}

gate_step unchanged(const gate_state& gate, const approval_policy& policy, time_point now) {
  return {change_of(gate), gate, judge_approval(gate, policy, now), false};
}

/// What keeps an operator from moving the gate: it is decided, or the clock must decide first.
std::optional<error> closed_to_people(const gate_state& gate, time_point now) {
  if (is_terminal(gate.status))
    return error{errc::conflict,
                 say("already ", gate.status, " at ", gate.decided_at.value_or(gate.request.approval_deadline))};
  if (now >= gate.request.approval_deadline)
    return error{errc::conflict, say("expired: the deadline ", gate.request.approval_deadline, " has passed")};
  return std::nullopt;
}

bool lists(const approval_request& request, const approval_record& vote) {
  return std::ranges::any_of(request.required_approvers, [&](const approver_requirement& requirement) {
    return requirement.approver_type == vote.approver_type && meets(vote, requirement);
  });
}

std::string listed_names(const approval_request& request) {
  std::string names;
  for (const auto& requirement : request.required_approvers)
    names.append(names.empty() ? "" : ", ").append(name_of(requirement));
  return names;
}

// ---- Opening

error bad_field(std::string field, field_error::kind kind, std::string message) {
  message = say(field, " ", message);
  return {errc::validation_error, message, {{std::move(field), kind, message, {}}}};
}

class opening_check {
public:
  void wrong(std::string field, field_error::kind kind, std::string message) {
    auto one = bad_field(std::move(field), kind, std::move(message));
    if (errors_.empty()) message_ = one.message;
    if (errors_.size() < limits::field_errors) errors_.push_back(std::move(one.fields.front()));
  }

  /// A list of the caller's own may ask more people than the policy, never fewer.
  void approvers(const std::vector<approver_requirement>& given, const approval_rule& rule) {
    if (given.size() > limits::required_approvers)
      wrong("required_approvers", field_error::kind::invalid_value,
            say("has more than ", limits::required_approvers, " entries"));
    for (std::size_t i = 0; i < given.size(); ++i)
      if (given[i].approver_type == approver_type::specific_user && given[i].approver_id.value_or("").empty())
        wrong(say("required_approvers[", i, "].approver_id"), field_error::kind::required,
              "is required for a specific_user");
    for (const auto& wanted : rule.required_approvers) {
      const bool kept = std::ranges::any_of(given, [&](const approver_requirement& own) {
        return own.required && own.approver_type == wanted.approver_type &&
               (wanted.approver_type != approver_type::specific_user || own.approver_id == wanted.approver_id);
      });
      if (wanted.required && !kept)
        wrong("required_approvers", field_error::kind::invalid_value,
              say("must hold ", name_of(wanted), " as required, as the policy does"));
    }
  }

  void quorum(int given, const approval_rule& rule) {
    if (given < rule.min_approvals)
      wrong("min_approvals_required", field_error::kind::invalid_value,
            say("may not be below the policy's ", rule.min_approvals));
    if (std::cmp_greater(given, limits::votes_per_gate))
      wrong("min_approvals_required", field_error::kind::invalid_value,
            say("may not be above ", limits::votes_per_gate, ", the most votes that a gate takes"));
  }

  [[nodiscard]] std::optional<error> found() {
    if (errors_.empty()) return std::nullopt;
    if (errors_.size() > 1) message_ += say(" (and ", errors_.size() - 1, " more)");
    return error{errc::validation_error, std::move(message_), std::move(errors_)};
  }

private:
  std::string message_;
  std::vector<field_error> errors_;
};

std::optional<error> check_request(const cmd::request_approval& request, const approval_rule& rule, time_point now) {
  opening_check check;
  if (request.requester_id.empty()) check.wrong("requester_id", field_error::kind::required, "is required");
  if (!request.required_approvers.empty()) check.approvers(request.required_approvers, rule);
  if (request.min_approvals_required) check.quorum(*request.min_approvals_required, rule);
  if (request.approval_deadline && *request.approval_deadline <= now)
    check.wrong("approval_deadline", field_error::kind::invalid_value, say("must be later than now, ", now));
  return check.found();
}

const approval_rule* rule_for(const approval_policy& policy, approval_action action, severity level) {
  const auto found = std::ranges::find_if(policy.rules, [&](const approval_rule& rule) {
    return std::ranges::find(rule.action_types, action) != rule.action_types.end() &&
           std::ranges::find(rule.severities, level) != rule.severities.end();
  });
  return found == policy.rules.end() ? nullptr : &*found;
}

std::optional<error> check_room(const incident_state& incident, approval_id id) {
  if (incident.find_gate(id) || incident.is_long_ended(id))
    return error{errc::conflict, say("approval request ", id.str(), " exists already")};
  const auto open = std::ranges::count_if(incident.gates, [](const gate_state& g) { return !is_terminal(g.status); });
  if (std::cmp_greater_equal(open, limits::open_gates_per_incident))
    return error{errc::too_many_requests,
                 say("the incident has ", open, " approval requests pending, as many as it may")};
  return std::nullopt;
}

priority priority_for(severity level) {
  switch (level) {
    case severity::p0: return priority::critical;
    case severity::p1: return priority::high;
    case severity::p2:
    case severity::p3:
    case severity::p4: return priority::normal;
  }
  return priority::normal;
}

approval_request complete_request(const cmd::request_approval& from, const incident_state& incident,
                                  const approval_policy& policy, const approval_rule& rule, approval_id id,
                                  time_point now) {
  const auto level = incident.record.severity;
  approval_request request;
  request.id = id;
  request.incident_id = incident.record.id;
  request.action_type = from.action_type;
  request.action_description = from.action_description;
  request.incident_severity = level;
  request.requester_type = from.requester_type;
  request.requester_id = from.requester_id;
  request.request_reason = from.request_reason;
  request.request_priority = from.request_priority.value_or(priority_for(level));
  request.required_approvers = from.required_approvers.empty() ? rule.required_approvers : from.required_approvers;
  request.min_approvals_required = from.min_approvals_required.value_or(rule.min_approvals);
  request.requested_at = now;
  request.approval_deadline = from.approval_deadline.value_or(later(now, policy.deadline_s.at(level)));
  request.expiry_action = from.expiry_action.value_or(policy.expiry_action.at(level));
  request.parameters = from.parameters;
  request.policy_id = policy.id;
  request.policy_version = policy.version;
  return request;
}

// ---- Escalating

/// The role above the highest that was asked so far; nothing at the end of the chain.
std::optional<approver_type> next_role(const approval_request& request, const approval_policy& policy) {
  if (request.required_approvers.size() >= limits::required_approvers) return std::nullopt;
  const auto& chain = policy.escalation_chain;
  auto next = chain.begin();
  for (auto role = chain.begin(); role != chain.end(); ++role)
    if (std::ranges::find(request.required_approvers, *role, &approver_requirement::approver_type) !=
        request.required_approvers.end())
      next = role + 1;
  return next == chain.end() ? std::nullopt : std::optional{*next};
}

gate_step hand_up(const gate_state& gate, approver_type role, std::string reason, approval_audit_entry cause,
                  const approval_policy& policy, time_point now) {
  auto change = change_of(gate);
  change.status = approval_status::escalated;
  change.reason = std::move(reason);
  change.required_approvers = gate.request.required_approvers;
  change.required_approvers.push_back({role, {}, true, {}});
  change.approval_deadline = later(now, policy.deadline_s.at(gate.request.incident_severity));
  change.next_due_at = change.approval_deadline;
  change.audit.push_back(std::move(cause));
  change.audit.push_back(by_agent(now, approval_audit_type::approval_requested,
                                  say("asked ", role, " until ", *change.approval_deadline)));
  return step(gate, std::move(change), approval_decision::escalated, policy, now);
}

gate_step expire(const gate_state& gate, std::string reason, const approval_policy& policy, time_point now) {
  auto change = change_of(gate);
  change.status = approval_status::expired;
  change.reason = std::move(reason);
  change.audit.push_back(by_agent(now, approval_audit_type::request_expired, change.reason));
  return step(gate, std::move(change), approval_decision::expired, policy, now);
}

gate_step wait_on(const gate_state& gate, const approval_policy& policy, time_point now) {
  auto change = change_of(gate);
  change.approval_deadline = later(now, policy.check_interval_s);
  change.next_due_at = change.approval_deadline;
  change.reason =
      say("the deadline ", gate.request.approval_deadline, " has passed; waiting until ", *change.approval_deadline);
  change.audit.push_back(by_agent(now, approval_audit_type::deadline_warning, change.reason));
  return step(gate, std::move(change), approval_decision::approval_pending, policy, now);
}

/// Why a kept vote is not counted; as the fold records a refused one.
approval_audit_entry not_counted(const approval_record& vote, std::string_view why, time_point now) {
  return {now, approval_audit_type::rejection_received, vote.approver_id, actor_type::user,
          say("refused, not counted: ", why)};
}

}  // namespace

result<gate_state> open_gate(const cmd::request_approval& request, const incident_state& incident,
                             const approval_policy& policy, approval_id id, gate_purpose purpose, time_point now) {
  const auto* rule = rule_for(policy, request.action_type, incident.record.severity);
  if (!rule)
    return fail(errc::policy_unavailable,
                say("policy ", policy.id, " has no rule for ", request.action_type, " at ", incident.record.severity));
  if (auto wrong = check_request(request, *rule, now)) return std::unexpected{std::move(*wrong)};
  if (auto full = check_room(incident, id)) return std::unexpected{std::move(*full)};
  gate_state gate;
  gate.request = complete_request(request, incident, policy, *rule, id, now);
  gate.purpose = purpose;
  gate.next_due_at = gate.request.approval_deadline;
  gate.audit.push_back({now, approval_audit_type::request_created, request.requester_id, request.requester_type,
                        say(request.action_type, ": ", request.action_description)});
  gate.audit.push_back(by_agent(now, approval_audit_type::approval_requested,
                                say("asked ", listed_names(gate.request), " until ", gate.request.approval_deadline)));
  return gate;
}

gate_opening with_kept_votes(gate_state gate, std::span<const kept_vote> kept, const approval_policy& policy,
                             time_point now) {
  auto decision = approval_decision::approval_pending;
  for (const auto& entry : kept) {
    if (entry.request_id != gate.request.id) continue;
    if (entry.expires_at <= now) {
      gate.audit.push_back(not_counted(entry.vote, "it came too long before the request", now));
      continue;
    }
    auto counted_step = cast_vote(gate, entry.vote, policy, now);
    if (!counted_step) {
      gate.audit.push_back(not_counted(entry.vote, counted_step.error().message, now));
    } else if (counted_step->changed) {
      gate = std::move(counted_step->after);
      decision = counted_step->verdict.output.decision;
    }
  }
  // The decision falls now, so its actions go out with this verdict.
  auto verdict = is_terminal(gate.status) ? compose_verdict(gate, decision, gate.decided_reason, policy, now)
                                          : judge_approval(gate, policy, now);
  return {std::move(gate), std::move(verdict)};
}

result<gate_step> cast_vote(const gate_state& gate, const approval_record& vote, const approval_policy& policy,
                            time_point now) {
  if (auto closed = closed_to_people(gate, now)) return std::unexpected{std::move(*closed)};
  if (vote.approver_id.empty())
    return std::unexpected{bad_field("approver_id", field_error::kind::required, "is required")};
  const auto before = std::ranges::find(gate.votes, vote.approver_id, &approval_record::approver_id);
  if (before != gate.votes.end()) {
    auto same = unchanged(gate, policy, now);
    same.verdict.output.note = say(vote.approver_id, " has voted before (", before->decision, " at ",
                                   before->decision_timestamp, "); a person has one vote and it stands");
    return same;
  }
  if (!lists(gate.request, vote))
    return fail(errc::forbidden, say(vote.approver_id, " (", vote.approver_type,
                                     ") is not an approver of this request; it asks ", listed_names(gate.request)));
  auto text_bytes = vote.rationale.size();
  for (const auto& condition : vote.conditions) text_bytes += condition.size();
  if (text_bytes > limits::vote_text_bytes)
    return fail(errc::validation_error, say("rationale and conditions are longer than ", limits::vote_text_bytes,
                                            " bytes together; say it shorter"));
  if (gate.votes.size() >= limits::votes_per_gate)
    return fail(errc::too_many_requests, say("the request has ", gate.votes.size(), " votes, as many as it takes"));

  auto change = change_of(gate);
  change.vote = vote;
  change.vote->decision_timestamp = now;  // the voter's clock does not count
  change.audit.push_back(
      {now,
       vote.decision == vote_decision::approved ? approval_audit_type::approval_received
                                                : approval_audit_type::rejection_received,
       vote.approver_id, actor_type::user,
       say(vote.decision, " as ", vote.approver_type, vote.rationale.empty() ? "" : ": ", vote.rationale)});
  const auto judged = judge_approval(changed_gate(gate, change, now), policy, now).output;
  change.status = judged.updated_status;
  change.reason = judged.reason;
  return step(gate, std::move(change), judged.decision, policy, now);
}

result<gate_step> cancel_gate(const gate_state& gate, std::string_view actor, std::string_view reason,
                              const approval_policy& policy, time_point now) {
  if (actor != gate.request.requester_id)
    return fail(errc::forbidden, say("only its requester, ", gate.request.requester_id, ", may cancel this request"));
  if (auto closed = closed_to_people(gate, now)) return std::unexpected{std::move(*closed)};
  auto change = change_of(gate);
  change.status = approval_status::cancelled;
  change.reason = say("cancelled by ", actor, reason.empty() ? "" : ": ", reason);
  change.audit.push_back(
      {now, approval_audit_type::request_cancelled, std::string{actor}, gate.request.requester_type, change.reason});
  return step(gate, std::move(change), approval_decision::cancelled, policy, now);
}

result<gate_step> escalate_gate(const gate_state& gate, std::string_view actor, std::string_view reason,
                                const approval_policy& policy, time_point now) {
  if (auto closed = closed_to_people(gate, now)) return std::unexpected{std::move(*closed)};
  const auto role = next_role(gate.request, policy);
  if (!role) return fail(errc::conflict, "nobody stands higher than those who were asked already");
  auto why = say("escalated to ", *role, " by ", actor, reason.empty() ? "" : ": ", reason);
  approval_audit_entry cause{now, approval_audit_type::escalation_triggered, std::string{actor}, actor_type::user, why};
  return hand_up(gate, *role, std::move(why), std::move(cause), policy, now);
}

gate_step gate_due(const gate_state& gate, const approval_policy& policy, time_point now) {
  if (is_terminal(gate.status) || now < gate.request.approval_deadline) return unchanged(gate, policy, now);
  const auto passed = say("nobody decided by the deadline ", gate.request.approval_deadline);
  switch (gate.request.expiry_action) {
    case expiry_action::auto_reject: return expire(gate, passed, policy, now);
    case expiry_action::notify_and_wait: return wait_on(gate, policy, now);
    case expiry_action::escalate: break;
  }
  const auto role = next_role(gate.request, policy);
  if (!role) return expire(gate, passed + ", and nobody stands higher", policy, now);
  auto why = say("escalated to ", *role, ": ", passed);
  auto cause = by_agent(now, approval_audit_type::escalation_triggered, why);
  return hand_up(gate, *role, std::move(why), std::move(cause), policy, now);
}

}  // namespace im::logic
