#pragma once
/// Virtual time: what is to happen, in the order of its moments.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "messages/time.hpp"

namespace im::test::model {

class timeline {
public:
  explicit timeline(time_point start) : now_{start} {}

  using task = std::function<void()>;

  [[nodiscard]] time_point now() const { return now_; }
  [[nodiscard]] std::size_t steps() const { return steps_; }

  void after(milliseconds wait, task what) {
    tasks_.push_back({now_ + std::max(wait, milliseconds{0}), ++number_, std::move(what)});
    std::ranges::push_heap(tasks_, later);
  }

  /// Runs all that happens up to `end`, or so many steps. False: something keeps the world busy for ever.
  [[nodiscard]] bool run_until(time_point end, std::size_t most_steps) {
    for (const auto last = steps_ + most_steps; !tasks_.empty() && tasks_.front().at <= end;) {
      if (++steps_ > last) return false;
      std::ranges::pop_heap(tasks_, later);
      auto next = std::move(tasks_.back());
      tasks_.pop_back();
      now_ = next.at;
      next.what();
    }
    now_ = std::max(now_, end);
    return true;
  }

private:
  struct entry {
    time_point at;
    std::uint64_t number = 0;  ///< what was planned first happens first
    task what;
  };
  static bool later(const entry& a, const entry& b) { return std::pair{a.at, a.number} > std::pair{b.at, b.number}; }

  time_point now_;
  std::uint64_t number_ = 0;
  std::size_t steps_ = 0;
  std::vector<entry> tasks_;
};

}  // namespace im::test::model
