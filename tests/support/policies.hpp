#pragma once
/// The default policies, version 1.0.0, as contracts.md gives them; `policies_test.cpp` compares them with what
/// deploy/policies holds.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "messages/json/codec.hpp"
#include "messages/policies.hpp"

namespace im::test {

inline constexpr std::string_view escalation_policy_json = R"({
  "policy_id": "escalation-default", "policy_name": "Default escalation policy", "policy_version": "1.0.0",
  "max_level": 5, "min_interval_seconds": 300, "require_approval_for_p0": true,
  "thresholds": {"sla_acknowledgment_weight": 0.30, "sla_acknowledgment_minutes_left": 0,
                 "sla_resolution_weight": 0.25, "sla_resolution_minutes_left": 30,
                 "severity_suggestion_weight": 0.30, "confidence_weight": 0.15, "confidence_minimum": 0.7},
  "time_factors": {
    "time_since_creation": [{"seconds": 300, "contribution": 0.1}, {"seconds": 900, "contribution": 0.2},
                            {"seconds": 1800, "contribution": 0.3}, {"seconds": 3600, "contribution": 0.4}],
    "time_since_last_escalation": [{"seconds": 300, "contribution": 0.1}, {"seconds": 600, "contribution": 0.2},
                                   {"seconds": 1200, "contribution": 0.3}, {"seconds": 2400, "contribution": 0.4}],
    "time_in_current_state": [{"seconds": 180, "contribution": 0.1}, {"seconds": 600, "contribution": 0.2},
                              {"seconds": 1200, "contribution": 0.3}, {"seconds": 2400, "contribution": 0.4}],
    "sla_remaining": [{"seconds": 300, "contribution": 0.4}, {"seconds": 900, "contribution": 0.3},
                      {"seconds": 1800, "contribution": 0.2}, {"seconds": 3600, "contribution": 0.1}],
    "sla_overdue_contribution": 0.5},
  "severity_step": 0.05,
  "signal_contributions": {"threshold_breach": 0.15, "anomaly": 0.10, "timeout": 0.20},
  "escalate_at": 0.8, "escalate_if_suggested_at": 0.5, "deescalate_at": 0.2,
  "next_evaluation_seconds": {"P0": 60, "P1": 180, "P2": 300, "P3": 600, "P4": 1800},
  "confidence": {"breached_weight": 0.30, "breached_default": 0.5, "signal_weight": 0.25, "signal_default": 0.5,
                 "history_weight": 0.20, "history_base": 0.5, "history_match": 0.3, "history_entries": 3,
                 "clarity_weight": 0.15, "clarity_maintain": 0.7, "clarity_other": 0.9, "completeness_weight": 0.10}
})";

/// Rules made for the tests; the shape and the figures of the rest are the default's.
inline constexpr std::string_view approval_policy_json = R"({
  "policy_id": "approval-test", "policy_name": "Approval policy of the tests", "policy_version": "1.0.0",
  "rules": [
    {"action_types": ["remediation", "rollback"], "severities": ["P0", "P1"], "min_approvals": 2,
     "required_approvers": [{"approver_type": "incident_commander", "required": true},
                            {"approver_type": "sre_lead", "required": true},
                            {"approver_type": "on_call_lead", "required": false}]},
    {"action_types": ["remediation", "rollback", "deployment", "escalation_override", "incident_closure"],
     "severities": ["P0", "P1", "P2", "P3"], "min_approvals": 1,
     "required_approvers": [{"approver_type": "on_call_lead", "required": true}]},
    {"action_types": ["data_access"], "severities": ["P2"], "min_approvals": 1,
     "required_approvers": [{"approver_type": "specific_user", "approver_id": "dora", "required": true}]}],
  "deadline_seconds": {"P0": 900, "P1": 1800, "P2": 3600, "P3": 14400, "P4": 86400},
  "expiry_action": {"P0": "escalate", "P1": "escalate", "P2": "auto_reject", "P3": "auto_reject", "P4": "notify_and_wait"},
  "escalation_chain": ["on_call_lead", "sre_lead", "incident_commander", "engineering_manager", "executive"],
  "closure_gated_severities": ["P0"],
  "check_interval_seconds": 300,
  "confidence": {"all_obtained": 0.4, "no_rejections": 0.2, "compliant": 0.2, "authority_verified": 0.1,
                 "conditions_actionable": 0.1}
})";

template <class Policy>
[[nodiscard]] Policy read_policy(std::string_view text) {
  auto policy = json::decode<Policy>(text);
  if (!policy) throw std::runtime_error{policy.error().message};
  return std::move(*policy);
}

/// The text of deploy/policies/<name>, if it is there; tests run in the project's root.
[[nodiscard]] inline std::optional<std::string> deployed_policy(const std::string& name) {
  std::ifstream file{std::filesystem::path{"deploy/policies"} / name};
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

/// All three of deploy/policies. Fails outside the project's root.
[[nodiscard]] inline const policy_set& deployed_policies() {
  static const policy_set set{read_policy<escalation_policy>(deployed_policy("escalation-default.json").value()),
                              read_policy<approval_policy>(deployed_policy("approval-default.json").value()),
                              read_policy<sla_policy>(deployed_policy("sla-default.json").value())};
  return set;
}

[[nodiscard]] inline const escalation_policy& default_escalation() {
  static const auto policy = read_policy<escalation_policy>(escalation_policy_json);
  return policy;
}

[[nodiscard]] inline const approval_policy& test_approval() {
  static const auto policy = read_policy<approval_policy>(approval_policy_json);
  return policy;
}

}  // namespace im::test
