#include "http/server_core.hpp"

#include <algorithm>

namespace im::http {

namespace {

server_config sane(server_config config) {
  config.io_threads = std::max<std::size_t>(config.io_threads, 1);
  config.max_pipelined_requests = std::max<std::size_t>(config.max_pipelined_requests, 1);
  config.tick = std::max(config.tick, std::chrono::milliseconds{1});
  return config;
}

response plain(status code, std::string_view error_code, std::string_view message) {
  std::string body{error_code};
  body.append(": ").append(message).append("\n");
  return {.code = code, .body = std::move(body), .content_type = "text/plain"};
}

}  // namespace

server_core::server_core(server_config settings, router table, error_renderer render, server_observers hooks)
    : config{sane(std::move(settings))},
      routes{std::move(table)},
      observers{std::move(hooks)},
      render_{std::move(render)} {}

response server_core::render(status code, std::string_view error_code, std::string_view message,
                             std::string_view correlation_id) const noexcept {
  if (render_) {
    try {
      return render_(code, error_code, message, correlation_id);
    } catch (...) {  // said plainly then
    }
  }
  return plain(code, error_code, message);
}

response server_core::render_busy(std::string_view error_code, std::string_view message,
                                  std::string_view correlation_id) const {
  auto answer = render(status::service_unavailable, error_code, message, correlation_id);
  answer.headers.emplace_back("Retry-After", std::to_string(limits::retry_after.count()));
  return answer;
}

std::size_t server_core::connection_opened() noexcept {
  return connections_.fetch_add(1, std::memory_order_relaxed) + 1;
}

void server_core::connection_closed() noexcept {
  if (connections_.fetch_sub(1, std::memory_order_relaxed) > 1) return;
  const std::lock_guard lock{mutex_};
  none_left_.notify_all();
}

bool server_core::wait_for_last(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock{mutex_};
  return none_left_.wait_until(lock, deadline, [this] { return connections() == 0; });
}

}  // namespace im::http
