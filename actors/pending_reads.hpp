#pragma once
/// Reads of one incident. Another instance may have gone on with its log, so each waits until the store was asked after it
/// came; where the store does not say in time, what is known is told, and told as stale.

#include <list>

#include "messages/assert.hpp"
#include "messages/limits.hpp"
#include "messages/protocol/types.hpp"

namespace im {

template <class Moment>
class pending_reads {
public:
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

  void add(submission_ptr read, Moment now) {
    if (waiting_.size() >= limits::supervisor_queue_commands)
      return read->answer(fail(errc::overloaded, "too many reads wait for this incident; try again shortly"));
    waiting_.push_back({std::move(read), now});
  }

  /// The store is being asked, or written to: what it says will be no older than the reads that are here now.
  void mark() { marked_ = waiting_.size(); }

  /// It said so: `state` is what those that were marked read.
  void confirm(const state_ptr& state) {
    for (; marked_ > 0; --marked_) answer_first(state, false);
  }

  /// Nobody knows whether `state` is the newest; who came at `since` or before waits no longer.
  void give_up(const state_ptr& state, Moment since) {
    if (state->head() == 0) return;  // nothing to tell; the load itself ends in time
    while (!waiting_.empty() && waiting_.front().since <= since) {
      if (marked_ > 0) --marked_;
      answer_first(state, true);
    }
  }

  /// The store cannot be asked.
  void fail_all(const state_ptr& state, const error& why) {
    marked_ = 0;
    while (!waiting_.empty()) {
      if (state->head() != 0) {
        answer_first(state, true);
        continue;
      }
      waiting_.front().read->answer(std::unexpected{why});
      waiting_.pop_front();
    }
  }

  /// Only where there is one.
  [[nodiscard]] Moment oldest() const {
    IM_ASSERT(!waiting_.empty());
    return waiting_.front().since;
  }

private:
  struct waiting_read {
    submission_ptr read;
    Moment since;
  };

  void answer_first(const state_ptr& state, bool stale) {
    IM_ASSERT(!waiting_.empty());
    auto read = std::move(waiting_.front().read);
    waiting_.pop_front();
    if (!state->opened) return read->answer(fail(errc::not_found, "there is no incident " + state->record.id.str()));
    reply r;
    r.state = state;
    r.stale = stale;
    read->answer(std::move(r));
  }

  std::list<waiting_read> waiting_;
  std::size_t marked_ = 0;
};

}  // namespace im
