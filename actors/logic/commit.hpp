#pragma once
/// Group commit: decides over everything that waits for one incident, as one write. A burst of the same alert becomes
/// one event that names every event id it covers.

#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "actors/logic/decide.hpp"
#include "actors/logic/recent_requests.hpp"

namespace im::logic {

/// What a command gets once the plan's events are durable.
namespace answer {

/// The event at `index` of the plan; after it, the error if there is one (recorded, and yet refused).
struct recorded {
  std::size_t index = 0;
  std::optional<error> refusal;
};
/// Decided without anything to record; an event that was not recorded may tell more.
struct unrecorded {
  std::shared_ptr<const decision_event> event;
};
/// Its request was covered before; the first answer is told again.
struct replay {
  event_id first;
};
/// The registry must find another incident for this signal.
struct hand_back {};
/// The post-mortem actor writes first.
struct write_postmortem {
  postmortem_id id;
};

}  // namespace answer

struct planned {
  std::variant<error, answer::recorded, answer::unrecorded, answer::replay, answer::hand_back, answer::write_postmortem>
      what;
  im::disposition disposition = disposition::opened;
  std::vector<std::string> warnings;
};

struct commit_plan {
  std::vector<decision_event> events;   ///< sealed, with sequences from `state.head() + 1`
  incident_state after;                 ///< the state once they are stored
  std::vector<covered_request> covers;  ///< what is answered from memory once they are stored
  std::vector<planned> answers;         ///< for the first `answers.size()` commands; the rest waits for the next commit
};

/// Decides over as many commands, in order, as fit into one write (`limits::commands_per_commit`, `events_per_commit`).
/// At least one is taken. What `recent` covers is answered again.
[[nodiscard]] commit_plan plan_commit(const incident_state& state, const recent_requests& recent,
                                      std::span<const command* const> commands, const decision_context& context);

}  // namespace im::logic
