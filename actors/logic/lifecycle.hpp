#pragma once
/// The life of an incident.
///
///   change       NEW           ACKNOWLEDGED  IN_PROGRESS  ESCALATED     RESOLVED     CLOSED
///   acknowledge  ACKNOWLEDGED  -             -            ACKNOWLEDGED  -            -
///   start        IN_PROGRESS   IN_PROGRESS   -            IN_PROGRESS   -            -
///   escalate     ESCALATED     ESCALATED     ESCALATED    ESCALATED     -            -
///   resolve      RESOLVED      RESOLVED      RESOLVED     RESOLVED      -            -
///   close        -             -             -            -             CLOSED       -
///   reopen       -             -             -            -             IN_PROGRESS  -
///   assign, update             the status stays             (RESOLVED too)           -
///   comment                    the status stays, in every status
///
/// `-` is refused with 409.

#include <optional>

#include "messages/enums.hpp"

namespace im::logic {

/// The status after `change`, or nothing when the change is not allowed in this status.
[[nodiscard]] std::optional<incident_status> next_status(change_kind change, incident_status now);

}  // namespace im::logic
