#include "messages/assert.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <tuple>

namespace im {

namespace {

constexpr int stderr_wait_ms = 500;      // for room in a pipe, before the process ends without the line
constexpr std::size_t line_bytes = 512;  // a pipe that has room takes as many at once

/// By the descriptor: another thread may hold the lock of `stderr`, stuck in a write that nobody reads.
void report_to_stderr(std::string_view condition, std::string_view file, unsigned line) noexcept {
  std::array<char, line_bytes> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "assertion failed: %.*s (%.*s:%u)\n", static_cast<int>(condition.size()),
                    condition.data(), static_cast<int>(file.size()), file.data(), line);
  pollfd room{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (length > 0 && poll(&room, 1, stderr_wait_ms) == 1)
    std::ignore = write(STDERR_FILENO, text.data(), std::min(static_cast<std::size_t>(length), text.size() - 1));
}

std::atomic<assertion_reporter> current{&report_to_stderr};

}  // namespace

assertion_reporter set_assertion_reporter(assertion_reporter reporter) noexcept { return current.exchange(reporter); }

void detail::assertion_failed(std::string_view condition, std::source_location where) noexcept {
  std::string_view file = where.file_name();
  while (file.starts_with("../")) file.remove_prefix(3);  // the compiler cache makes paths relative to the build folder
  // A second failure, in the reporter or on another thread, must not wait for the first one.
  static std::atomic_flag reported;
  if (!reported.test_and_set()) current.load()(condition, file, where.line());
  // The default action ends the process here. ThreadSanitizer's abort() would first wait for the lock of `stderr`.
  std::ignore = std::raise(SIGABRT);
  std::abort();
}

}  // namespace im
