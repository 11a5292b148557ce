#pragma once
/// The log: lines of fields, written to stderr by a thread of its own. To log never blocks and never throws; when lines come faster
/// than they can be written, the oldest are dropped and counted.
///
///     log::info(log::event::incident_opened, "incident opened", {{"incident_id", id}, {"severity", severity::p1}});

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

#include "messages/time.hpp"
#include "telemetry/limits.hpp"
#include "telemetry/log_line.hpp"

namespace im::log {

struct config {
  level threshold = level::info;  ///< lines below it cost a comparison
  format as = format::text;
  std::size_t queue_lines = limits::log_queue_lines;
  const wall_clock* clock = nullptr;  ///< the machine's, if not given; outlives the log
  /// Where lines go, each with its line break; stderr if not given. Called by the log's thread alone.
  std::function<void(std::string_view line)> sink = {};
};

/// The log is on while this lives. Its end writes what is still queued.
class [[nodiscard]] session {
public:
  explicit session(config with);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();
};

/// Starts the log; without it all lines go nowhere (as in tests that are not about the log). One at a time: throws
/// std::logic_error if there is one already.
inline session start(config with = {}) { return session{std::move(with)}; }

/// Another threshold, from now on.
void set_threshold(level threshold) noexcept;

/// How many lines were dropped since the process began.
[[nodiscard]] std::uint64_t dropped_lines() noexcept;

namespace detail {
extern std::atomic<level> threshold;  ///< `off` while there is no session
void emit(level severity, event what, std::string_view message, std::span<const field> fields) noexcept;
}  // namespace detail

/// Whether a line of this level would be written: for what is costly to gather.
[[nodiscard]] inline bool enabled(level severity) noexcept {
  return severity >= detail::threshold.load(std::memory_order_relaxed);
}

/// Logs one line.
inline void write(level severity, event what, std::string_view message,
                  std::initializer_list<field> fields = {}) noexcept {
  if (enabled(severity)) detail::emit(severity, what, message, {fields.begin(), fields.size()});
}

/// Every step, for whoever debugs the service itself.
inline void trace(event what, std::string_view message, std::initializer_list<field> fields = {}) noexcept {
  write(level::trace, what, message, fields);
}
/// What one request or one actor did.
inline void debug(event what, std::string_view message, std::initializer_list<field> fields = {}) noexcept {
  write(level::debug, what, message, fields);
}
/// What an operator wants to have read afterwards.
inline void info(event what, std::string_view message, std::initializer_list<field> fields = {}) noexcept {
  write(level::info, what, message, fields);
}
/// The service copes, but somebody should know.
inline void warn(event what, std::string_view message, std::initializer_list<field> fields = {}) noexcept {
  write(level::warn, what, message, fields);
}
/// Somebody has to act.
inline void error(event what, std::string_view message, std::initializer_list<field> fields = {}) noexcept {
  write(level::error, what, message, fields);
}

}  // namespace im::log
