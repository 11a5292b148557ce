#pragma once
/// An approval request as `hitl/status` tells it, and what its incident is. Internal to http/api.

#include <string>
#include <vector>

#include "http/api/call.hpp"
#include "messages/fold.hpp"
#include "messages/json/codec.hpp"
#include "messages/votes.hpp"

namespace im::api {

struct gate_view {
  const gate_state* gate;
};

template <class V>
void describe(V& v, const gate_view& x) {
  const auto& asked = x.gate->request;
  const auto tally = tally_votes(*x.gate);
  std::vector<std::string> next;
  if (!is_terminal(x.gate->status))
    for (const auto* requirement : tally.turn) next.push_back(name_of(*requirement));
  v.required("approval_request_id", asked.id);
  v.required("incident_id", asked.incident_id);
  v.required("status", x.gate->status);
  v.required("action_authorized", x.gate->status == approval_status::approved);
  v.required("action_type", asked.action_type);
  v.required("action_description", asked.action_description);
  v.required("purpose", x.gate->purpose);
  v.required("requester_id", asked.requester_id);
  v.required("required_approvers", asked.required_approvers);
  v.required("min_approvals_required", asked.min_approvals_required);
  v.required("approvals_obtained", tally.approvals.size());
  v.required("rejections_count", tally.rejections.size());
  v.required("approval_records", x.gate->votes);
  v.required("approval_deadline", asked.approval_deadline);
  v.required("expiry_action", asked.expiry_action);
  v.optional("decided_at", x.gate->decided_at);
  v.optional("reason", x.gate->decided_reason);
  v.optional("next_approvers", next);
  v.optional("review", x.gate->review);
}

/// The incident that a document of the store belongs to: its `incident_id`, or that of its `request`.
[[nodiscard]] result<incident_id> incident_in(std::string_view text);

/// Learns which incident a stored document belongs to, then goes on with `next(call, incident_id)`; fails with `not_found` for a
/// document that nobody knows.
template <class Next>
void find_incident(call c, view where, const uuid& id, Next next) {
  auto& queries = c.ports().queries;
  queries.get(where, id, [c = std::move(c), next = std::move(next)](result<std::string> text) mutable {
    if (!text) return c.fail(text.error());
    const auto incident = incident_in(*text);
    if (!incident) return c.fail(incident.error());
    next(std::move(c), *incident);
  });
}

/// Submits a command for a gate or a document whose incident the caller may have left out.
template <class Render>
void submit_to_owner(call c, command wanted, view where, const uuid& id, Render render) {
  if (!wanted.incident_id.is_nil()) return submit(std::move(c), std::move(wanted), render);
  find_incident(std::move(c), where, id,
                [wanted = std::move(wanted), render](call found, incident_id incident) mutable {
                  wanted.incident_id = incident;
                  submit(std::move(found), std::move(wanted), render);
                });
}

}  // namespace im::api
