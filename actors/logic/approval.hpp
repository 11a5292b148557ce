#pragma once
/// The human-in-the-loop agent's decision: (gate, policy, now) → verdict, without memory.
///
/// Decision, the first that holds (contracts.md, "Human-in-the-loop agent"):
///
///   status is terminal                                   that status, told again; nothing is executed twice
///   now ≥ deadline, auto_reject                          expired
///   now ≥ deadline, escalate                             escalated
///   now ≥ deadline, notify_and_wait                      approval_pending
///   any rejection                                        rejected
///   quorum of distinct listed approvers, and every
///     required one among them                            approved: nothing else leads here
///   else                                                 approval_pending

#include <string>
#include <vector>

#include "messages/approval.hpp"
#include "messages/decision_event.hpp"
#include "messages/policies.hpp"
#include "messages/votes.hpp"

namespace im::logic {

struct approval_verdict {
  approval_output output;
  double confidence = 0;  ///< 0..1
  im::constraints_applied constraints;
};

/// Judges a gate as it stands. Never fails.
[[nodiscard]] approval_verdict judge_approval(const gate_state& gate, const approval_policy& policy, time_point now);

/// The whole output for a decision that has been taken about this gate. `approved` is the caller's word: only
/// `judge_approval` and the machine in `approval_gate.hpp`, which asks it, may say so.
[[nodiscard]] approval_verdict compose_verdict(const gate_state& gate, approval_decision decision, std::string reason,
                                               const approval_policy& policy, time_point now);

/// Whether this approval would be of what its own voter asked for, which an agent or a system may never do, and a person where the
/// policy lets people.
[[nodiscard]] bool is_self_approval(const approval_record& vote, const approval_request& request,
                                    const approval_policy& policy);

}  // namespace im::logic
