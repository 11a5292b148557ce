#include "messages/votes.hpp"

#include <algorithm>
#include <limits>

#include "messages/identity.hpp"

namespace im {

namespace {

using record_list = std::vector<const approval_record*>;

bool holds_approver(const record_list& records, const approval_record& vote) {
  return std::ranges::any_of(records,
                             [&](const auto* r) { return is_same_identity(r->approver_id, vote.approver_id); });
}

class counting {
public:
  explicit counting(const approval_request& request) : request_{request} {
    for (const auto& requirement : request.required_approvers)
      if (requirement.required) tally_.unmet.push_back(&requirement);
  }

  void reject(const approval_record& vote) {
    if (!holds_approver(tally_.rejections, vote)) tally_.rejections.push_back(&vote);
  }

  /// Counts all whose turn it is. Each that counts may bring the turn of another.
  void approve(record_list votes) {
    for (auto before = votes.size() + 1; votes.size() < before;) {
      before = votes.size();
      record_list early;
      for (const auto* vote : votes) {
        if (has_turn(*vote))
          count(*vote);
        else
          early.push_back(vote);
      }
      votes = std::move(early);
    }
    tally_.early = std::move(votes);
  }

  [[nodiscard]] vote_tally finish() {
    if (is_sequential())
      std::ranges::copy_if(tally_.unmet, std::back_inserter(tally_.turn),
                           [now = turn()](const auto* r) { return !r->order || *r->order == now; });
    return std::move(tally_);
  }

private:
  [[nodiscard]] bool is_sequential() const { return request_.sequential.value_or(false); }

  /// The lowest order that a required approver still has to meet.
  [[nodiscard]] int turn() const {
    int lowest = std::numeric_limits<int>::max();
    for (const auto* requirement : tally_.unmet) lowest = std::min(lowest, requirement->order.value_or(lowest));
    return lowest;
  }

  /// Only of a vote that meets a requirement.
  [[nodiscard]] bool has_turn(const approval_record& vote) const {
    return !is_sequential() ||
           std::ranges::any_of(request_.required_approvers, [&, now = turn()](const auto& requirement) {
             return requirement.order.value_or(now) <= now && meets(vote, requirement);
           });
  }

  void count(const approval_record& vote) {
    // One person may speak in several roles, and still counts once.
    if (!holds_approver(tally_.approvals, vote)) tally_.approvals.push_back(&vote);
    std::erase_if(tally_.unmet, [&](const auto* requirement) { return meets(vote, *requirement); });
    const bool enough = std::ssize(tally_.approvals) >= quorum_of(request_) && tally_.unmet.empty();
    if (!enough || tally_.quorum) return;
    tally_.quorum = true;
    tally_.deciding = &vote;
  }

  const approval_request& request_;
  vote_tally tally_;
};

bool is_listed(const approval_record& vote, const approval_request& request) {
  return !canonical_identity(vote.approver_id).empty() &&
         std::ranges::any_of(request.required_approvers,
                             [&](const auto& requirement) { return meets(vote, requirement); });
}

}  // namespace

bool meets(const approval_record& vote, const approver_requirement& requirement) {
  if (requirement.approver_type == approver_type::specific_user)
    return requirement.approver_id && is_same_identity(*requirement.approver_id, vote.approver_id);
  return requirement.approver_type == vote.approver_type;
}

int quorum_of(const approval_request& request) { return std::max(1, request.min_approvals_required); }

std::string name_of(const approver_requirement& requirement) {
  std::string name{to_string(requirement.approver_type)};
  if (requirement.approver_type == approver_type::specific_user)
    name.append(" ").append(requirement.approver_id.value_or("unknown"));
  return name;
}

vote_tally tally_votes(const gate_state& gate) {
  counting votes{gate.request};
  record_list approvals;
  for (const auto& vote : gate.votes) {
    if (vote.decision == vote_decision::rejected)
      votes.reject(vote);
    else if (is_listed(vote, gate.request))
      approvals.push_back(&vote);
  }
  votes.approve(std::move(approvals));
  return votes.finish();
}

}  // namespace im
