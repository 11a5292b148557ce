#pragma once
/// Policies are data in ruvector-service; no figure of theirs is compiled in. A document that lacks a figure is
/// refused when it is read, and so is one with a time that would never let an incident rest or never come (`check`), so that
/// the rules never work with half a policy.

#include <array>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "messages/approval.hpp"
#include "messages/enums.hpp"
#include "messages/error.hpp"

namespace im {

/// The times that a policy may set. As the clock looks once a second, less would mean "without pause".
inline constexpr double policy_least_s = 1;
inline constexpr double policy_most_s = 366.0 * 24 * 3600;

/// Which policy decided, frozen into an incident when it opens.
struct policy_ref {
  std::string id;
  std::string version;

  bool operator==(const policy_ref&) const = default;
};

template <class V>
void describe(V& v, like<policy_ref> auto& x) {
  v.required("policy_id", x.id);
  v.required("policy_version", x.version);
}

/// One value a severity; a policy document writes it as `{"P0": …, …, "P4": …}`.
template <class T>
struct by_severity {
  std::array<T, 5> values{};

  [[nodiscard]] const T& at(severity s) const { return values[static_cast<std::size_t>(s)]; }
  bool operator==(const by_severity&) const = default;
};

template <class V, class T>
void describe_by_severity(V& v, T& x) {
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    const auto word = to_string(static_cast<severity>(i));
    if constexpr (requires { x.values[i].has_value(); })
      v.optional(word, x.values[i]);
    else
      v.required(word, x.values[i]);
  }
}

template <class V, class T>
void describe(V& v, by_severity<T>& x) {
  describe_by_severity(v, x);
}

template <class V, class T>
void describe(V& v, const by_severity<T>& x) {
  describe_by_severity(v, x);
}

/// A contribution that grows with a duration: the last step that is reached counts.
struct time_step {
  double seconds = 0;
  double contribution = 0;

  bool operator==(const time_step&) const = default;
};

template <class V>
void describe(V& v, like<time_step> auto& x) {
  v.required("seconds", x.seconds);
  v.required("contribution", x.contribution);
}

struct escalation_thresholds {
  double sla_acknowledgment_weight = 0;
  double sla_acknowledgment_minutes_left = 0;  ///< breached at or below
  double sla_resolution_weight = 0;
  double sla_resolution_minutes_left = 0;
  double severity_suggestion_weight = 0;
  double confidence_weight = 0;
  double confidence_minimum = 0;

  bool operator==(const escalation_thresholds&) const = default;
};

template <class V>
void describe(V& v, like<escalation_thresholds> auto& x) {
  v.required("sla_acknowledgment_weight", x.sla_acknowledgment_weight);
  v.required("sla_acknowledgment_minutes_left", x.sla_acknowledgment_minutes_left);
  v.required("sla_resolution_weight", x.sla_resolution_weight);
  v.required("sla_resolution_minutes_left", x.sla_resolution_minutes_left);
  v.required("severity_suggestion_weight", x.severity_suggestion_weight);
  v.required("confidence_weight", x.confidence_weight);
  v.required("confidence_minimum", x.confidence_minimum);
}

struct escalation_time_factors {
  std::vector<time_step> since_creation;         ///< ascending
  std::vector<time_step> since_last_escalation;  ///< ascending
  std::vector<time_step> in_current_state;       ///< ascending
  std::vector<time_step> sla_remaining;          ///< ascending; the first whose seconds are not yet reached counts
  double sla_overdue_contribution = 0;           ///< when nothing remains

  bool operator==(const escalation_time_factors&) const = default;
};

template <class V>
void describe(V& v, like<escalation_time_factors> auto& x) {
  v.required("time_since_creation", x.since_creation);
  v.required("time_since_last_escalation", x.since_last_escalation);
  v.required("time_in_current_state", x.in_current_state);
  v.required("sla_remaining", x.sla_remaining);
  v.required("sla_overdue_contribution", x.sla_overdue_contribution);
}

/// How sure the agent says it is: weights of the parts and their values where an input is absent.
struct escalation_confidence {
  double breached_weight = 0;
  double breached_default = 0;
  double signal_weight = 0;
  double signal_default = 0;
  double history_weight = 0;
  double history_base = 0;
  double history_match = 0;
  int history_entries = 0;  ///< how many of the newest are compared
  double clarity_weight = 0;
  double clarity_maintain = 0;
  double clarity_other = 0;
  double completeness_weight = 0;

