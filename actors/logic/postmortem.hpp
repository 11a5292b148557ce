#pragma once
/// The post-mortem agent: from a recorded log to a document. Every sentence tells a recorded fact; where the record is
/// silent the document says `unknown`.

#include <vector>

#include "messages/decision_event.hpp"
#include "messages/error.hpp"
#include "messages/fold.hpp"
#include "messages/postmortem.hpp"

namespace im::logic {

/// The agent's full input, from the incident's state and its log in sequence order.
[[nodiscard]] postmortem_input postmortem_input_from(const incident_state& state,
                                                     const std::vector<decision_event>& log);

struct postmortem_verdict {
  postmortem_output output;
  double confidence = 0;  ///< the share of what a post-mortem asks for that the record answers; 0..1
};

/// Writes a draft. `conflict` for an incident that is neither RESOLVED nor CLOSED. The same input, id and time give the
/// same document.
[[nodiscard]] result<postmortem_verdict> write_postmortem(const postmortem_input& input, postmortem_id id,
                                                          time_point now);

}  // namespace im::logic
