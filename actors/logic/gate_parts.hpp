#pragma once
/// What the parts of the approval gate share; for `approval_gate.cpp` and `gate_opening.cpp` alone.

#include <string>

#include "actors/logic/approval_gate.hpp"
#include "actors/logic/words.hpp"

namespace im::logic {

inline approval_audit_entry by_agent(time_point at, approval_audit_type type, std::string details) {
  return {at, type, std::string{to_string(agent::approver)}, actor_type::agent, std::move(details)};
}

inline error bad_field(std::string field, field_error::kind kind, std::string message) {
  message = say(field, " ", message);
  return {errc::validation_error, message, {{std::move(field), kind, message, {}}}};
}

/// `incident_commander, sre_lead`.
inline std::string listed_names(const approval_request& request) {
  std::string names;
  for (const auto& requirement : request.required_approvers)
    names.append(names.empty() ? "" : ", ").append(name_of(requirement));
  return names;
}

}  // namespace im::logic
