#pragma once
/// The post-mortem agent: from a recorded log to a document. Every sentence tells a recorded fact; where the record is
/// silent the document says `unknown`.

#include <cstddef>
#include <memory>

#include "messages/decision_event.hpp"
#include "messages/error.hpp"
#include "messages/fold.hpp"
#include "messages/postmortem.hpp"

namespace im::logic {

/// The agent's full input, from the incident's state and its log. Folds one event after the other, so that a log of any length takes
/// the memory of what the document tells: at most `limits::timeline_entries` of each list, and the gates that are open.
class postmortem_story {
public:
  postmortem_story();
  ~postmortem_story();
  postmortem_story(const postmortem_story&) = delete;
  postmortem_story& operator=(const postmortem_story&) = delete;

  /// The next event, in sequence order.
  void tell(const decision_event& event);
  /// What was told, of the incident in `state`. Nothing is told after it.
  [[nodiscard]] postmortem_input finish(const incident_state& state);

  /// Entries, escalations and gates in memory.
  [[nodiscard]] std::size_t held() const;

private:
  class teller;
  std::unique_ptr<teller> teller_;
};

struct postmortem_verdict {
  postmortem_output output;
  double confidence = 0;  ///< the share of what a post-mortem asks for that the record answers; 0..1
};

/// Writes a draft. `conflict` for an incident that is neither RESOLVED nor CLOSED. The same input, id and time give the
/// same document.
[[nodiscard]] result<postmortem_verdict> write_postmortem(const postmortem_input& input, postmortem_id id,
                                                          time_point now);

}  // namespace im::logic
