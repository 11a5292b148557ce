#include "tests/chaos/model.hpp"

#include <algorithm>
#include <set>

namespace im::chaos {

namespace {

const js::value* member_of(const js::value& object, std::string_view member) {
  return object.is_object() ? object.get_object().if_contains(member) : nullptr;
}

bool asks(const js::value& requirement, const vote& cast) {
  const auto role = text_of(requirement, "approver_type");
  if (role != cast.role) return false;
  return role != "specific_user" || text_of(requirement, "approver_id") == cast.who;
}

/// A requirement is met by a specific person, or by anyone of the role.
bool meets(const vote& cast, const js::value& requirement) {
  if (text_of(requirement, "approver_type") == "specific_user") return text_of(requirement, "approver_id") == cast.who;
  return asks(requirement, cast);
}

}  // namespace

std::string_view text_of(const js::value& object, std::string_view member) {
  const auto* found = member_of(object, member);
  return found != nullptr && found->is_string() ? std::string_view{found->get_string()} : std::string_view{};
}

bool flag_of(const js::value& object, std::string_view member) {
  const auto* found = member_of(object, member);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const js::array& list_of(const js::value& object, std::string_view member) {
  static const js::array none;
  const auto* found = member_of(object, member);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

vote vote_of(const js::value& record) {
  return {std::string{text_of(record, "approver_id")}, std::string{text_of(record, "approver_type")},
          text_of(record, "decision") == "approved"};
}

// ---- A gate

bool gate_model::is_decided() const { return status != "pending" && status != "escalated"; }

bool gate_model::lists(const vote& cast) const {
  return std::ranges::any_of(required, [&](const js::value& requirement) { return asks(requirement, cast); });
}

bool gate_model::has_vote_against(const vote& cast) const {
  return std::ranges::any_of(
      votes, [&](const vote& before) { return before.who == cast.who && (cast.approves || !before.approves); });
}

bool gate_model::is_rejected() const {
  return std::ranges::any_of(votes, [](const vote& cast) { return !cast.approves; });
}

bool gate_model::has_quorum() const {
  std::set<std::string> people;
  for (const auto& cast : votes)
    if (cast.approves && lists(cast)) people.insert(cast.who);
  if (std::ssize(people) < std::max<std::int64_t>(1, minimum)) return false;
  return std::ranges::all_of(required, [&](const js::value& requirement) {
    return !flag_of(requirement, "required") || std::ranges::any_of(votes, [&](const vote& cast) {
      return cast.approves && lists(cast) && meets(cast, requirement);
    });
  });
}

// ---- An incident

void incident_model::enter(std::string_view next, std::string_view at) {
  if (next.empty() || next == status) return;
  if (status == "RESOLVED" && next != "CLOSED") resolved_at.clear();
  status = next;
  if (acknowledged_at.empty() && (next == "ACKNOWLEDGED" || next == "IN_PROGRESS")) acknowledged_at = at;
  if (next == "RESOLVED") {
    resolved_at = at;
    evaluate_at.clear();
  }
}

void incident_model::set_severity(std::string_view next) {
  if (next.empty()) return;
  severity = next;
  if (worst_severity.empty() || severity < worst_severity) worst_severity = severity;
}

void incident_model::set_sla(const js::value& fact) {
  const auto* sla = member_of(fact, "sla");
  if (sla == nullptr) return;
  acknowledge_by = text_of(*sla, "acknowledgment_deadline");
  resolve_by = text_of(*sla, "resolution_deadline");
  acknowledgment_breached = flag_of(*sla, "acknowledgment_breached");
  resolution_breached = flag_of(*sla, "resolution_breached");
}

void incident_model::open_gate(const js::value& gate) {
  const auto& request = gate.at("request");
  gate_model opened;
  opened.action = text_of(request, "action_type");
  opened.purpose = text_of(gate, "purpose");
  opened.severity = text_of(request, "incident_severity");
  opened.status = text_of(gate, "status");
  opened.deadline = text_of(request, "approval_deadline");
  opened.required = list_of(request, "required_approvers");
  opened.minimum = request.at("min_approvals_required").to_number<std::int64_t>();
  for (const auto& record : list_of(gate, "votes")) opened.votes.push_back(vote_of(record));
  gates.insert_or_assign(std::string{text_of(request, "approval_request_id")}, std::move(opened));
}

void incident_model::change_gate(const js::value& fact) {
  const auto found = gates.find(text_of(fact, "request_id"));
  if (found == gates.end()) return;
  auto& gate = found->second;
  gate.status = text_of(fact, "status");
  if (const auto* cast = member_of(fact, "vote")) gate.votes.push_back(vote_of(*cast));
  if (const auto& replaced = list_of(fact, "required_approvers"); !replaced.empty()) gate.required = replaced;
  if (const auto moved = text_of(fact, "approval_deadline"); !moved.empty()) gate.deadline = moved;
  if (gate.is_decided() && gate.status != "approved" && gate.purpose == "apply_escalation")
    evaluate_at = text_of(fact, "next_evaluation_at");  // one that nobody decided about comes up again
}

void incident_model::evaluate(const js::value& fact, std::string_view at) {
  set_sla(fact);
  acknowledgment_breached = acknowledgment_breached || flag_of(fact, "acknowledgment_breached");
  resolution_breached = resolution_breached || flag_of(fact, "resolution_breached");
  evaluate_at = text_of(fact, "next_evaluation_at");
  if (!flag_of(fact, "applied")) return;
  set_severity(text_of(fact, "to_severity"));
  enter(text_of(fact, "status"), at);
}

void incident_model::change(const js::value& fact, std::string_view at) {
  enter(text_of(fact, "status"), at);
  set_severity(text_of(fact, "severity"));
  set_sla(fact);
  const auto next = text_of(fact, "next_evaluation_at");
  if (!next.empty() || text_of(fact, "change") == "resolve") evaluate_at = next;
  if (const auto gate = gates.find(text_of(fact, "resumed_by")); gate != gates.end()) ++gate->second.resumed;
}

void incident_model::apply(const js::value& event) {
  const auto& fact = event.at("fact");
  const auto kind = text_of(fact, "kind");
  const auto at = text_of(event, "timestamp");
  if (kind == "incident_opened") {
    const auto& record = fact.at("incident");
    fingerprint = text_of(record, "fingerprint");
    status = text_of(record, "status");
    set_severity(text_of(record, "severity"));
    set_sla(record);
    evaluate_at = text_of(fact, "next_evaluation_at");
  } else if (kind == "incident_changed") {
    change(fact, at);
  } else if (kind == "escalation_evaluated") {
    evaluate(fact, at);
  } else if (kind == "gate_opened") {
    open_gate(fact.at("gate"));
  } else if (kind == "gate_changed") {
    change_gate(fact);
  }
}

bool incident_model::is_acknowledged_late(std::string_view moment) const {
  const auto heeded = std::string_view{acknowledged_at.empty() ? resolved_at : acknowledged_at};
  return !acknowledge_by.empty() && (heeded.empty() ? acknowledge_by <= moment : acknowledge_by < heeded);
}

bool incident_model::is_resolved_late(std::string_view moment) const {
  return !resolve_by.empty() && (resolved_at.empty() ? resolve_by <= moment : resolve_by < resolved_at);
}

std::vector<std::string> incident_model::due_at(std::string_view moment) const {
  std::vector<std::string> due;
  if (!is_open()) return due;
  const auto note = [&](std::string_view what, const std::string& at) {
    if (!at.empty() && at <= moment) due.push_back(std::string{what}.append(" of ").append(at));
  };
  if (!acknowledgment_breached && acknowledged_at.empty()) note("acknowledgment", acknowledge_by);
  if (!resolution_breached) note("resolution", resolve_by);
  const bool is_suspended = std::ranges::any_of(gates, [](const auto& entry) {
    return entry.second.purpose == "apply_escalation" && !entry.second.is_decided();
  });
  if (!is_suspended) note("evaluation", evaluate_at);
  return due;
}

std::vector<std::string> incident_model::gates_due_at(std::string_view moment) const {
  std::vector<std::string> due;
  for (const auto& [id, gate] : gates)
    if (!gate.is_decided() && gate.deadline <= moment) due.push_back("gate " + id + " of " + gate.deadline);
  return due;
}

}  // namespace im::chaos
