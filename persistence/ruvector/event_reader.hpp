#pragma once
/// From a body to DecisionEvents that may be stored. A body is parsed once; an error names all bad fields of all events.

#include <memory>
#include <string_view>
#include <vector>

#include "messages/error.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// Reads one DecisionEvent. One with `sequence` or `fact` must be a whole entry of an incident's log; others may lack our
/// fields.
[[nodiscard]] result<new_event> read_event(std::string_view body);

/// Reads `{"events":[…]}` of at most `limits::batch_items`.
[[nodiscard]] result<std::vector<new_event>> read_events(std::string_view body);

/// A sealed event of our own, which nobody needs to read: its types hold what `read_event` asks of a stranger's text, commands
/// were validated before they became events, and the store's laws are judged in any case. Only a size has no type: a
/// `validation_error` for a text that is larger than one event may be.
[[nodiscard]] result<new_event> new_event_of(std::shared_ptr<const decision_event> event);

/// Reads a stored log entry back. `internal` if it is none: what is stored was read once.
[[nodiscard]] result<decision_event> read_stored(std::string_view document);

}  // namespace im::ruvector
