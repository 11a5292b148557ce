#pragma once
/// A few threads for work that blocks on the disk, so that no io thread does. Bounded: what does not fit is refused.

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace im::ruvector {

class work_pool {
public:
  using job = std::move_only_function<void()>;

  /// `name`: of its threads.
  work_pool(std::size_t threads, std::size_t bound, const char* name = "store.reader");
  work_pool(const work_pool&) = delete;
  work_pool& operator=(const work_pool&) = delete;
  ~work_pool();

  /// False, and `what` is untouched: too much waits, or the pool is closed. Jobs must not throw.
  [[nodiscard]] bool submit(job& what);
  /// Does what waits, then ends the threads. Idempotent; not from a job.
  void close();
  /// For jobs that need not be done then.
  [[nodiscard]] bool is_closing() const;

private:
  void loop();

  std::size_t bound_;
  const char* name_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<job> waiting_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace im::ruvector
