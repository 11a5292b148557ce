#include "actors/logic/escalation.hpp"

#include <algorithm>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/support/policies.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;
using logic::evaluate_escalation;
using enum escalation_decision;
using Catch::Approx;

/// An input that scores nothing: P4, just opened, no SLA, nothing suggested.
escalation_input quiet() {
  escalation_input input;
  input.incident_id = id_of<incident_id>("incident");
  input.fingerprint = "fingerprint";
  input.current_severity = severity::p4;
  input.current_status = incident_status::in_progress;
  input.signal_source = "llm-sentinel";
  input.signal_timestamp = t0;
  input.resource = affected_resource{resource_type::service, "checkout", "Checkout", {}};
  return input;
}

logic::escalation_verdict judged(const escalation_input& input, time_point now = t0) {
  return evaluate_escalation(input, default_escalation(), now);
}

double score(const escalation_input& input, time_point now = t0) {
  return judged(input, now).output.evaluation_details.raw_escalation_score;
}

const threshold_evaluation* threshold(const escalation_output& output, std::string_view name) {
  const auto& all = output.evaluation_details.thresholds_evaluated;
  const auto found = std::ranges::find(all, name, &threshold_evaluation::name);
  return found == all.end() ? nullptr : &*found;
}

const time_factor* factor(const escalation_output& output, std::string_view name) {
  const auto& all = output.evaluation_details.time_factors;
  const auto found = std::ranges::find(all, name, &time_factor::name);
  return found == all.end() ? nullptr : &*found;
}

std::vector<action_type> actions(const escalation_output& output) {
  std::vector<action_type> types;
  for (const auto& action : output.orchestrator_actions) types.push_back(action.action_type);
  return types;
}

const orchestrator_action& action(const escalation_output& output, action_type type) {
  const auto found = std::ranges::find(output.orchestrator_actions, type, &orchestrator_action::action_type);
  REQUIRE(found != output.orchestrator_actions.end());
  return *found;
}

TEST_CASE("a quiet input scores nothing and lists the level cap alone") {
  const auto output = judged(quiet()).output;
  CHECK(output.evaluation_details.raw_escalation_score == 0);
  REQUIRE(output.evaluation_details.thresholds_evaluated.size() == 1);
  CHECK(output.evaluation_details.thresholds_evaluated[0] ==
        threshold_evaluation{"escalation_level_cap", 5, 0, false, 0});
  CHECK(output.decision == maintain);
  CHECK(actions(output) == std::vector{action_type::log_timeline_event});
}

TEST_CASE("the acknowledgment threshold counts at its boundary or when flagged") {
  struct row {
    double deadline_s;
    bool flagged;
    bool breached;
  };
  const auto r = GENERATE(row{0.001, false, false}, row{0, false, true}, row{-1, false, true}, row{600, true, true},
                          row{600, false, false});
  auto input = quiet();
  input.sla = sla_state{after(r.deadline_s), {}, r.flagged, false};
  const auto output = judged(input).output;
  REQUIRE(threshold(output, "sla_acknowledgment"));
  CHECK(threshold(output, "sla_acknowledgment")->breached == r.breached);
  CHECK(threshold(output, "sla_acknowledgment")->weight == 0.30);
  CHECK(threshold(output, "sla_acknowledgment")->actual_value == Approx(r.deadline_s / 60));
  CHECK_FALSE(threshold(output, "sla_resolution"));
  CHECK(output.evaluation_details.raw_escalation_score == Approx(r.breached ? 0.30 : 0));
}

TEST_CASE("the resolution threshold counts from thirty minutes before its deadline") {
  struct row {
    double deadline_s;
    bool flagged;
    bool breached;
  };
  const auto r = GENERATE(row{1800.001, false, false}, row{1800, false, true}, row{-1, false, true},
                          row{7200, true, true}, row{7200, false, false});
  auto input = quiet();
  input.sla = sla_state{{}, after(r.deadline_s), false, r.flagged};
  const auto output = judged(input).output;
  REQUIRE(threshold(output, "sla_resolution"));
  CHECK(threshold(output, "sla_resolution")->breached == r.breached);
  CHECK(threshold(output, "sla_resolution")->threshold_value == 30);
  CHECK(threshold(output, "sla_resolution")->weight == 0.25);
  CHECK_FALSE(threshold(output, "sla_acknowledgment"));
}

