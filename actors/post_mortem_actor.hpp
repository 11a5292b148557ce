#pragma once
/// Reads the log of an incident that is over, a page at a time, writes the document, and ends.

#include "actors/environment.hpp"
#include "actors/logic/postmortem.hpp"

namespace im {

class post_mortem_state {
public:
  post_mortem_state(post_mortem_type::pointer self, const wall_clock& clock, persistence_actor persistence)
      : self_{self}, clock_{clock}, persistence_{std::move(persistence)} {}

  post_mortem_type::behavior_type make_behavior();

  static inline const char* name = "post_mortem_actor";

private:
  caf::result<written_postmortem> start(postmortem_job job);
  void read_on();
  void on_page(const log_page& page);
  void write(const postmortem_input& input);
  void fail_with(const caf::error& why);

  post_mortem_type::pointer self_;
  const wall_clock& clock_;
  persistence_actor persistence_;
  postmortem_job job_;
  logic::postmortem_story story_;
  std::uint64_t told_ = 0;  ///< so far the log was read
  caf::typed_response_promise<written_postmortem> promise_;
};

using post_mortem_actor = caf::stateful_actor<post_mortem_state, post_mortem_type::base>;

}  // namespace im
