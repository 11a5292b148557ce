#pragma once
/// The escalation agent's decision: (input, policy, now) → verdict. Figures come from the policy, never from here.
///
/// Decision, the first that holds (contracts.md, "The default escalation policy"):
///
///   level ≥ max_level                                              maintain
///   last escalation younger than min_interval                      defer until the interval is over
///   status RESOLVED or CLOSED                                      maintain
///   normalized ≥ escalate_at                                       escalate
///   normalized ≥ escalate_if_suggested_at                          escalate if the signal suggests more severe,
///                                                                  else maintain
///   normalized ≤ deescalate_at, level > 0, not P4, IN_PROGRESS     deescalate
///   else                                                           maintain

#include <string>

#include "messages/decision_event.hpp"
#include "messages/escalation.hpp"
#include "messages/fold.hpp"
#include "messages/policies.hpp"

namespace im::logic {

struct escalation_verdict {
  escalation_output output;
  double confidence = 0;  ///< 0..1
  im::constraints_applied constraints;
};

/// Evaluates a complete input. Never fails: what is absent counts nothing.
[[nodiscard]] escalation_verdict evaluate_escalation(const escalation_input& input, const escalation_policy& policy,
                                                     time_point now);

/// A complete input from the incident we hold and the signal that asks. A deadline that is over, of an incident that is
/// not yet acknowledged or resolved, counts as breached.
[[nodiscard]] escalation_input escalation_input_from(const incident_state& state, std::string signal_source,
                                                     time_point signal_timestamp, signal_payload payload,
                                                     time_point now);

/// The incident's SLA flags as they are at `now`: those recorded, and deadlines that are over and were not met.
[[nodiscard]] sla_state sla_at(const incident& record, time_point now);

/// Whether the signal suggests a more severe level than the current one.
[[nodiscard]] bool suggests_more_severe(const escalation_input& input);

/// Whether the verdict makes a P0 of what was none, which people must approve when the policy says so. The output then
/// holds a `request_approval` action and must not be applied before its gate has decided.
[[nodiscard]] bool needs_approval(const escalation_input& input, const escalation_output& output,
                                  const escalation_policy& policy);

}  // namespace im::logic
