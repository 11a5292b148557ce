#include "persistence/embedded/pending_calls.hpp"

#include <vector>

#include "messages/assert.hpp"
#include "telemetry/log.hpp"
#include "telemetry/thread_name.hpp"

namespace im::persistence {

namespace {

http::client_error closed() { return {http::client_error_kind::cancelled, "the client of the store is closed", true}; }

}  // namespace

pending_calls::pending_calls() : thread_{[this] { loop(); }} {}

pending_calls::~pending_calls() { close(); }

pending_calls::key pending_calls::add(std::chrono::milliseconds deadline, std::unique_ptr<call> one) {
  const auto until = clock::now() + deadline;
  std::unique_lock lock{mutex_};
  const key which{until, next_++};
  if (closing_) {
    lock.unlock();
    fail(*one, closed());
    return which;
  }
  calls_.emplace(which, std::move(one));
  // Most deadlines are equally far, so the thread sleeps on, past calls that were answered long ago.
  if (until < looks_at_) wake_.notify_all();
  return which;
}

std::unique_ptr<pending_calls::call> pending_calls::take(const key& which) {
  const std::lock_guard lock{mutex_};
  auto found = calls_.extract(which);
  if (!found) return nullptr;
  IM_ASSERT(found.mapped() != nullptr);
  ++running_;
  return std::move(found.mapped());
}

void pending_calls::log_thrown(std::string_view what) noexcept {
  log::error(log::event::handler_failed, "the handler of a call to the embedded store threw", {{"error", what}});
}

void pending_calls::fail(call& one, const http::client_error& why) noexcept {
  call::guarded([&] { one.fail(why); });
}

void pending_calls::finished() {
  const std::lock_guard lock{mutex_};
  IM_ASSERT(running_ > 0);
  --running_;
  if (closing_) wake_.notify_all();
}

void pending_calls::loop() {
  name_this_thread("store.timeouts");
  std::unique_lock lock{mutex_};
  while (!closing_) {
    const auto now = clock::now();
    std::vector<std::unique_ptr<call>> overdue;
    while (!calls_.empty() && calls_.begin()->first.first <= now) {
      auto first = calls_.extract(calls_.begin());
      IM_ASSERT(first && first.mapped() != nullptr);
      overdue.push_back(std::move(first.mapped()));
    }
    if (overdue.empty()) {
      looks_at_ = calls_.empty() ? clock::time_point::max() : calls_.begin()->first.first;
      if (calls_.empty())
        wake_.wait(lock);
      else
        wake_.wait_until(lock, looks_at_);
      continue;
    }
    lock.unlock();
    for (auto& one : overdue) fail(*one, {http::client_error_kind::timeout, "no answer within the deadline", true});
    lock.lock();
  }
}

void pending_calls::close() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock{mutex_};
  const auto left = std::exchange(calls_, {});
  lock.unlock();
  for (const auto& [which, one] : left) fail(*one, closed());
  lock.lock();
  wake_.wait(lock, [this] { return running_ == 0; });
}

}  // namespace im::persistence
