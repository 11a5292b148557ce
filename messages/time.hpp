#pragma once
/// Wall-clock time as every document at our borders writes it: ISO 8601, UTC, milliseconds.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace im {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A moment in UTC with millisecond resolution.
using time_point = std::chrono::sys_time<milliseconds>;

/// The first and the last moment that a document tells: `parse_time` reads no other.
inline constexpr time_point first_time{};
inline constexpr time_point last_time =
    std::chrono::sys_days{std::chrono::year{10'000} / std::chrono::January / 1} - milliseconds{1};

/// Whether a moment that is written can be read again.
[[nodiscard]] constexpr bool readable(time_point at) { return first_time <= at && at <= last_time; }

/// `2026-11-22T01:00:00.000Z`. A moment that nobody could read again is written as the nearest that can be: what is stored
/// stays as it is, so one such time would make its whole log unreadable.
[[nodiscard]] std::string to_string(time_point at);

/// So many seconds after `from`, to the next whole millisecond, so that nothing comes early. Always readable: what lies
/// beyond the first or the last moment is that moment.
[[nodiscard]] time_point later(time_point from, double wait_s);

/// Reads ISO 8601 / RFC 3339: a date, `T`, a time with optional fraction, and `Z` or a `±hh:mm` offset.
/// Digits past milliseconds are cut. Nothing for anything else, and nothing outside the years 1970..9999.
[[nodiscard]] std::optional<time_point> parse_time(std::string_view text);

/// Whole and fractional seconds from `from` to `to`; negative when `to` is earlier.
[[nodiscard]] constexpr double seconds_between(time_point from, time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// The source of timestamps. Timers use CAF's clock; this port only says what time it is.
class wall_clock {
public:
  virtual ~wall_clock() = default;
  [[nodiscard]] virtual time_point now() const = 0;
};

/// The machine's clock.
class system_wall_clock final : public wall_clock {
public:
  [[nodiscard]] time_point now() const override;
};

}  // namespace im
