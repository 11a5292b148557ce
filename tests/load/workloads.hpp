#pragma once
/// The workloads: which players, in which phases, and what else is looked at.

#include "tests/load/options.hpp"
#include "tests/load/service.hpp"
#include "tests/load/summary.hpp"

namespace im::load {

/// Runs a workload to its end; what was acknowledged is in `measured.sum.acknowledged`.
[[nodiscard]] report run_workload(const options& asked, const service& of, const run_id& ids, const watch& watching);

}  // namespace im::load
