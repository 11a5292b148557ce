#pragma once
/// What players say, with placeholders where a request differs from the next.

#include <string>
#include <string_view>

#include "messages/time.hpp"

namespace im::load {

/// As wide as a UUID: the operation's id.
inline constexpr std::string_view operation_mark = "########-operation-id-##############";
/// As wide as a UUID: the incident's id.
inline constexpr std::string_view incident_mark = "########-incident-id-###############";
/// As wide as a UUID: the approval request's id.
inline constexpr std::string_view gate_mark = "########-gate-id-###################";
/// The number of a service.
inline constexpr std::string_view service_mark = "#service";

/// Whose incidents events are about.
enum class subject {
  service,  ///< one of the services: most events attach to its open incident
  itself,   ///< each event opens an incident of its own
};

[[nodiscard]] std::string event_body(subject about, std::string_view severity, time_point at);
/// `lines`: NDJSON, else an array.
[[nodiscard]] std::string batch_body(const std::string& event, std::size_t count, bool lines);
/// The full input of an escalation evaluation.
[[nodiscard]] std::string evaluation_body(time_point at, bool dry_run);
/// An evaluation of an incident that the service holds.
[[nodiscard]] std::string held_evaluation_body();
/// Asks the on-call lead, whom the default policy wants for a P2, and an incident commander.
[[nodiscard]] std::string approval_request_body();
[[nodiscard]] std::string vote_body(std::string_view approver, std::string_view role);
/// A change of an incident: acknowledge, start, close …
[[nodiscard]] std::string change_body();
[[nodiscard]] std::string comment_body();
[[nodiscard]] std::string resolve_body();
[[nodiscard]] std::string postmortem_body();

}  // namespace im::load
