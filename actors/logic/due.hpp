#pragma once
/// The commands of the clock.

#include "messages/commands.hpp"

namespace im::logic {

/// What a deadline of this state asks for when its moment has come. Instances that stand at the same place in the log make
/// the same request, so it takes effect once; one that stands behind finds its sequence taken, reads on, and finds nothing
/// due. The place in the log is part of the name, since a moment may be promised again: where one clock was ahead, its
/// evaluation came early, and the next one, on a true clock, is deferred to the very moment that was looked at already.
[[nodiscard]] command due_command(const incident_state& state, const deadline& due);

}  // namespace im::logic
