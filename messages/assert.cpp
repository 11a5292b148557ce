#include "messages/assert.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace im {

namespace {

void report_to_stderr(std::string_view condition, std::string_view file, unsigned line) noexcept {
  std::fprintf(stderr, "assertion failed: %.*s (%.*s:%u)\n", static_cast<int>(condition.size()), condition.data(),
               static_cast<int>(file.size()), file.data(), line);
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
  std::abort();
}

}  // namespace im
