#pragma once
/// The small records that plain agents keep with us for incidents that have no log here.

#include <optional>
#include <string>
#include <string_view>

#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "messages/json/node.hpp"
#include "messages/time.hpp"

namespace im::ruvector {

/// Whether the known members of a `PATCH …/state` have their types; the error names all bad ones.
[[nodiscard]] result<void> validate_state_patch(const json::node& patch);
/// The same for an escalation record; members that we do not know are kept as they are.
[[nodiscard]] result<void> validate_escalation_patch(const json::node& patch);

/// `current` (or a fresh record) with the members of `patch` put in; null takes one out. `patch` was validated.
[[nodiscard]] result<std::string> merge_state(std::optional<std::string_view> current, std::string_view patch,
                                              incident_id id, time_point now);
[[nodiscard]] result<std::string> merge_escalation(std::optional<std::string_view> current, std::string_view patch,
                                                   incident_id id, time_point now);

}  // namespace im::ruvector
