#pragma once
/// The door through which other threads hand work to an actor: a completion puts a task, the actor runs it in its own turn.

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace im::persistence {

class inbox {
public:
  using task = std::move_only_function<void()>;

  /// `wake` is called outside the lock, by whoever puts into an empty inbox: one wake-up serves all that comes before
  /// the actor's turn.
  explicit inbox(std::function<void()> wake) : wake_{std::move(wake)} {}

  void put(task work) {
    bool first = false;
    {
      const std::lock_guard lock{mutex_};
      first = tasks_.empty();
      tasks_.push_back(std::move(work));
    }
    if (first) wake_();
  }

  [[nodiscard]] std::vector<task> take_all() {
    const std::lock_guard lock{mutex_};
    return std::exchange(tasks_, {});
  }

private:
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<task> tasks_;
};

}  // namespace im::persistence
