#pragma once
/// What the votes of a gate come to; for the agent that decides, and for whoever is told where a gate stands.

#include <string>
#include <vector>

#include "messages/approval.hpp"

namespace im {

/// Each person counts once, however often they voted and however their name is written.
struct vote_tally {
  std::vector<const approval_record*> approvals;   ///< of distinct listed approvers, in the order in which they counted
  std::vector<const approval_record*> rejections;  ///< of distinct people, in order of arrival
  std::vector<const approval_record*> early;       ///< approvals of listed approvers whose turn has not come
  std::vector<const approver_requirement*> unmet;  ///< required ones that nobody has met
  std::vector<const approver_requirement*> turn;   ///< of a sequential gate: those of `unmet` whose turn it is
  const approval_record* deciding = nullptr;       ///< the approval that completed the quorum
  bool quorum = false;                             ///< enough approvals, and every required one met
};

/// Points into `gate`. Where its request is sequential, an approval counts once every required approver with a lower `order` has
/// approved; who has no order may come at any time.
[[nodiscard]] vote_tally tally_votes(const gate_state& gate);

/// Whether a vote meets a requirement: a `specific_user` by id, the others by role.
[[nodiscard]] bool meets(const approval_record& vote, const approver_requirement& requirement);

/// How many approvals the gate needs: what was asked for, and never less than one.
[[nodiscard]] int quorum_of(const approval_request& request);

/// `sre_lead`, or `specific_user alice`.
[[nodiscard]] std::string name_of(const approver_requirement& requirement);

}  // namespace im