  bool operator==(const escalation_confidence&) const = default;
};

template <class V>
void describe(V& v, like<escalation_confidence> auto& x) {
  v.required("breached_weight", x.breached_weight);
  v.required("breached_default", x.breached_default);
  v.required("signal_weight", x.signal_weight);
  v.required("signal_default", x.signal_default);
  v.required("history_weight", x.history_weight);
  v.required("history_base", x.history_base);
  v.required("history_match", x.history_match);
  v.required("history_entries", x.history_entries);
  v.required("clarity_weight", x.clarity_weight);
  v.required("clarity_maintain", x.clarity_maintain);
  v.required("clarity_other", x.clarity_other);
  v.required("completeness_weight", x.completeness_weight);
}

struct escalation_policy {
  std::string id;
  std::string name;
  std::string version;
  int max_level = 0;
  double min_interval_s = 0;  ///< between two escalations
  bool require_approval_for_p0 = true;
  escalation_thresholds thresholds;
  escalation_time_factors time_factors;
  double severity_step = 0;                                         ///< times (4 − severity number)
  std::map<std::string, double, std::less<>> signal_contributions;  ///< by signal type; others count nothing
  double escalate_at = 0;                                           ///< normalized score: escalate
  double escalate_if_suggested_at = 0;
  double deescalate_at = 0;
  by_severity<double> next_evaluation_s;
  double reopen_window_s = 900;  ///< an alert that fires again so soon after its incident was resolved reopens it
  escalation_confidence confidence;

  bool operator==(const escalation_policy&) const = default;
};

template <class V>
void describe(V& v, like<escalation_policy> auto& x) {
  v.required("policy_id", x.id);
  v.required("policy_name", x.name);
  v.required("policy_version", x.version);
  v.required("max_level", x.max_level);
  v.required("min_interval_seconds", x.min_interval_s);
  v.required("require_approval_for_p0", x.require_approval_for_p0);
  v.required("thresholds", x.thresholds);
  v.required("time_factors", x.time_factors);
  v.required("severity_step", x.severity_step);
  v.required("signal_contributions", x.signal_contributions);
  v.required("escalate_at", x.escalate_at);
  v.required("escalate_if_suggested_at", x.escalate_if_suggested_at);
  v.required("deescalate_at", x.deescalate_at);
  v.required("next_evaluation_seconds", x.next_evaluation_s);
  v.required("confidence", x.confidence);
  v.optional("reopen_window_seconds", x.reopen_window_s);
}

/// Who must approve an action; the first rule that names the action and the severity counts.
struct approval_rule {
  std::vector<approval_action> action_types;
  std::vector<severity> severities;
  std::vector<approver_requirement> required_approvers;
  int min_approvals = 1;
  bool sequential = false;  ///< approvals count in the order of the requirements; else `order` is for display

  bool operator==(const approval_rule&) const = default;
};

template <class V>
void describe(V& v, like<approval_rule> auto& x) {
  v.required("action_types", x.action_types);
  v.required("severities", x.severities);
  v.required("required_approvers", x.required_approvers);
  v.required("min_approvals", x.min_approvals);
  v.optional("sequential", x.sequential);
}

/// How sure the approver agent says it is: weights of its parts.
struct approval_confidence {
  double all_obtained = 0;
  double no_rejections = 0;
  double compliant = 0;
  double authority_verified = 0;
  double conditions_actionable = 0;

  bool operator==(const approval_confidence&) const = default;
};

template <class V>
void describe(V& v, like<approval_confidence> auto& x) {
  v.required("all_obtained", x.all_obtained);
  v.required("no_rejections", x.no_rejections);
  v.required("compliant", x.compliant);
  v.required("authority_verified", x.authority_verified);
  v.required("conditions_actionable", x.conditions_actionable);
}

