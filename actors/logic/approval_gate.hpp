#pragma once
/// The life of an approval gate. `approved`, `rejected`, `expired` and `cancelled` are terminal; exactly one of them is
/// ever entered, once.
///
///   state              event                          → state       condition
///   -                  open                           pending
///   -                  open with kept votes           pending, approved or rejected, as the votes decide
///   pending, escalated vote                           approved      quorum (approval.hpp)
///                                                     rejected      the vote is a rejection
///                                                     unchanged     neither; the vote is recorded
///                                                     unchanged     this person has voted before: nothing recorded, unless
///                                                                   an approval turns into a rejection, which withdraws it
///   pending, escalated cancel by its requester        cancelled
///   pending, escalated withdrawn                      cancelled     what it asked about is over; the deadline does not matter
///   pending, escalated marked for review              unchanged     recorded: people must look again before they decide
///   pending, escalated escalate                       escalated     the chain has a higher role; else conflict
///   pending, escalated due, before the deadline       unchanged     nothing recorded
///   pending, escalated due, auto_reject               expired
///   pending, escalated due, escalate                  escalated     the chain has a higher role; else expired
///   pending, escalated due, notify_and_wait           unchanged     a warning is recorded, the deadline moves on by the
///                                                                   check interval, and votes count until then
///   pending, escalated vote, cancel or escalate       conflict      the deadline is over: the clock decides first
///   terminal           vote, cancel, escalate         conflict
///   terminal           due                            unchanged     nothing recorded
///
/// A step's `change`, folded by `messages/fold.cpp` in an event of timestamp `now`, gives its `after`.

#include <span>
#include <string>
#include <string_view>

#include "actors/logic/approval.hpp"
#include "messages/commands.hpp"
#include "messages/error.hpp"
#include "messages/facts.hpp"
#include "messages/fold.hpp"

namespace im::logic {

/// What one event did to a gate.
struct gate_step {
  fact::gate_changed change;
  gate_state after;
  approval_verdict verdict;
  bool changed = true;  ///< false: nothing to record; the verdict tells where the gate stands
};

/// A gate at its opening, with the verdict to answer.
struct gate_opening {
  gate_state gate;
  approval_verdict verdict;
};

/// A pending gate under the first rule of the policy that names the action and the incident's severity. What the caller
/// left open is filled from the policy; a caller's own list must hold the policy's required approvers, and its quorum
/// may not be lower. Errors: `validation_error` (all bad fields; nobody who is asked could open it), `policy_unavailable` (no rule), `conflict` (the id is
/// taken), `too_many_requests` (`limits::open_gates_per_incident`).
[[nodiscard]] result<gate_state> open_gate(const cmd::request_approval& request, const incident_state& incident,
                                           const approval_policy& policy, approval_id id, gate_purpose purpose,
                                           time_point now);

/// Counts, in order, the votes that came before the gate and are not too old. One that the gate does not list is dropped,
/// with an audit entry. The gate may be decided at once. Without kept votes: the gate as it is, and its verdict.
[[nodiscard]] gate_opening with_kept_votes(gate_state gate, std::span<const kept_vote> kept,
                                           const approval_policy& policy, time_point now);

/// Errors: `conflict` (decided, or the deadline is over), `forbidden` (not listed, or a self-approval), `validation_error` (no
/// approver_id), `too_many_requests` (`limits::votes_per_gate`).
[[nodiscard]] result<gate_step> cast_vote(const gate_state& gate, const approval_record& vote,
                                          const approval_policy& policy, time_point now);

/// Errors: `forbidden` (not its requester), `conflict` (decided, or the deadline is over).
[[nodiscard]] result<gate_step> cancel_gate(const gate_state& gate, std::string_view actor, std::string_view reason,
                                            const approval_policy& policy, time_point now);

/// Of a gate that is pending: cancelled by the service, since `reason` ended what it asked about.
[[nodiscard]] gate_step withdraw_gate(const gate_state& gate, std::string_view reason, const approval_policy& policy,
                                      time_point now);

/// Of a gate that is pending: `review` says what has changed since it was asked; empty: that is no longer so.
[[nodiscard]] gate_step mark_for_review(const gate_state& gate, std::string_view review, const approval_policy& policy,
                                        time_point now);

/// Asks the next role of the policy's chain above the highest that was asked so far, with a fresh deadline.
/// Errors: `conflict` (decided, the deadline is over, or nobody stands higher).
[[nodiscard]] result<gate_step> escalate_gate(const gate_state& gate, std::string_view actor, std::string_view reason,
                                              const approval_policy& policy, time_point now);

/// The clock speaks.
[[nodiscard]] gate_step gate_due(const gate_state& gate, const approval_policy& policy, time_point now);

}  // namespace im::logic
