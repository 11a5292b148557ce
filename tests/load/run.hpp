#pragma once
/// One phase of a run: threads that drive players, and somebody who watches them.

#include <sys/types.h>

#include <functional>
#include <optional>
#include <vector>

#include "tests/load/driver.hpp"

namespace im::load {

/// What one second looked like from outside.
struct moment {
  double seconds = 0;  ///< since the start of the phase
  std::uint64_t units = 0;
  std::uint64_t items = 0;
  std::uint64_t failures = 0;
  microseconds p50{};
  microseconds p99{};
  std::optional<std::uint64_t> resident_bytes;
};

struct phase_result {
  tally sum;
  std::vector<moment> timeline;
};

struct watch {
  std::optional<pid_t> pid{};                            ///< whose memory is looked at
  std::function<void(const moment&)> tell{};             ///< each second; may be empty
  std::function<bool()> stopped = [] { return false; };  ///< ends a run early
};

/// Runs a plan on `threads` threads and returns when it is over. The players are made on their threads.
[[nodiscard]] phase_result run_phase(const plan& what, std::size_t threads, const player_factory& make,
                                     const watch& watching);

}  // namespace im::load
