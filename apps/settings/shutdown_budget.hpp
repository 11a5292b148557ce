#pragma once
/// How long each part of a shutdown may take, so that all of them end before the platform kills the process. Pure.
///
/// | from the signal on | longest |
/// |---|---|
/// | lame duck: not ready, requests are taken | what was asked for, as far as the parts below leave it |
/// | drain: what is under way finishes | what is left, `drain_least` at least |
/// | close: telemetry is sent, the store is closed | `close` |

#include <algorithm>
#include <chrono>

namespace im {

struct shutdown_budget {
  using seconds = std::chrono::seconds;
  using milliseconds = std::chrono::milliseconds;

  static constexpr seconds total_default{10};  ///< Cloud Run kills so long after SIGTERM
  static constexpr seconds drain_least{3};     ///< more than `limits::wait_turn`: long polls end by themselves
  static constexpr seconds close{2};           ///< `limits::observatory_farewell`; a checkpoint takes less
  static constexpr seconds total_least = drain_least + close;

  seconds total = total_default;  ///< `SHUTDOWN_SECS`

  [[nodiscard]] constexpr seconds lame_duck(seconds wanted) const {
    return std::min(wanted, std::max(seconds{0}, total - total_least));
  }
  /// `spent`: since the signal.
  [[nodiscard]] constexpr milliseconds drain(milliseconds spent) const {
    return std::max<milliseconds>(total - close - spent, drain_least);
  }
};

}  // namespace im
