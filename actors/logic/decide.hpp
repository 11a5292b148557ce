#pragma once
/// The heart: (state, command, context) → decision. Pure; the supervisor around it only persists and answers.

#include <optional>
#include <string>
#include <vector>

#include "messages/commands.hpp"
#include "messages/error.hpp"
#include "messages/policies.hpp"

namespace im::logic {

/// Who decides, as DecisionEvents name it.
struct decider {
  std::string version;   ///< semver of this service
  std::string instance;  ///< host and process
  im::environment environment = environment::development;
};

struct decision_context {
  const policy_set& policies;
  const decider& who;
  time_point now;
};

/// What a command comes to. `events` are stored all or none; their sequences are given when they are committed.
struct decision {
  std::vector<decision_event> events;
  std::optional<decision_event> unrecorded;  ///< answers the caller when there was nothing to record
  std::optional<error> refusal;              ///< recorded, and yet the caller gets this error (an audited vote)
  im::disposition disposition = disposition::opened;
  std::vector<std::string> warnings;
  bool hand_back = false;                         ///< a signal that needs another incident: this one is no longer open
  std::optional<postmortem_id> write_postmortem;  ///< the post-mortem actor must write first, under this id

  [[nodiscard]] const decision_event* answer() const {
    return !events.empty() ? &events.front() : unrecorded ? &*unrecorded : nullptr;
  }
};

/// `{agent_type}:{version}:{instance}`.
[[nodiscard]] std::string agent_id(agent who, const decider& here);

/// Which agent a command asks; nothing: none, it only reads.
[[nodiscard]] std::optional<agent> asked_by(const any_command& body);

/// The execution that a call belongs to: the caller's, or one that follows from its request.
[[nodiscard]] uuid execution_of(const call_context& call);

/// The request id that a gate's opening covers, so that the store's third law keeps gate ids unique across incidents.
[[nodiscard]] request_id gate_request_id(const approval_id& gate);

/// Whether what is decided is the answer and nothing else: a dry run over an input that is complete in itself.
[[nodiscard]] bool leaves_no_trace(const command& command);

/// Whether an alert repeats a firing that its open incident knows of: it says nothing new.
[[nodiscard]] bool is_known_firing(const incident_state& state, const cmd::ingest_signal& signal);

/// Decides over one command. The request id was not covered before; the caller sees to that. `state` is taken on as the events
/// say, which is for the caller to undo where they are not to be stored.
[[nodiscard]] result<decision> decide(incident_state& state, const command& command, const decision_context& context);

}  // namespace im::logic
