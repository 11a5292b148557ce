#pragma once
/// Incidents, votes and gates for tests; all times are seconds after `t0`.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/commands.hpp"
#include "messages/fold.hpp"

namespace im::test {

/// 2026-11-22T01:00:00.000Z
inline constexpr time_point t0 = std::chrono::sys_days{std::chrono::year{2026} / 11 / 22} + std::chrono::hours{1};

[[nodiscard]] constexpr time_point after(double seconds) {
  return t0 + milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

/// The same ids in every run.
template <class Id>
[[nodiscard]] Id id_of(std::string_view name) {
  return Id{uuid::v5(uuid{}, name)};
}

[[nodiscard]] inline incident sample_incident(severity level = severity::p2) {
  incident record;
  record.id = id_of<incident_id>("incident");
  record.fingerprint = "fingerprint";
  record.severity = level;
  record.category = incident_category::availability;
  record.title = "Latency of checkout";
  record.description = "p99 above the bound";
  record.source = "llm-sentinel";
  record.created_at = t0;
  record.updated_at = t0;
  record.resource = {resource_type::service, "checkout", "Checkout", {}};
  record.event_count = 1;
  return record;
}

[[nodiscard]] inline incident_state sample_state(severity level = severity::p2) {
  incident_state state;
  state.record = sample_incident(level);
  state.record.sequence = 1;
  state.opened = true;
  state.status_since = t0;
  state.peak_severity = level;
  return state;
}

[[nodiscard]] inline approval_record vote_of(std::string id, approver_type role,
                                             vote_decision decision = vote_decision::approved) {
  approval_record vote;
  vote.approver_id = std::move(id);
  vote.approver_name = "Name of " + vote.approver_id;
  vote.approver_type = role;
  vote.decision = decision;
  vote.rationale = "seen and understood";
  return vote;
}

[[nodiscard]] inline cmd::request_approval sample_request(approval_action action = approval_action::rollback) {
  cmd::request_approval request;
  request.action_type = action;
  request.action_description = "Roll checkout back to 41";
  request.requester_id = "rita";
  request.parameters = {"checkout", target_type::deployment, {}, true, {}, {}};
  return request;
}

/// An event that holds a fact, as far as the fold looks at it.
[[nodiscard]] inline decision_event event_of(any_fact f, std::uint64_t sequence, time_point at) {
  decision_event event;
  event.id = derive_event_id("event " + std::to_string(sequence));
  event.agent_id = "incident-manager:1.0.0:test";
  event.incident_id = id_of<incident_id>("incident");
  event.sequence = sequence;
  event.timestamp = at;
  event.fact.value = std::move(f);
  return event;
}

}  // namespace im::test
