/// What the judge knows of approval gates.

#include <algorithm>

#include "tests/chaos/judge.hpp"
#include "tests/chaos/model.hpp"

namespace im::chaos {

namespace {

bool names(const js::value& rule, std::string_view list, std::string_view word) {
  return std::ranges::any_of(list_of(rule, list), [&](const js::value& one) {
    return one.is_string() && std::string_view{one.get_string()} == word;
  });
}

/// Walks one log, and looks at each step of a gate against the state before it.
class gate_judge {
public:
  gate_judge(const incident_log& log, const js::object& policy, tally& counted, violations& found)
      : log_{log}, policy_{policy}, counted_{counted}, found_{found} {}

  void run() {
    for (const auto& event : log_.events) {
      sequence_ = event.at("sequence").to_number<std::int64_t>();
      now_ = text_of(event, "timestamp");
      const auto& fact = event.at("fact");
      const auto kind = text_of(fact, "kind");
      if (kind == "gate_opened") look_at_opening(fact.at("gate"));
      if (kind == "gate_changed") look_at_change(fact);
      if (kind == "incident_changed" || kind == "escalation_evaluated") look_at_rise_and_close(fact);
      const auto deadline = deadline_before(fact);
      model_.apply(event);
      if (kind == "gate_opened")
        look_at_verdict(text_of(fact.at("gate").at("request"), "approval_request_id"), deadline);
      if (kind == "gate_changed") look_at_verdict(text_of(fact, "request_id"), deadline);
    }
  }

private:
  void wrong(std::string_view gate, std::string_view what) {
    found_.push_back(
        {log_.id, "event " + std::to_string(sequence_) + ", gate " + std::string{gate} + ": " + std::string{what}});
  }

  [[nodiscard]] std::string deadline_before(const js::value& fact) const {
    const auto found = model_.gates.find(text_of(fact, "request_id"));
    if (found != model_.gates.end()) return found->second.deadline;
    const auto* gate = fact.get_object().if_contains("gate");
    return gate == nullptr ? std::string{} : std::string{text_of(gate->at("request"), "approval_deadline")};
  }

  /// The first rule of the policy that names the action and the severity: whom a gate may not leave out.
  [[nodiscard]] const js::value* rule_of(const gate_model& gate) const {
    for (const auto& rule : policy_.at("rules").as_array())
      if (names(rule, "action_types", gate.action) && names(rule, "severities", gate.severity)) return &rule;
    return nullptr;
  }

  void look_at_opening(const js::value& gate) {
    ++counted_.gates;
    const auto id = text_of(gate.at("request"), "approval_request_id");
    if (model_.gates.contains(id)) wrong(id, "it is opened twice");
  }

  void look_at_change(const js::value& fact) {
    const auto id = text_of(fact, "request_id");
    const auto found = model_.gates.find(id);
    if (found == model_.gates.end()) return wrong(id, "it changes before it is opened");
    const auto& gate = found->second;
    if (gate.is_decided()) wrong(id, "it was " + gate.status + " already");
    if (const auto* record = fact.get_object().if_contains("vote")) {
      const auto cast = vote_of(*record);
      if (!gate.lists(cast)) wrong(id, "a vote is counted of " + cast.who + ", whom it does not list as " + cast.role);
      if (gate.has_vote_against(cast)) wrong(id, cast.who + " votes twice");
      if (now_ >= gate.deadline) wrong(id, "a vote is counted after the deadline " + gate.deadline);
    }
    if (text_of(fact, "status") == "expired" && now_ < gate.deadline)
      wrong(id, "it expires before its deadline " + gate.deadline);
  }

  void look_at_verdict(std::string_view id, const std::string& deadline) {
    const auto found = model_.gates.find(id);
    if (found == model_.gates.end()) return;
    const auto& gate = found->second;
    if (gate.status == "expired") ++counted_.expired;
    if (gate.status == "rejected" && !gate.is_rejected()) wrong(id, "it is rejected, and nobody rejects it");
    if (gate.status != "approved") return;
    ++counted_.approved;
    if (!gate.has_quorum()) wrong(id, "it is approved without its quorum");
    if (gate.is_rejected()) wrong(id, "it is approved though somebody rejects it");
    if (now_ >= deadline) wrong(id, "it is approved after its deadline " + deadline);
    const auto* rule = rule_of(gate);
    if (rule == nullptr) return wrong(id, "it is approved, and the policy has no rule for it");
    auto by_policy = gate;
    by_policy.minimum = rule->at("min_approvals").to_number<std::int64_t>();
    by_policy.required = list_of(*rule, "required_approvers");
    // Whoever was asked beyond the policy counts for the number, but not in place of whom it requires.
    for (const auto& more : gate.required)
      if (std::ranges::find(by_policy.required, more) == by_policy.required.end()) by_policy.required.push_back(more);
    if (!by_policy.has_quorum()) wrong(id, "it is approved by fewer than the policy asks for");
  }

  /// An incident becomes a P0, and a P0 or P1 is closed, only by the approval of people.
  void look_at_rise_and_close(const js::value& fact) {
    const bool evaluated = text_of(fact, "kind") == "escalation_evaluated";
    const auto severity = evaluated ? text_of(fact, "to_severity") : text_of(fact, "severity");
    const bool applied = !evaluated || flag_of(fact, "applied");
    const bool rises = applied && severity == "P0" && model_.severity != "P0";
    const bool closes =
        text_of(fact, "status") == "CLOSED" && names(policy_, "closure_gated_severities", model_.worst_severity);
    const auto gate = text_of(fact, "resumed_by");
    const auto found = model_.gates.find(gate);
    const bool is_approved = found != model_.gates.end() && found->second.status == "approved";
    if ((rises || closes) && !is_approved)
      wrong(gate, rises ? "the incident becomes a P0 without approval" : "the incident is closed without approval");
    if (!gate.empty() && !is_approved) wrong(gate, "what waited for it goes on, and it is not approved");
    if (found != model_.gates.end() && found->second.resumed > 0) wrong(gate, "what waited for it goes on twice");
  }

  const incident_log& log_;
  const js::object& policy_;
  tally& counted_;
  violations& found_;
  incident_model model_;
  std::int64_t sequence_ = 0;
  std::string now_;
};

}  // namespace

void judge_gates(const incident_log& log, const js::object& approval_policy, tally& counted, violations& found) {
  gate_judge{log, approval_policy, counted, found}.run();
}

}  // namespace im::chaos
