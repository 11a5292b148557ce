#pragma once
/// `llm-im`, the operator's command line. A group of commands is a file without the parser: CLI11 costs seconds per source that
/// includes it, so cli.cpp alone does.

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace im::cli {

/// What llm-im ends with.
enum class exit_code : int {
  ok = 0,
  refused = 1,      ///< the service answered, but not with what was asked for: not ready, an error
  usage = 2,        ///< the command line or a setting is wrong
  unreachable = 3,  ///< nobody answered
};

/// The world outside, so that a test can be it.
struct surroundings {
  std::ostream& out;
  std::ostream& err;
  std::function<std::optional<std::string>(const std::string& name)> env;
};

/// The service's address when neither --url nor LLM_IM_SERVICE_URL gives one.
inline constexpr std::string_view default_url = "http://127.0.0.1:8080";

struct version_options {
  bool as_json = false;
};
/// `llm-im version`.
[[nodiscard]] exit_code show_version(const version_options& options, const surroundings& around);

struct health_options {
  std::string url;
  bool as_json = false;
  double timeout_s = 5;  ///< for each answer
};
/// `llm-im health`: asks /health and /health/ready.
[[nodiscard]] exit_code health(const health_options& options, const surroundings& around);

/// The program, without its process.
[[nodiscard]] exit_code run(std::vector<std::string> arguments, const surroundings& around);

}  // namespace im::cli
