#include "actors/logic/escalation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "actors/logic/words.hpp"

namespace im::logic {

namespace {

constexpr double minute_s = 60;

/// Sums of weights such as .3 + .25 + .15 + .1 must meet a bound of .8 as people add them.
double settled(double score) { return std::round(score * 1e9) / 1e9; }

// ---- Thresholds and time factors

threshold_evaluation deadline_threshold(std::string name, const std::optional<time_point>& deadline, bool flagged,
                                        double minutes_bound, double weight, time_point now) {
  const double left = deadline ? seconds_between(now, *deadline) / minute_s : 0;
  return {std::move(name), minutes_bound, left, flagged || left <= minutes_bound, weight};
}

std::vector<threshold_evaluation> evaluate_thresholds(const escalation_input& input, const escalation_policy& policy,
                                                      time_point now) {
  const auto& figures = policy.thresholds;
  const auto sla = input.sla.value_or(sla_state{});
  std::vector<threshold_evaluation> all;
  if (sla.acknowledgment_deadline || sla.acknowledgment_breached)
    all.push_back(deadline_threshold("sla_acknowledgment", sla.acknowledgment_deadline, sla.acknowledgment_breached,
                                     figures.sla_acknowledgment_minutes_left, figures.sla_acknowledgment_weight, now));
  if (sla.resolution_deadline || sla.resolution_breached)
    all.push_back(deadline_threshold("sla_resolution", sla.resolution_deadline, sla.resolution_breached,
                                     figures.sla_resolution_minutes_left, figures.sla_resolution_weight, now));
  if (const auto suggested = input.payload.suggested_severity)
    all.push_back({"signal_severity_suggestion", 0,
                   static_cast<double>(number_of(input.current_severity) - number_of(*suggested)),
                   suggests_more_severe(input), figures.severity_suggestion_weight});
  if (const auto confidence = input.payload.signal_confidence)
    all.push_back({"signal_confidence", figures.confidence_minimum, *confidence,
                   *confidence >= figures.confidence_minimum, figures.confidence_weight});
  all.push_back({"escalation_level_cap", static_cast<double>(policy.max_level),
                 static_cast<double>(input.current_escalation_level),
                 input.current_escalation_level >= policy.max_level, 0});
  return all;
}

/// The contribution of the last step that is reached.
double reached(const std::vector<time_step>& steps, double seconds) {
  double contribution = 0;
  for (const auto& step : steps)
    if (seconds >= step.seconds) contribution = step.contribution;
  return contribution;
}

/// The contribution of the first step that is not yet reached: the less remains, the more it counts.
double remaining(const escalation_time_factors& figures, double seconds) {
  if (seconds <= 0) return figures.sla_overdue_contribution;
  const auto step =
      std::ranges::find_if(figures.sla_remaining, [&](const time_step& s) { return seconds < s.seconds; });
  return step == figures.sla_remaining.end() ? 0 : step->contribution;
}

std::vector<time_factor> evaluate_time_factors(const escalation_input& input, const escalation_policy& policy,
                                               time_point now) {
  const auto& figures = policy.time_factors;
  const auto since = [&](time_point from) { return std::max(0.0, seconds_between(from, now)); };
  const double age = since(input.incident_created_at.value_or(input.signal_timestamp));
  const double in_state =
      since(input.state_entered_at.value_or(input.incident_updated_at.value_or(input.signal_timestamp)));
  std::vector<time_factor> all{{"time_since_creation", age, reached(figures.since_creation, age)}};
  if (const auto last = input.time_since_last_escalation_s)
    all.push_back({"time_since_last_escalation", *last, reached(figures.since_last_escalation, *last)});
  all.push_back({"time_in_current_state", in_state, reached(figures.in_current_state, in_state)});
  if (input.sla && input.sla->resolution_deadline) {
    const double left = seconds_between(now, *input.sla->resolution_deadline);
    all.push_back({"sla_remaining", left, remaining(figures, left)});
  }
  return all;
}

escalation_details evaluate_details(const escalation_input& input, const escalation_policy& policy, time_point now) {
  escalation_details details{evaluate_thresholds(input, policy, now), evaluate_time_factors(input, policy, now), 0, 0};
  double score = 0;
  for (const auto& threshold : details.thresholds_evaluated) score += threshold.breached ? threshold.weight : 0;
  for (const auto& factor : details.time_factors) score += factor.score_contribution;
  score += (number_of(severity::p4) - number_of(input.current_severity)) * policy.severity_step;
  const auto signal = policy.signal_contributions.find(to_string(input.payload.type));
  if (signal != policy.signal_contributions.end()) score += signal->second;
  details.raw_escalation_score = settled(score);
  details.normalized_score = std::clamp(details.raw_escalation_score, 0.0, 1.0);
  return details;
}

// ---- The decision

struct choice {
  escalation_decision decision = escalation_decision::maintain;
  std::string reason;
};

std::string breached_names(const escalation_details& details) {
  std::string names;
  for (const auto& threshold : details.thresholds_evaluated)
    if (threshold.breached && threshold.weight > 0)
      names.append(names.empty() ? "; breached: " : ", ").append(threshold.name);
  return names;
}

choice choose(const escalation_input& input, const escalation_policy& policy, const escalation_details& details) {
  using enum escalation_decision;
  const double score = details.normalized_score;
  const int level = input.current_escalation_level;
  if (level >= policy.max_level)
    return {maintain, say("escalation level ", level, " is the highest that policy ", policy.id, " allows (",
                          policy.max_level, ")")};
  if (const auto last = input.time_since_last_escalation_s; last && *last < policy.min_interval_s)
    return {defer, say("the last escalation was ", shown_duration(*last), " ago; policy ", policy.id, " waits ",
                       shown_duration(policy.min_interval_s), " between two")};
  if (!is_open(input.current_status))
    return {maintain, say("the incident is ", input.current_status, "; only an open one is escalated")};
  if (score >= policy.escalate_at)
    return {escalate, say("score ", score, " reaches ", policy.escalate_at, breached_names(details))};
  if (score >= policy.escalate_if_suggested_at && suggests_more_severe(input))
    return {escalate, say("score ", score, " reaches ", policy.escalate_if_suggested_at, " and the signal suggests ",
                          *input.payload.suggested_severity, breached_names(details))};
  if (score >= policy.escalate_if_suggested_at)
    return {maintain, say("score ", score, " is below ", policy.escalate_at,
                          " and the signal suggests nothing more severe than ", input.current_severity)};
  if (score <= policy.deescalate_at && level > 0 && input.current_severity != severity::p4 &&
      input.current_status == incident_status::in_progress)
    return {deescalate, say("score ", score, " is at or below ", policy.deescalate_at,
                            " while the incident is in progress at level ", level)};
  return {maintain, say("score ", score, " calls for no change at ", input.current_severity, ", level ", level)};
}

void apply_choice(escalation_output& output, const escalation_input& input, const escalation_policy& policy,
                  time_point now) {
  const auto from = input.current_severity;
  const int level = input.current_escalation_level;
  switch (output.decision) {
    case escalation_decision::escalate:
      output.new_severity = one_up(from);
      output.new_escalation_level = std::min(level + 1, policy.max_level);
      output.applied_policy.triggered_level = output.new_escalation_level;
      break;
    case escalation_decision::deescalate:
      output.new_severity = one_down(from);
      output.new_escalation_level = std::max(level - 1, 0);
      output.applied_policy.triggered_level = output.new_escalation_level;
      break;
    case escalation_decision::defer:
      output.defer_until =
          later(now, policy.min_interval_s - std::max(0.0, input.time_since_last_escalation_s.value_or(0)));
      return;  // and no other evaluation before that
    case escalation_decision::maintain: break;
  }
  if (output.new_severity) output.severity_delta = number_of(*output.new_severity) - number_of(from);
  output.next_evaluation_at = later(now, policy.next_evaluation_s.at(output.new_severity.value_or(from)));
}

// ---- What the orchestrator is asked to do

parameters about(const escalation_input& input, const escalation_output& output) {
  parameters list;
  list.add("incident_id", input.incident_id);
  list.add("previous_severity", input.current_severity);
  list.add("new_severity", output.new_severity.value_or(input.current_severity));
  list.add("escalation_level", output.new_escalation_level.value_or(input.current_escalation_level));
  return list;
}

void add_actions(escalation_output& output, const escalation_input& input, const escalation_policy& policy) {
  auto& actions = output.orchestrator_actions;
  actions.push_back({action_type::log_timeline_event, priority::normal,
                     about(input, output).add("decision", output.decision).add("reason", output.reason).done(), true});
  if (output.decision == escalation_decision::deescalate)
    actions.push_back({action_type::update_incident_status, priority::normal,
                       about(input, output).add("new_status", input.current_status).add("reason", output.reason).done(),
                       false});
  if (output.decision != escalation_decision::escalate) return;
  actions.push_back(
      {action_type::update_incident_status, priority::high,
       about(input, output).add("new_status", incident_status::escalated).add("reason", output.reason).done(), false});
  actions.push_back({action_type::notify_escalation_targets,
                     output.new_severity == severity::p0 ? priority::critical : priority::high,
                     about(input, output).add("reason", output.reason).done(), true});
  if (needs_approval(input, output, policy))
    actions.push_back({action_type::request_approval, priority::critical,
                       about(input, output)
                           .add("action_type", approval_action::escalation_override)
                           .add("reason", say("policy ", policy.id, " asks people before an incident becomes P0"))
                           .done(),
                       false});
}

// ---- How sure, and within which bounds

/// By number, not by weight; a threshold without weight is listed and does not count.
double breached_share(const escalation_details& details, double when_none) {
  int weighted = 0;
  int breached = 0;
  for (const auto& threshold : details.thresholds_evaluated) {
    if (threshold.weight <= 0) continue;
    ++weighted;
    if (threshold.breached) ++breached;
  }
  return weighted > 0 ? static_cast<double>(breached) / weighted : when_none;
}

double history_match(const escalation_input& input, const escalation_confidence& figures) {
  double match = figures.history_base;
  const auto suggested = input.payload.suggested_severity;
  if (!suggested) return match;
  const auto compared = std::min(input.history.size(), static_cast<std::size_t>(std::max(0, figures.history_entries)));
  for (auto i = input.history.size() - compared; i < input.history.size(); ++i)
    if (input.history[i].to_severity == *suggested) match += figures.history_match;
  return std::min(match, 1.0);
}

/// The share present of the ten inputs that count: severity and status always are; title, time of creation and SLA have defaults.
double completeness(const escalation_input& input) {
  const std::array present{!input.incident_id.is_nil(),
                           !input.fingerprint.empty(),
                           true,
                           true,
                           !input.signal_source.empty(),
                           input.signal_timestamp != time_point{},
                           input.resource.has_value(),
                           true,
                           true,
                           true};
  return static_cast<double>(std::ranges::count(present, true)) / static_cast<double>(present.size());
}

double confidence_of(const escalation_input& input, const escalation_output& output,
                     const escalation_confidence& figures) {
  const double clarity =
      output.decision == escalation_decision::maintain ? figures.clarity_maintain : figures.clarity_other;
  const double sum = figures.breached_weight * breached_share(output.evaluation_details, figures.breached_default) +
                     figures.signal_weight * input.payload.signal_confidence.value_or(figures.signal_default) +
                     figures.history_weight * history_match(input, figures) + figures.clarity_weight * clarity +
                     figures.completeness_weight * completeness(input);
  return std::clamp(settled(sum), 0.0, 1.0);
}

/// Whether the policy let the decision stand without a bound of its own; else, which one held.
policy_constraint policy_constraint_of(const escalation_input& input, const escalation_output& output,
                                       const escalation_policy& policy) {
  policy_constraint entry{policy.id, policy.name, policy.version, true, {}};
  const bool capped = input.current_escalation_level >= policy.max_level;
  if (capped || output.decision == escalation_decision::defer)
    entry.reason = output.reason;
  else if (needs_approval(input, output, policy))
    entry.reason = "a new P0 waits for approval";
  entry.satisfied = !entry.reason;
  return entry;
}

im::constraints_applied constraints_of(const escalation_input& input, const escalation_output& output,
                                       const escalation_policy& policy, time_point now) {
  im::constraints_applied all;
  for (const auto& threshold : output.evaluation_details.thresholds_evaluated) {
    const bool counts_down = threshold.name.starts_with("sla_");
    all.severity_thresholds.push_back(
        {threshold.name, counts_down ? threshold_direction::below : threshold_direction::above, threshold.breached});
  }
  all.policy_constraints.push_back(policy_constraint_of(input, output, policy));
  if (input.sla && input.sla->acknowledgment_deadline)
    all.time_constraints.push_back({time_constraint_type::sla, *input.sla->acknowledgment_deadline,
                                    input.sla->acknowledgment_breached || *input.sla->acknowledgment_deadline <= now});
  if (input.sla && input.sla->resolution_deadline)
    all.time_constraints.push_back({time_constraint_type::sla, *input.sla->resolution_deadline,
                                    input.sla->resolution_breached || *input.sla->resolution_deadline <= now});
  if (const auto last = input.time_since_last_escalation_s)
    all.rate_limits.push_back(
        {"min_escalation_interval_seconds", policy.min_interval_s, *last, *last < policy.min_interval_s});
  return all;
}

}  // namespace

bool suggests_more_severe(const escalation_input& input) {
  const auto suggested = input.payload.suggested_severity;
  return suggested && more_severe(*suggested, input.current_severity);
}

bool needs_approval(const escalation_input& input, const escalation_output& output, const escalation_policy& policy) {
  return policy.require_approval_for_p0 && output.decision == escalation_decision::escalate &&
         output.new_severity == severity::p0 && input.current_severity != severity::p0;
}

escalation_verdict evaluate_escalation(const escalation_input& input, const escalation_policy& policy, time_point now) {
  escalation_verdict verdict;
  auto& output = verdict.output;
  output.applied_policy = {policy.id, policy.name, policy.version, {}, policy.max_level};
  output.evaluation_details = evaluate_details(input, policy, now);
  auto chosen = choose(input, policy, output.evaluation_details);
  output.decision = chosen.decision;
  output.reason = std::move(chosen.reason);
  apply_choice(output, input, policy, now);
  add_actions(output, input, policy);
  verdict.confidence = confidence_of(input, output, policy.confidence);
  verdict.constraints = constraints_of(input, output, policy, now);
  return verdict;
}

sla_state sla_at(const incident& record, time_point now) {
  auto sla = record.sla;
  const auto missed = [&](const std::optional<time_point>& deadline, const std::optional<time_point>& met_at) {
    return deadline && (met_at ? *met_at > *deadline : *deadline <= now);
  };
  // What is resolved needs no acknowledgment any more.
  const auto heeded_at = record.acknowledged_at ? record.acknowledged_at : record.resolved_at;
  sla.acknowledgment_breached |= missed(sla.acknowledgment_deadline, heeded_at);
  sla.resolution_breached |= missed(sla.resolution_deadline, record.resolved_at);
  return sla;
}

escalation_input escalation_input_from(const incident_state& state, std::string signal_source,
                                       time_point signal_timestamp, signal_payload payload, time_point now) {
  const auto& record = state.record;
  escalation_input input;
  input.incident_id = record.id;
  input.external_incident_id = record.external_id;
  input.fingerprint = record.fingerprint;
  input.current_severity = record.severity;
  input.current_status = record.status;
  input.current_escalation_level = record.escalation_level;
  input.category = record.category;
  input.signal_source = std::move(signal_source);
  input.signal_timestamp = signal_timestamp;
  input.payload = std::move(payload);
  input.environment = record.environment;
  input.title = record.title;
  input.resource = record.resource;
  input.incident_created_at = record.created_at;
  input.incident_updated_at = record.updated_at;
  input.state_entered_at = state.status_since;
  if (state.last_escalation_at) input.time_since_last_escalation_s = seconds_between(*state.last_escalation_at, now);
  input.history = state.history;
  input.policy_id = state.policies->escalation.id;
  auto sla = sla_at(record, now);
  // A deadline that was met presses no more.
  if (record.acknowledged_at && !sla.acknowledgment_breached) sla.acknowledgment_deadline.reset();
  if (record.resolved_at && !sla.resolution_breached) sla.resolution_deadline.reset();
  input.sla = sla;
  return input;
}

}  // namespace im::logic