TEST_CASE("a breach that is flagged counts without its deadline") {
  auto input = quiet();
  input.sla = sla_state{{}, {}, true, true};
  CHECK(score(input) == Approx(0.55));
  CHECK_FALSE(factor(judged(input).output, "sla_remaining"));
  input.sla = sla_state{};
  CHECK(judged(input).output.evaluation_details.thresholds_evaluated.size() == 1);
}

TEST_CASE("a suggestion counts when it is more severe than the current severity") {
  for (int current = 0; current <= 4; ++current)
    for (int suggested = 0; suggested <= 4; ++suggested) {
      auto input = quiet();
      input.current_severity = static_cast<severity>(current);
      input.payload.suggested_severity = static_cast<severity>(suggested);
      const auto output = judged(input).output;
      const auto* found = threshold(output, "signal_severity_suggestion");
      REQUIRE(found);
      CHECK(found->actual_value == current - suggested);
      CHECK(found->breached == (suggested < current));
      CHECK(found->weight == 0.30);
      const double expected = (4 - current) * 0.05 + (suggested < current ? 0.30 : 0);
      CHECK(output.evaluation_details.raw_escalation_score == Approx(expected));
    }
}

TEST_CASE("confidence of the signal counts from 0.7") {
  struct row {
    double confidence;
    bool breached;
  };
  const auto r = GENERATE(row{0, false}, row{0.6999, false}, row{0.7, true}, row{1, true});
  auto input = quiet();
  input.payload.signal_confidence = r.confidence;
  CHECK(threshold(judged(input).output, "signal_confidence")->breached == r.breached);
  CHECK(score(input) == Approx(r.breached ? 0.15 : 0));
}

