#pragma once
/// What waits for LLM-Observatory, the oldest first. Bounded: where one more has no room, the oldest is dropped. Not thread-safe.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>
#include <vector>

#include "telemetry/observation.hpp"

namespace im::telemetry {

class observation_buffer {
public:
  explicit observation_buffer(std::size_t bound) : bound_{bound} {}

  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

  /// How many were dropped for it.
  std::size_t add(observation one) {
    waiting_.push_back(std::move(one));
    return drop_oldest();
  }

  [[nodiscard]] std::vector<observation> take(std::size_t most) {
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(most, waiting_.size()));
    std::vector<observation> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return taken;
  }

  /// What was taken and not sent, before all others again. How many of the oldest were dropped.
  std::size_t give_back(std::vector<observation> taken) {
    waiting_.insert(waiting_.begin(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
    return drop_oldest();
  }

private:
  std::size_t drop_oldest() {
    const auto over = waiting_.size() - std::min(waiting_.size(), bound_);
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(over));
    return over;
  }

  std::size_t bound_;
  std::deque<observation> waiting_;
};

}  // namespace im::telemetry
