#pragma once
/// Calls under way inside this process. Nothing here can cut off a disk that does not answer, but its caller need not wait for it:
/// each call is answered once, when it is done, at its deadline, or at the end; what comes later is dropped.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "http/client.hpp"

namespace im::persistence {

class pending_calls : public std::enable_shared_from_this<pending_calls> {
public:
  /// An unanswered call fails as one to a silent server does.
  template <class T>
  using handler = std::move_only_function<void(std::expected<T, http::client_error>)>;

  pending_calls();
  pending_calls(const pending_calls&) = delete;
  pending_calls& operator=(const pending_calls&) = delete;
  ~pending_calls();

  /// What to call with the answer, once, from any thread.
  template <class T>
  [[nodiscard]] std::move_only_function<void(T)> begin(std::chrono::milliseconds deadline, handler<T> done);

  /// Cancels what is under way; when it returns, no handler runs or will run. Idempotent; not from a handler.
  void close();

private:
  using clock = std::chrono::steady_clock;
  using key = std::pair<clock::time_point, std::uint64_t>;

  struct call {
    virtual ~call() = default;
    virtual void fail(http::client_error why) = 0;
    /// Runs a handler. One that throws must leave nobody waiting: the exception is logged and goes no further.
    template <class Run>
    static void guarded(Run&& run) noexcept {
      try {
        run();
      } catch (const std::exception& failure) {
        log_thrown(failure.what());
      } catch (...) {
        log_thrown("not a std::exception");
      }
    }
  };
  template <class T>
  struct call_of final : call {
    explicit call_of(handler<T> d) : done{std::move(d)} {}
    void fail(http::client_error why) override { done(std::unexpected{std::move(why)}); }
    handler<T> done;
  };

  [[nodiscard]] key add(std::chrono::milliseconds deadline, std::unique_ptr<call> one);
  /// Nothing: it was answered. Else its handler runs until `finished`.
  [[nodiscard]] std::unique_ptr<call> take(const key& which);
  void finished();
  static void log_thrown(std::string_view what) noexcept;
  static void fail(call& one, const http::client_error& why) noexcept;
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<key, std::unique_ptr<call>> calls_;
  std::uint64_t next_ = 0;
  std::size_t running_ = 0;
  clock::time_point looks_at_{clock::time_point::max()};  ///< when the thread looks for calls that are overdue
  bool closing_ = false;
  std::thread thread_;
};

template <class T>
std::move_only_function<void(T)> pending_calls::begin(std::chrono::milliseconds deadline, handler<T> done) {
  const auto which = add(deadline, std::make_unique<call_of<T>>(std::move(done)));
  return [self = shared_from_this(), which](T answer) {
    const auto one = self->take(which);
    if (!one) return;
    call::guarded([&] { static_cast<call_of<T>&>(*one).done(std::move(answer)); });
    self->finished();
  };
}

}  // namespace im::persistence