TEST_CASE("time factors take the contribution of the last step reached") {
  struct row {
    double seconds;
    double creation, last, state;
  };
  const auto r = GENERATE(row{0, 0, 0, 0}, row{179, 0, 0, 0}, row{180, 0, 0, .1}, row{299, 0, 0, .1},
                          row{300, .1, .1, .1}, row{599, .1, .1, .1}, row{600, .1, .2, .2}, row{899, .1, .2, .2},
                          row{900, .2, .2, .2}, row{1199, .2, .2, .2}, row{1200, .2, .3, .3}, row{1799, .2, .3, .3},
                          row{1800, .3, .3, .3}, row{2399, .3, .3, .3}, row{2400, .3, .4, .4}, row{3599, .3, .4, .4},
                          row{3600, .4, .4, .4}, row{100'000, .4, .4, .4});
  auto input = quiet();
  input.incident_created_at = t0;
  input.state_entered_at = t0;
  input.time_since_last_escalation_s = r.seconds;
  const auto output = judged(input, after(r.seconds)).output;
  CHECK(factor(output, "time_since_creation")->score_contribution == r.creation);
  CHECK(factor(output, "time_since_last_escalation")->score_contribution == r.last);
  CHECK(factor(output, "time_in_current_state")->score_contribution == r.state);
  CHECK(factor(output, "time_since_creation")->value_seconds == r.seconds);
  CHECK(output.evaluation_details.raw_escalation_score == Approx(r.creation + r.last + r.state));
}

TEST_CASE("the less remains of the resolution deadline, the more it counts") {
  struct row {
    double left;
    double contribution;
  };
  const auto r = GENERATE(row{-10, .5}, row{0, .5}, row{0.001, .4}, row{299, .4}, row{300, .3}, row{899, .3},
                          row{900, .2}, row{1799, .2}, row{1800, .1}, row{3599, .1}, row{3600, 0}, row{90'000, 0});
  auto input = quiet();
  input.sla = sla_state{{}, after(r.left), false, false};
  CHECK(factor(judged(input).output, "sla_remaining")->score_contribution == r.contribution);
}

TEST_CASE("severity and the kind of signal add to the score") {
  for (int level = 0; level <= 4; ++level) {
    auto input = quiet();
    input.current_severity = static_cast<severity>(level);
    CHECK(score(input) == Approx((4 - level) * 0.05));
  }
  const std::vector<std::pair<signal_type, double>> signals{
      {signal_type::threshold_breach, .15}, {signal_type::anomaly, .10}, {signal_type::timeout, .20},
      {signal_type::violation, 0},          {signal_type::manual, 0},    {signal_type::scheduled, 0}};
  for (const auto& [type, contribution] : signals) {
    auto input = quiet();
    input.payload.type = type;
    CHECK(score(input) == Approx(contribution));
  }
}

TEST_CASE("created, updated and the state's begin default to the signal's time") {
  auto input = quiet();
  const auto output = judged(input, after(3600)).output;
  CHECK(factor(output, "time_since_creation")->value_seconds == 3600);
  CHECK(factor(output, "time_in_current_state")->value_seconds == 3600);
  input.incident_updated_at = after(3000);
  CHECK(factor(judged(input, after(3600)).output, "time_in_current_state")->value_seconds == 600);
}

/// An input whose score is .3 (ack) + .25 (resolution) + .15 (confidence) + .1 (anomaly) = .8 to the last bit.
escalation_input pressing() {
  auto input = quiet();
  input.sla = sla_state{{}, {}, true, true};
  input.payload.signal_confidence = 0.9;
  input.payload.type = signal_type::anomaly;
  return input;
}

TEST_CASE("a score of exactly 0.8 escalates, one step of severity and of level") {
  const auto output = judged(pressing()).output;
  CHECK(output.evaluation_details.normalized_score == 0.8);
  CHECK(output.decision == escalate);
  CHECK(output.new_severity == severity::p3);
  CHECK(output.new_escalation_level == 1);
  CHECK(output.severity_delta == -1);
  CHECK(output.applied_policy.triggered_level == 1);
  CHECK(output.applied_policy.max_level == 5);
  CHECK(output.next_evaluation_at == after(600));
  CHECK(actions(output) == std::vector{action_type::log_timeline_event, action_type::update_incident_status,
                                       action_type::notify_escalation_targets});
  CHECK(action(output, action_type::update_incident_status).priority == priority::high);
  CHECK_FALSE(action(output, action_type::update_incident_status).async);
  CHECK(action(output, action_type::update_incident_status).parameters.text.find(R"("new_status":"ESCALATED")") !=
        std::string::npos);
  CHECK(action(output, action_type::notify_escalation_targets).priority == priority::high);
  CHECK(action(output, action_type::notify_escalation_targets).async);
}

TEST_CASE("below 0.8 only a more severe suggestion escalates, down to 0.5") {
  auto input = quiet();
  input.sla = sla_state{{}, {}, true, false};
  input.payload.type = signal_type::timeout;  // .3 + .2
  CHECK(judged(input).output.evaluation_details.normalized_score == 0.5);
  CHECK(judged(input).output.decision == maintain);
  input.sla.reset();
  input.payload.suggested_severity = severity::p2;  // .3 + .2
  CHECK(judged(input).output.evaluation_details.normalized_score == 0.5);
  CHECK(judged(input).output.decision == escalate);
  input.payload.type = signal_type::threshold_breach;  // .3 + .15
  CHECK(judged(input).output.decision == maintain);
}

TEST_CASE("a low score deescalates only an incident in progress that had been escalated") {
  auto input = quiet();
  input.current_severity = severity::p3;
  input.payload.type = signal_type::threshold_breach;  // .05 + .15 = .2
  input.current_escalation_level = 2;
  const auto output = judged(input).output;
  CHECK(output.evaluation_details.normalized_score == 0.2);
  CHECK(output.decision == deescalate);
  CHECK(output.new_severity == severity::p4);
  CHECK(output.new_escalation_level == 1);
  CHECK(output.severity_delta == 1);
  CHECK(output.next_evaluation_at == after(1800));
  CHECK(actions(output) == std::vector{action_type::log_timeline_event, action_type::update_incident_status});
  CHECK(action(output, action_type::update_incident_status).priority == priority::normal);
  CHECK_FALSE(action(output, action_type::update_incident_status).async);

  for (const auto status : {incident_status::fresh, incident_status::acknowledged, incident_status::escalated}) {
    auto other = input;
    other.current_status = status;
    CHECK(judged(other).output.decision == maintain);
  }
  auto never_escalated = input;
  never_escalated.current_escalation_level = 0;
  CHECK(judged(never_escalated).output.decision == maintain);
  auto lowest = input;
  lowest.current_severity = severity::p4;
  CHECK(judged(lowest).output.decision == maintain);
  auto higher = input;
  higher.payload.type = signal_type::timeout;  // .25
  CHECK(judged(higher).output.decision == maintain);
}

TEST_CASE("the cap comes before the interval, the interval before the status, the status before the score") {
  auto input = pressing();
  input.current_escalation_level = 5;
  input.time_since_last_escalation_s = 10;
  input.current_status = incident_status::resolved;
  CHECK(judged(input).output.decision == maintain);
  CHECK(threshold(judged(input).output, "escalation_level_cap")->breached);
  input.current_escalation_level = 4;
  const auto deferred = judged(input).output;
  CHECK(deferred.decision == defer);
  CHECK(deferred.defer_until == after(290));
  CHECK_FALSE(deferred.next_evaluation_at);
  CHECK_FALSE(deferred.new_severity);
  CHECK(actions(deferred) == std::vector{action_type::log_timeline_event});
  input.time_since_last_escalation_s = 300;
  CHECK(judged(input).output.decision == maintain);
  input.current_status = incident_status::closed;
  CHECK(judged(input).output.decision == maintain);
  input.current_status = incident_status::fresh;
  CHECK(judged(input).output.decision == escalate);
  CHECK(judged(input).output.new_escalation_level == 5);
}

TEST_CASE("severity and level stay within their ends, whatever the input") {
  for (int current = 0; current <= 4; ++current)
    for (int level = 0; level <= 6; ++level) {
      auto input = pressing();
      input.current_severity = static_cast<severity>(current);
      input.current_escalation_level = level;
      const auto output = judged(input).output;
      CHECK(output.decision == (level >= 5 ? maintain : escalate));
      if (output.decision != escalate) continue;
      CHECK(*output.new_severity == static_cast<severity>(std::max(0, current - 1)));
      CHECK(*output.new_escalation_level == level + 1);
      CHECK(*output.severity_delta == (current == 0 ? 0 : -1));
    }
}

TEST_CASE("only what becomes P0 asks for approval, and only if the policy says so") {
  for (int current = 0; current <= 4; ++current)
    for (const bool required : {true, false}) {
      auto policy = default_escalation();
      policy.require_approval_for_p0 = required;
      auto input = pressing();
      input.current_severity = static_cast<severity>(current);
      const auto output = evaluate_escalation(input, policy, t0).output;
      const bool asks = std::ranges::count(actions(output), action_type::request_approval) == 1;
      CHECK(asks == (required && current == 1));
      CHECK(logic::needs_approval(input, output, policy) == asks);
      const bool new_p0 = current <= 1;
      CHECK(action(output, action_type::notify_escalation_targets).priority ==
            (new_p0 ? priority::critical : priority::high));
      if (asks) {
        CHECK(action(output, action_type::request_approval).priority == priority::critical);
        CHECK_FALSE(action(output, action_type::request_approval).async);
      }
    }
}

TEST_CASE("the next evaluation comes after what the resulting severity asks for") {
  const std::vector<std::pair<severity, double>> waits{
      {severity::p0, 60}, {severity::p1, 180}, {severity::p2, 300}, {severity::p3, 600}, {severity::p4, 1800}};
  for (const auto& [level, seconds] : waits) {
    auto input = quiet();
    input.current_severity = level;
    CHECK(judged(input).output.next_evaluation_at == after(seconds));
  }
}

TEST_CASE("confidence adds its weighted parts") {
  // .3 × .5 (no weighted threshold) + .25 × .5 + .2 × .5 + .15 × .7 + .1 × 1
  CHECK(judged(quiet()).confidence == Approx(0.15 + 0.125 + 0.10 + 0.105 + 0.10));

  auto input = pressing();
  input.title = "Latency";
  input.incident_created_at = t0;
  input.payload.suggested_severity = severity::p2;
  const escalation_history_entry match{t0, severity::p3, severity::p2, 0, 1, {}, {}};
  const escalation_history_entry other{t0, severity::p3, severity::p1, 0, 1, {}, {}};
  // all breached; .9 sure; history .5; escalate; complete
  CHECK(judged(input).confidence == Approx(0.30 + 0.25 * 0.9 + 0.20 * 0.5 + 0.15 * 0.9 + 0.10));
  input.history = {match, match, match, other, other};  // of the last three, one matches
  CHECK(judged(input).confidence == Approx(0.30 + 0.25 * 0.9 + 0.20 * 0.8 + 0.15 * 0.9 + 0.10));
  input.history = {other, match, match};
  CHECK(judged(input).confidence == Approx(0.30 + 0.25 * 0.9 + 0.20 * 1.0 + 0.15 * 0.9 + 0.10));
}

TEST_CASE("confidence counts breached thresholds by their number, not by their weights") {
  auto input = quiet();
  input.payload.signal_confidence = 0.5;  // weight .15, below its bound
  input.sla = sla_state{};
  input.sla->acknowledgment_breached = true;  // weight .30
  CHECK(judged(input).confidence == Approx(0.30 / 2 + 0.25 * 0.5 + 0.20 * 0.5 + 0.15 * 0.7 + 0.10));
}

TEST_CASE("completeness misses what has no default") {
  const auto whole = judged(quiet()).confidence;
  auto input = quiet();
  input.resource.reset();
  CHECK(judged(input).confidence == Approx(whole - 0.01));
  input.fingerprint.clear();
  CHECK(judged(input).confidence == Approx(whole - 0.02));
}

TEST_CASE("constraints tell thresholds, policy, deadlines and the interval") {
  auto input = pressing();
  input.current_severity = severity::p1;
  input.sla = sla_state{after(-5), after(7200), false, false};
  input.time_since_last_escalation_s = 100;
  const auto verdict = judged(input);
  CHECK(verdict.constraints.severity_thresholds.size() == 4);
  REQUIRE(verdict.constraints.time_constraints.size() == 2);
  CHECK(verdict.constraints.time_constraints[0].breached);
  CHECK_FALSE(verdict.constraints.time_constraints[1].breached);
  REQUIRE(verdict.constraints.rate_limits.size() == 1);
  CHECK(verdict.constraints.rate_limits[0].exceeded);
  REQUIRE(verdict.constraints.policy_constraints.size() == 1);
  CHECK_FALSE(verdict.constraints.policy_constraints[0].satisfied);
  CHECK_FALSE(verdict.output.reason.empty());
}

TEST_CASE("an input is filled from the incident that we hold") {
  auto state = sample_state(severity::p2);
  state.record.status = incident_status::in_progress;
  state.record.escalation_level = 1;
  state.record.acknowledged_at = after(50);
  state.record.sla = sla_state{after(60), after(120), false, false};
  state.status_since = after(50);
  state.last_escalation_at = after(20);
  const auto input = logic::escalation_input_from(state, "scheduled", after(200), {}, after(200));
  CHECK(input.current_severity == severity::p2);
  CHECK(input.current_escalation_level == 1);
  CHECK(input.state_entered_at == after(50));
  CHECK(input.time_since_last_escalation_s == 180);
  CHECK(input.title == state.record.title);
  REQUIRE(input.sla);
  CHECK_FALSE(input.sla->acknowledgment_deadline);  // it was met
  CHECK_FALSE(input.sla->acknowledgment_breached);
  CHECK(input.sla->resolution_breached);  // it is over, and nothing is resolved
}

TEST_CASE("a deadline that was missed stays missed, one that was met stays met") {
  auto record = sample_incident();
  record.sla = sla_state{after(60), after(120), false, false};
  CHECK_FALSE(logic::sla_at(record, after(59.999)).acknowledgment_breached);
  CHECK(logic::sla_at(record, after(60)).acknowledgment_breached);
  CHECK_FALSE(logic::sla_at(record, after(119)).resolution_breached);
  record.acknowledged_at = after(60);
  CHECK_FALSE(logic::sla_at(record, after(1000)).acknowledgment_breached);
  record.acknowledged_at = after(61);
  CHECK(logic::sla_at(record, after(1000)).acknowledgment_breached);
  record.acknowledged_at.reset();
  record.resolved_at = after(30);
  CHECK_FALSE(logic::sla_at(record, after(1000)).acknowledgment_breached);
  CHECK_FALSE(logic::sla_at(record, after(1000)).resolution_breached);
  record.sla.resolution_breached = true;
  CHECK(logic::sla_at(record, after(40)).resolution_breached);
}

}  // namespace
