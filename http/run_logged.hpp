#pragma once
/// What becomes of an exception that nobody catches on an io thread: it is logged, and the thread goes on. Internal to http/.

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <string_view>

#include "telemetry/log.hpp"

namespace im::http {

/// `what` came of `where`, a sentence. To stderr where no log is on, as in ruvector-service, which has a log of its own.
inline void log_exception(std::string_view where, std::string_view what) noexcept {
  if (log::enabled(log::level::error)) return log::error(log::event::handler_failed, where, {{"error", what}});
  std::fprintf(stderr, "%.*s: %.*s\n", static_cast<int>(where.size()), where.data(), static_cast<int>(what.size()),
               what.data());
}

/// Runs `step`; true unless it threw.
template <class Step>
bool run_caught(std::string_view where, Step&& step) noexcept {
  try {
    step();
    return true;
  } catch (const std::exception& failure) {
    log_exception(where, failure.what());
  } catch (...) {
    log_exception(where, "not a std::exception");
  }
  return false;
}

/// Runs `context` until it is stopped or has no more work.
inline void run_logged(boost::asio::io_context& context) noexcept {
  while (!run_caught("an exception reached an io thread", [&] { context.run(); })) {
  }
}

}  // namespace im::http
