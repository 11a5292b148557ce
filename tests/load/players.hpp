#pragma once
/// The players of the workloads. Each numbers its operations `unit × operations_a_unit + k`.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/load/player.hpp"
#include "tests/load/request_bytes.hpp"
#include "tests/load/run_id.hpp"

namespace im::load {

/// What the players of a run have in common.
struct script {
  target to{};
  run_id ids{uuid{}};
  time_point started{};
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

struct post_options {
  std::string path = "/";
  std::string body{};  ///< may hold the marks of an operation and a service
  unsigned status = 200;
  std::uint64_t services = 1000;
};

/// Sends one request again and again; nothing of it is looked for.
[[nodiscard]] std::unique_ptr<player> make_post_player(const script& run, const post_options& options);

/// One request of a walk; its path and its body may hold the marks of bodies.hpp.
struct step {
  std::string path;
  std::string body;
  unsigned status = 200;  ///< that goes on
  bool recorded = true;   ///< it leaves a DecisionEvent that names the operation
};

/// Whose incident a unit is about.
using incident_chooser = std::function<incident_id(std::uint64_t unit)>;

/// Does the steps one after the other. Without a chooser the first opens the incident that the others are about.
[[nodiscard]] std::unique_ptr<player> make_walk_player(const script& run, const std::vector<step>& steps,
                                                       incident_chooser whose = {});

/// Sends an event that opens an incident of its own.
[[nodiscard]] step open_step(const script& run);
/// Asks for an approval.
[[nodiscard]] step approval_step();
/// A full input is evaluated.
[[nodiscard]] step evaluation_step(const script& run, bool dry_run);
/// A comment: a write that wakes an incident.
[[nodiscard]] step comment_step();
/// What ends an incident: first it is resolved, then closed.
[[nodiscard]] step resolve_step();
[[nodiscard]] step close_step();
/// An incident that is opened, resolved and closed.
[[nodiscard]] std::vector<step> short_life_steps(const script& run);
/// An incident from its event to its post-mortem.
[[nodiscard]] std::vector<step> lifecycle_steps(const script& run);

/// Asks for an approval, waits for its verdict over a second connection as an orchestrator does, and lets two people vote.
/// Without a chooser each unit opens an incident for it first, and ends it.
[[nodiscard]] std::unique_ptr<player> make_approval_player(const script& run, incident_chooser whose = {});

/// Units of several players, each as often as its weight says.
struct part {
  std::unique_ptr<player> who;
  std::uint64_t weight = 1;
};
[[nodiscard]] std::unique_ptr<player> make_mix_player(std::uint64_t seed, std::vector<part> parts);

/// The greatest number of operations that a unit of any player here has, but for batches of events.
inline constexpr std::uint64_t operations_of_a_walk = 16;

}  // namespace im::load
