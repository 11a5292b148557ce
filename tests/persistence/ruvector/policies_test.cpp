#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "messages/json/codec.hpp"
#include "messages/policies.hpp"

using namespace im;

namespace {

/// Tests run from the project's root.
template <class P>
P shipped(const char* name) {
  std::ifstream in{std::filesystem::path{"deploy/policies"} / name};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto policy = json::decode<P>(text);
  INFO((policy ? std::string{} : policy.error().message));
  REQUIRE(policy);
  return *policy;
}

}  // namespace

TEST_CASE("the shipped escalation policy has the figures of the contract") {
  const auto p = shipped<escalation_policy>("escalation-default.json");
  CHECK(p.id == "default-escalation-policy");
  CHECK(p.version == "1.0.0");
  CHECK(p.max_level == 5);
  CHECK(p.min_interval_s == 300);
  CHECK(p.require_approval_for_p0);
  CHECK(p.thresholds == escalation_thresholds{.30, 0, .25, 30, .30, .15, .7});
  CHECK(p.time_factors.since_creation == std::vector<time_step>{{300, .1}, {900, .2}, {1800, .3}, {3600, .4}});
  CHECK(p.time_factors.since_last_escalation == std::vector<time_step>{{300, .1}, {600, .2}, {1200, .3}, {2400, .4}});
  CHECK(p.time_factors.in_current_state == std::vector<time_step>{{180, .1}, {600, .2}, {1200, .3}, {2400, .4}});
  CHECK(p.time_factors.sla_remaining == std::vector<time_step>{{300, .4}, {900, .3}, {1800, .2}, {3600, .1}});
  CHECK(p.time_factors.sla_overdue_contribution == .5);
  CHECK(p.severity_step == .05);
  CHECK(p.signal_contributions.size() == 3);
  CHECK(p.signal_contributions.at("threshold_breach") == .15);
  CHECK(p.signal_contributions.at("anomaly") == .10);
  CHECK(p.signal_contributions.at("timeout") == .20);
  CHECK(p.escalate_at == .8);
  CHECK(p.escalate_if_suggested_at == .5);
  CHECK(p.deescalate_at == .2);
  CHECK(p.next_evaluation_s.values == std::array<double, 5>{60, 180, 300, 600, 1800});
  CHECK(p.confidence == escalation_confidence{.30, .5, .25, .5, .20, .5, .3, 3, .15, .7, .9, .10});
}

TEST_CASE("the shipped approval policy has a rule for every action at every severity") {
  const auto p = shipped<approval_policy>("approval-default.json");
  CHECK(p.id == "default-approval-policy");
  for (const auto action :
       {approval_action::remediation, approval_action::rollback, approval_action::deployment,
        approval_action::public_disclosure, approval_action::data_access, approval_action::escalation_override,
        approval_action::policy_exception, approval_action::budget_override, approval_action::incident_closure})
    for (const auto s : {severity::p0, severity::p1, severity::p2, severity::p3, severity::p4}) {
      const auto rule = std::ranges::find_if(p.rules, [&](const approval_rule& r) {
        return std::ranges::count(r.action_types, action) != 0 && std::ranges::count(r.severities, s) != 0;
      });
      INFO(to_string(action) << ' ' << to_string(s));
      REQUIRE(rule != p.rules.end());
      CHECK(rule->min_approvals >= 1);
      CHECK(static_cast<std::size_t>(rule->min_approvals) <= rule->required_approvers.size());
    }
  CHECK(p.deadline_s.values == std::array<double, 5>{900, 3600, 14400, 86400, 86400});
  CHECK(p.expiry_action.at(severity::p1) == expiry_action::escalate);
  CHECK(p.expiry_action.at(severity::p2) == expiry_action::auto_reject);
  CHECK(p.escalation_chain.size() == 5);
  CHECK(p.closure_gated_severities == std::vector{severity::p0, severity::p1});
  CHECK(p.check_interval_s == 300);
  CHECK(p.confidence == approval_confidence{.4, .2, .2, .1, .1});
}

TEST_CASE("the shipped SLA policy sets deadlines down to P3") {
  const auto p = shipped<sla_policy>("sla-default.json");
  CHECK(p.id == "default-sla-policy");
  CHECK(p.acknowledge_s.values == std::array<std::optional<double>, 5>{300, 900, 3600, 14400, std::nullopt});
  CHECK(p.resolve_s.values == std::array<std::optional<double>, 5>{3600, 14400, 86400, 259200, std::nullopt});
}
