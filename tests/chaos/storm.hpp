#pragma once
/// One run: a fleet, a plan, the calm after it, and the judgement.

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/chaos/fleet.hpp"
#include "tests/chaos/judge.hpp"

namespace im::chaos {

struct storm_result {
  std::uint64_t seed = 0;
  violations found;
  tally counted;
  trouble_counts troubles;
  std::size_t refused = 0;
  std::size_t unknown = 0;
  std::chrono::milliseconds lasted{0};
  std::chrono::milliseconds to_catch_up{0};  ///< from when all ran again until no deadline was overdue
  std::vector<incident_log> logs;
  std::vector<entry> entries;
};

/// Runs one seed under `folder`; with a `database` on PostgreSQL, else on SQLite.
[[nodiscard]] storm_result run_storm(std::uint64_t seed, const std::filesystem::path& folder,
                                     test::temporary_postgres* database);

}  // namespace im::chaos
