#pragma once
/// What a run came to, for people and for programs.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/load/options.hpp"
#include "tests/load/reconcile.hpp"
#include "tests/load/run.hpp"

namespace im::load {

struct report {
  phase_result measured;
  std::vector<std::pair<std::string, double>>
      figures;  ///< of the workload's own: name, with its unit as the last word, and value
  std::optional<reconciliation> checked;
  double checked_s = 0;
};

[[nodiscard]] std::string as_text(const options& asked, const report& found);
[[nodiscard]] std::string as_json(const options& asked, const report& found);
/// One line about a second.
[[nodiscard]] std::string live_line(const moment& now);

/// How latency and memory moved over a run, from its first to its last quarter; nothing for one of few seconds.
struct drift {
  double p99_ratio = 1;
  std::optional<double> resident_ratio;
};
[[nodiscard]] std::optional<drift> drift_of(const std::vector<moment>& timeline);

}  // namespace im::load
