#include "persistence/ruvector/work_pool.hpp"

#include <utility>

#include "messages/assert.hpp"
#include "telemetry/thread_name.hpp"

namespace im::ruvector {

work_pool::work_pool(std::size_t threads, std::size_t bound, const char* name) : bound_{bound}, name_{name} {
  IM_ASSERT(threads > 0);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { loop(); });
}

work_pool::~work_pool() { close(); }

bool work_pool::submit(job& what) {
  {
    const std::lock_guard lock{mutex_};
    if (closing_ || waiting_.size() >= bound_) return false;
    waiting_.push_back(std::move(what));
  }
  wake_.notify_one();
  return true;
}

void work_pool::close() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_)
    if (thread.joinable()) thread.join();
}

bool work_pool::is_closing() const {
  const std::lock_guard lock{mutex_};
  return closing_;
}

void work_pool::loop() {
  name_this_thread(name_);
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [&] { return closing_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    IM_ASSERT(waiting_.size() <= bound_);
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next();
    next = nullptr;  // what it holds is released outside the lock
    lock.lock();
  }
}

}  // namespace im::ruvector
