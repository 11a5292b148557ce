/// How a gate opens: what the policy fills in, and what is refused because nobody could open it.

#include <algorithm>
#include <set>
#include <utility>

#include "actors/logic/gate_parts.hpp"
#include "messages/identity.hpp"
#include "messages/limits.hpp"

namespace im::logic {

namespace {

bool names_nobody(const approver_requirement& requirement) {
  return requirement.approver_type == approver_type::specific_user &&
         canonical_identity(requirement.approver_id.value_or("")).empty();
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
      if (names_nobody(given[i]))
        wrong(say("required_approvers[", i, "].approver_id"), field_error::kind::required,
              "is required for a specific_user");
    for (const auto& wanted : rule.required_approvers) {
      const bool kept = std::ranges::any_of(given, [&](const approver_requirement& own) {
        return own.required && own.approver_type == wanted.approver_type &&
               (wanted.approver_type != approver_type::specific_user ||
                is_same_identity(own.approver_id.value_or(""), wanted.approver_id.value_or("")));
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

  /// A gate that nobody whom it asks could open would only wait for its deadline.
  void can_open(const approval_request& request, const approval_policy& policy) {
    std::set<std::string> people;
    bool any_role = false;
    for (const auto& asked : request.required_approvers) {
      if (asked.approver_type != approver_type::specific_user) {
        any_role = true;
        continue;
      }
      approval_record vote;
      vote.approver_id = asked.approver_id.value_or("");
      vote.decision = vote_decision::approved;
      if (!is_self_approval(vote, request, policy))
        people.insert(canonical_identity(vote.approver_id));
      else if (asked.required)
        wrong("required_approvers", field_error::kind::invalid_value,
              say("requires ", vote.approver_id, ", who asks for this and may not approve it"));
    }
    if (!any_role && std::cmp_less(people.size(), quorum_of(request)))
      wrong("min_approvals_required", field_error::kind::invalid_value,
            say("is ", quorum_of(request), ", but only ", people.size(), " of those who are asked may approve this"));
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
  if (canonical_identity(request.requester_id).empty())
    check.wrong("requester_id", field_error::kind::required, "is required");
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
  if (rule.sequential) request.sequential = true;
  return request;
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
  opening_check openable;
  openable.can_open(gate.request, policy);
  if (auto never = openable.found()) return std::unexpected{std::move(*never)};
  gate.purpose = purpose;
  gate.next_due_at = gate.request.approval_deadline;
  gate.audit.push_back({now, approval_audit_type::request_created, request.requester_id, request.requester_type,
                        say(request.action_type, ": ", request.action_description)});
  gate.audit.push_back(by_agent(now, approval_audit_type::approval_requested,
                                say("asked ", listed_names(gate.request), " until ", gate.request.approval_deadline)));
  return gate;
}

}  // namespace im::logic
