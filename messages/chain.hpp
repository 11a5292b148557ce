#pragma once
/// The log of an incident is a hash chain: each DecisionEvent names the SHA-256 of the text of the one before it, so that
/// nothing in the middle can be changed, taken out or put in without the next link showing it. The digest is of the very
/// bytes that the store keeps (minified, as they were sent), so that any tool can follow the chain.

#include <string>
#include <string_view>

#include "messages/fold.hpp"

namespace im {

/// What the first event of a log names as the hash before it.
inline constexpr std::string_view first_previous_hash{};

/// Gives an event its place in the chain and its final text; nothing in it may change afterwards. `previous_hash`: of the event
/// before it in its incident, `first_previous_hash` for the first.
void seal(decision_event& event, std::string_view previous_hash);

/// Whether `event` links to the end of the log that `state` was folded from; a log's first event links to nothing. True where a log
/// has an end whose digest nobody knows: a plain ruvector-service may write documents in its own way, and keeps no chain.
[[nodiscard]] bool links_to(const incident_state& state, const decision_event& event);

}  // namespace im
