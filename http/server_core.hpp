#pragma once
/// What all io threads of a server share. Internal to http/.

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "http/server.hpp"
#include "messages/admission.hpp"

namespace im::http {

class server_core {
public:
  server_core(server_config settings, router table, error_renderer render, server_observers hooks);

  const server_config config;
  const router routes;
  const server_observers observers;

  /// Of large bodies while they are read.
  const std::shared_ptr<admission> large_bodies = admission::of(config.large_bodies_bytes);

  /// An error in the application's form; never throws (a renderer that does costs its words, not the answer).
  [[nodiscard]] response render(status code, std::string_view error_code, std::string_view message,
                                std::string_view correlation_id) const noexcept;
  /// A 503 in the application's form, with Retry-After.
  [[nodiscard]] response render_busy(std::string_view error_code, std::string_view message,
                                     std::string_view correlation_id) const;

  /// Counts a connection in; the number with it.
  std::size_t connection_opened() noexcept;
  void connection_closed() noexcept;
  [[nodiscard]] std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
  /// Waits until no connection is open, or until `deadline`. True if none is.
  [[nodiscard]] bool wait_for_last(std::chrono::steady_clock::time_point deadline);

private:
  const error_renderer render_;
  std::atomic<std::size_t> connections_{0};
  std::mutex mutex_;
  std::condition_variable none_left_;
};

}  // namespace im::http
