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

/// What the votes of a gate come to; each person counts once, however often they voted.
struct vote_tally {
  std::vector<const approval_record*> approvals;   ///< of distinct listed approvers, in order of arrival
  std::vector<const approval_record*> rejections;  ///< of distinct people, in order of arrival
  std::vector<const approver_requirement*> unmet;  ///< required ones that nobody has met
  const approval_record* deciding = nullptr;       ///< the approval that completed the quorum
  bool quorum = false;                             ///< enough approvals, and every required one met
};

/// Points into `gate`.
[[nodiscard]] vote_tally tally_votes(const gate_state& gate);

/// Whether a vote meets a requirement: a `specific_user` by id, the others by role.
[[nodiscard]] bool meets(const approval_record& vote, const approver_requirement& requirement);

/// How many approvals the gate needs: what was asked for, and never less than one.
[[nodiscard]] int quorum_of(const approval_request& request);

/// `sre_lead`, or `specific_user alice`.
[[nodiscard]] std::string name_of(const approver_requirement& requirement);

}  // namespace im::logic
