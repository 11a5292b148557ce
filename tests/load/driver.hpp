#pragma once
/// Drives players over their connections for one thread: in a closed loop each begins its next unit when the last is over; in an
/// open loop a unit begins at its moment, over whichever player is free, or as soon as one is.

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/load/histogram.hpp"
#include "tests/load/ledger.hpp"
#include "tests/load/player.hpp"
#include "tests/load/schedule.hpp"

namespace im::load {

/// How long a run waits at its end for answers that are still due.
inline constexpr std::chrono::seconds last_answers{30};
/// How often the threads tell how they fare.
inline constexpr std::chrono::seconds pulse_interval{1};

/// One phase of a run.
struct plan {
  boost::asio::ip::tcp::endpoint to{};
  std::size_t players = 64;              ///< of all threads together
  std::optional<double> rate{};          ///< units a second; none: a closed loop
  clock::duration warmup{};              ///< not measured
  clock::duration duration{};            ///< measured; 0: until `count` is reached
  std::optional<std::uint64_t> count{};  ///< of units, those of the warm-up with them
  std::uint64_t first_unit = 0;          ///< the numbers of units go on from phase to phase
};

/// What a second brought.
struct pulse {
  std::uint64_t units = 0;
  std::uint64_t items = 0;
  std::uint64_t failures = 0;
  histogram latency;
};

/// What came of it all.
struct tally {
  std::array<histogram, measures> latency;
  std::uint64_t units = 0;  ///< that were measured and went well
  std::uint64_t items = 0;
  std::uint64_t begun = 0;                        ///< the warm-up's with them
  std::uint64_t unsent = 0;                       ///< due, but no connection became free for them before the end
  std::map<unsigned, std::uint64_t> answers;      ///< by status, the warm-up's with them
  std::map<std::string, std::uint64_t> refusals;  ///< answers that ended a unit before its end, by what they said
  std::map<std::string, std::uint64_t> failures;  ///< no answer, by why
  std::chrono::duration<double> seconds{};        ///< from the end of the warm-up to the last answer
  ledger acknowledged;

  void merge(const tally& other);
  [[nodiscard]] std::uint64_t failed() const;
};

using player_factory = std::function<std::unique_ptr<player>()>;
/// Called from the driver's thread.
using pulse_listener = std::function<void(const pulse&)>;

/// Runs one thread's share of a plan to its end; returns what came of it. `stopped` ends it early.
[[nodiscard]] tally drive(const plan& what, share mine, clock::time_point start, const player_factory& make,
                          const pulse_listener& beat, const std::function<bool()>& stopped);

}  // namespace im::load
