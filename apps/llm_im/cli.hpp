#pragma once
/// `llm-im`, the operator's command line. A group of commands is a file that adds itself to the parser.

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

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

/// What a command leaves to be run when the command line is read.
using action = std::function<exit_code()>;

/// The service's address when neither --url nor LLM_IM_SERVICE_URL gives one.
inline constexpr std::string_view default_url = "http://127.0.0.1:8080";

/// `llm-im version`. `chosen` is set when the command is given; the same for all that follow.
void add_version(CLI::App& to, const surroundings& around, action& chosen);
/// `llm-im health`: asks /health and /health/ready.
void add_health(CLI::App& to, const surroundings& around, action& chosen);

/// The program, without its process.
[[nodiscard]] exit_code run(std::vector<std::string> arguments, const surroundings& around);

}  // namespace im::cli
