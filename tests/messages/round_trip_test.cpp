#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "messages/fold.hpp"
#include "tests/support/filler.hpp"

namespace {

using namespace im;
using im::test::filled;

/// Written, read and written again: the same text, and the same value where values compare.
template <class T>
void check_round_trip(const T& value) {
  const auto text = json::encode(value);
  CAPTURE(text);
  const auto again = json::decode<T>(text);
  if (!again) FAIL(again.error().message);
  CHECK(json::encode(*again) == text);
  if constexpr (std::equality_comparable<T>) CHECK(*again == value);
}

TEMPLATE_TEST_CASE("a described type reads back as it was written, with every field set", "", affected_resource,
                   sla_state, resolution_record, incident_metrics, incident, orchestrator_action, signal_payload,
                   escalation_history_entry, threshold_evaluation, time_factor, escalation_details,
                   applied_escalation_policy, assignment_update, escalation_output, approval_record,
                   approver_requirement, action_parameters, approval_request, approval_audit_entry, gate_state,
                   final_approver, im::approval_conditions, rule_evaluation, policy_compliance, approval_output,
                   timeline_entry, postmortem_input, key_moment, root_cause, postmortem_impact, postmortem_resolution,
                   action_item, postmortem_output, policy_ref, policy_refs, escalation_policy, approval_policy,
                   sla_policy, constraints_applied, audit_metadata, kept_vote, postmortem_summary, incident_state,
                   decision_event) {
  check_round_trip(filled<TestType>());
}

template <std::size_t... I>
void check_facts(std::index_sequence<I...>) {
  (
      [] {
        fact_box box{any_fact{std::in_place_index<I>}};
        const auto value = filled(box);
        const auto again = json::decode<fact_box>(json::encode(value));
        REQUIRE(again);
        CHECK(again->value.index() == I);
        check_round_trip(value);
      }(),
      ...);
}

TEST_CASE("every kind of fact reads back as the same kind") {
  check_facts(std::make_index_sequence<std::variant_size_v<any_fact>>{});
}

TEST_CASE("what is absent is not written, and reads back absent") {
  const auto text = json::encode(incident{});
  for (const auto* name : {"external_id", "impact", "assigned_to", "acknowledged_at", "resolution", "parent_incident"})
    CHECK(text.find('"' + std::string{name} + "\":") == std::string::npos);
  const auto again = json::decode<incident>(text);
  REQUIRE(again);
  incident expected;
  expected.metadata.text = "{}";
  CHECK(*again == expected);
}

TEST_CASE("enum words are unique and read back") {
  const auto check = []<class E>(E last) {
    for (int i = 0; i <= static_cast<int>(last); ++i)
      CHECK(from_string<E>(to_string(static_cast<E>(i))) == static_cast<E>(i));
    CHECK_FALSE(from_string<E>("nonsense"));
    CHECK_FALSE(from_string<E>(""));
  };
  check(severity::p4);
  check(incident_status::closed);
  check(decision_type::deferred_decision);
  check(action_type::log_postmortem_event);
  check(approval_action::incident_closure);
  check(approver_type::specific_user);
  check(approval_status::cancelled);
  check(approval_audit_type::decision_finalized);
  check(timeline_type::decision);
  check(errc::internal);
}

}  // namespace
