#pragma once
/// Questions that the store is asked together: one is under way at a time, and what comes meanwhile waits for the next.

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

#include "messages/assert.hpp"

namespace im {

template <class T>
class asked_together {
public:
  /// `most`: in one question.
  explicit asked_together(std::size_t most) : most_{most} {}

  void add(T one) { waiting_.push_back(std::move(one)); }

  /// What to ask for now; empty while a question is under way, and where nothing waits.
  [[nodiscard]] std::vector<T> next() {
    if (asking_ || waiting_.empty()) return {};
    asking_ = true;
    const auto last = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), most_));
    std::vector<T> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(last));
    waiting_.erase(waiting_.begin(), last);
    return taken;
  }

  void answered() {
    IM_ASSERT(asking_);
    asking_ = false;
  }

private:
  std::size_t most_;
  std::vector<T> waiting_;
  bool asking_ = false;
};

}  // namespace im
