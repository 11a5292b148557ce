#include "tests/support/policies.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

namespace {

using namespace im;
using namespace im::test;

TEST_CASE("the deployed escalation policy has the figures of the contract") {
  const auto text = deployed_policy("escalation-default.json");
  if (!text) SKIP("deploy/policies/escalation-default.json is not there");
  auto deployed = json::decode<escalation_policy>(*text);
  REQUIRE(deployed);
  auto expected = default_escalation();
  expected.id = deployed->id;
  expected.name = deployed->name;
  expected.signal_contributions = deployed->signal_contributions;
  CHECK(*deployed == expected);
  CHECK(deployed->version == "1.0.0");
  for (const auto& [type, contribution] : default_escalation().signal_contributions)
    CHECK(deployed->signal_contributions[type] == contribution);
  for (const auto& [type, contribution] : deployed->signal_contributions)
    CHECK((contribution == 0 || default_escalation().signal_contributions.contains(type)));
}

TEST_CASE("the deployed approval policy has a rule for every action at every severity, and can be met") {
  const auto text = deployed_policy("approval-default.json");
  if (!text) SKIP("deploy/policies/approval-default.json is not there");
  const auto policy = json::decode<approval_policy>(*text);
  REQUIRE(policy);
  CHECK(policy->check_interval_s == 300);
  CHECK(policy->confidence == test_approval().confidence);
  CHECK_FALSE(policy->escalation_chain.empty());
  for (const auto& rule : policy->rules) {
    CHECK(rule.min_approvals >= 1);
    CHECK_FALSE(rule.required_approvers.empty());
  }
  for (int action = 0; action <= static_cast<int>(approval_action::incident_closure); ++action)
    for (int level = 0; level <= 4; ++level) {
      CAPTURE(to_string(static_cast<approval_action>(action)), level);
      CHECK(std::ranges::any_of(policy->rules, [&](const approval_rule& rule) {
        return std::ranges::count(rule.action_types, static_cast<approval_action>(action)) > 0 &&
               std::ranges::count(rule.severities, static_cast<severity>(level)) > 0;
      }));
    }
}

TEST_CASE("the deployed SLA policy reads") {
  const auto text = deployed_policy("sla-default.json");
  if (!text) SKIP("deploy/policies/sla-default.json is not there");
  CHECK(json::decode<sla_policy>(*text));
}

std::vector<std::string> names(const std::vector<field_error>& bad) {
  std::vector<std::string> fields;
  for (const auto& one : bad) fields.push_back(one.field);
  return fields;
}

TEST_CASE("the times of a policy are within their bounds, and each that is not is named") {
  using fields = std::vector<std::string>;
  CHECK(check(default_escalation()).empty());
  CHECK(check(test_approval()).empty());
  auto escalation = default_escalation();
  escalation.min_interval_s = 0;
  escalation.next_evaluation_s = {policy_least_s, policy_most_s, 0, policy_most_s + 1, -1e300};
  CHECK(names(check(escalation)) ==
        fields{"next_evaluation_seconds.P2", "next_evaluation_seconds.P3", "next_evaluation_seconds.P4"});
  escalation = default_escalation();
  escalation.min_interval_s = -1;
  CHECK(names(check(escalation)) == fields{"min_interval_seconds"});
  auto approval = test_approval();
  approval.deadline_s.values[1] = 0;
  approval.check_interval_s = 1e300;
  CHECK(names(check(approval)) == fields{"deadline_seconds.P1", "check_interval_seconds"});
  const sla_policy sla{{}, {}, {}, {300, 0, {}, {}, {}}, {-1, 3600, {}, {}, {}}};
  CHECK(names(check(sla)) == fields{"acknowledge_seconds.P1", "resolve_seconds.P0"});
}

TEST_CASE("half a policy is refused, with every figure that it lacks") {
  const auto half = json::decode<escalation_policy>(R"({"policy_id":"x","max_level":5})");
  REQUIRE_FALSE(half);
  CHECK(half.error().code == errc::validation_error);
  CHECK(half.error().fields.size() == 13);
}

}  // namespace
