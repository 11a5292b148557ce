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
[[nodiscard]] std::string evaluation_body(time_point at, bool dry_run);

}  // namespace im::load