struct approval_policy {
  std::string id;
  std::string name;
  std::string version;
  std::vector<approval_rule> rules;
  by_severity<double> deadline_s;
  by_severity<im::expiry_action> expiry_action;
  std::vector<approver_type> escalation_chain;     ///< who is asked next, lowest first
  std::vector<severity> closure_gated_severities;  ///< closing these waits for `incident_closure`
  double check_interval_s = 0;                     ///< the longest wait until a pending gate is looked at again
  approval_confidence confidence;
  im::self_approval self_approval = self_approval::forbid;

  bool operator==(const approval_policy&) const = default;
};

template <class V>
void describe(V& v, like<approval_policy> auto& x) {
  v.required("policy_id", x.id);
  v.required("policy_name", x.name);
  v.required("policy_version", x.version);
  v.required("rules", x.rules);
  v.required("deadline_seconds", x.deadline_s);
  v.required("expiry_action", x.expiry_action);
  v.required("escalation_chain", x.escalation_chain);
  v.required("closure_gated_severities", x.closure_gated_severities);
  v.required("check_interval_seconds", x.check_interval_s);
  v.required("confidence", x.confidence);
  v.optional("self_approval", x.self_approval);
}

struct sla_policy {
  std::string id;
  std::string name;
  std::string version;
  by_severity<std::optional<double>> acknowledge_s;  ///< absent: no deadline
  by_severity<std::optional<double>> resolve_s;

  bool operator==(const sla_policy&) const = default;
};

template <class V>
void describe(V& v, like<sla_policy> auto& x) {
  v.required("policy_id", x.id);
  v.required("policy_name", x.name);
  v.required("policy_version", x.version);
  v.required("acknowledge_seconds", x.acknowledge_s);
  v.required("resolve_seconds", x.resolve_s);
}

/// Gathers the times of a policy that are out of bounds.
class policy_times {
public:
  void check(std::string_view name, double time_s, double least_s = policy_least_s) {
    if (least_s <= time_s && time_s <= policy_most_s) return;
    auto field = std::string{name};
    auto message = field + " must be from " + text_of(least_s) + " to " + text_of(policy_most_s) + " seconds";
    bad.push_back({std::move(field), field_error::kind::invalid_value, std::move(message), {}});
  }

  void check(std::string_view name, const std::optional<double>& time_s) {
    if (time_s) check(name, *time_s);
  }

  template <class T>
  void check(std::string_view name, const by_severity<T>& times) {
    for (std::size_t i = 0; i < times.values.size(); ++i)
      check(std::string{name}.append(".").append(to_string(static_cast<severity>(i))), times.values[i]);
  }

  std::vector<field_error> bad;

private:
  static std::string text_of(double time_s) { return std::to_string(static_cast<std::int64_t>(time_s)); }
};

/// What is wrong with the times of a policy; nothing when all are well. The store asks before it takes one, and a manager
/// before it decides by one, since a store need not be ours.
[[nodiscard]] inline std::vector<field_error> check(const escalation_policy& policy) {
  policy_times times;
  times.check("min_interval_seconds", policy.min_interval_s, 0);  // 0: one escalation may follow another at once
  times.check("next_evaluation_seconds", policy.next_evaluation_s);
  times.check("reopen_window_seconds", policy.reopen_window_s, 0);  // 0: never
  return std::move(times.bad);
}

[[nodiscard]] inline std::vector<field_error> check(const approval_policy& policy) {
  policy_times times;
  times.check("deadline_seconds", policy.deadline_s);
  times.check("check_interval_seconds", policy.check_interval_s);
  return std::move(times.bad);
}

[[nodiscard]] inline std::vector<field_error> check(const sla_policy& policy) {
  policy_times times;
  times.check("acknowledge_seconds", policy.acknowledge_s);
  times.check("resolve_seconds", policy.resolve_s);
  return std::move(times.bad);
}

/// The three that decide about one incident.
struct policy_set {
  escalation_policy escalation;
  approval_policy approval;
  sla_policy sla;

  bool operator==(const policy_set&) const = default;
};

struct policy_refs {
  policy_ref escalation;
  policy_ref approval;
  policy_ref sla;

  bool operator==(const policy_refs&) const = default;
};

template <class V>
void describe(V& v, like<policy_refs> auto& x) {
  v.required("escalation", x.escalation);
  v.required("approval", x.approval);
  v.required("sla", x.sla);
}

}  // namespace im
