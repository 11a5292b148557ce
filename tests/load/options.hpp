#pragma once
/// What llm-im-load is asked to do.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tests/load/players.hpp"

namespace im::load {

enum class workload : std::uint8_t { ingest, churn, evaluate, approvals, lifecycle, soak, idle, post };

struct options {
  workload kind = workload::ingest;
  std::string url = "http://127.0.0.1:8080";
  std::size_t connections = 64;
  std::size_t threads = 1;
  std::optional<double> rate;
  std::optional<double> duration_s;
  std::optional<std::uint64_t> count;
  std::optional<double> warmup_s;
  std::uint64_t seed = 1;
  std::string json_file;  ///< `-`: standard output, and the summary goes to standard error
  bool live = false;
  std::optional<pid_t> pid;
  std::string store_url;
  std::string store_key;  ///< of RUVECTOR_API_KEY
  bool reconcile = true;

  event_options events;
  post_options post;
  bool dry_run = false;            ///< of evaluate
  std::uint64_t incidents = 1000;  ///< that evaluations are about, that approvals are asked for, that idle opens
  bool gates = false;              ///< of idle: each incident gets an open gate
  double settle_s = 0;             ///< of idle: given to the incidents to passivate
};

/// The options, or the code to exit with once help or what is wrong has been printed.
[[nodiscard]] std::variant<options, int> read_options(int argc, const char* const* argv);

[[nodiscard]] std::string_view name_of(workload kind);

}  // namespace im::load
