#pragma once
/// The players of the workloads. Each numbers its operations `unit × operations_a_unit + k`.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "tests/load/player.hpp"
#include "tests/load/request_bytes.hpp"
#include "tests/load/run_id.hpp"

namespace im::load {

/// What the players of a run have in common.
struct script {
  target to;
  run_id ids;
  time_point started;
  std::uint64_t seed = 1;
  std::uint64_t operations_a_unit = 1;

  /// The number of a unit's operation `k`.
  [[nodiscard]] std::uint64_t operation(std::uint64_t unit, std::uint64_t k) const {
    return unit * operations_a_unit + k;
  }
};

/// A number below `bound`, the same for the same seed and `n`.
[[nodiscard]] std::uint64_t chosen(std::uint64_t seed, std::uint64_t n, std::uint64_t bound);

struct event_options {
  std::uint64_t services = 1000;  ///< that events are about; 0: each event opens an incident of its own
  std::size_t batch = 1;          ///< events in one POST
  bool ndjson = false;
};

/// Sends events, one POST a unit.
[[nodiscard]] std::unique_ptr<player> make_event_player(const script& run, const event_options& options);

}  // namespace im::load
