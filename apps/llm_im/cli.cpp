#include "apps/llm_im/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <memory>
#include <ostream>

#include "im/version.hpp"

namespace im::cli {

namespace {

/// What a command leaves to be run when the command line is read.
using action = std::function<exit_code()>;

void add_version(CLI::App& to, const surroundings& around, action& chosen) {
  const auto options = std::make_shared<version_options>();
  auto* const command = to.add_subcommand("version", "Tells the version of llm-im.");
  command->add_flag("--json", options->as_json, "as a JSON object");
  command->callback([=, &around, &chosen] { chosen = [=, &around] { return show_version(*options, around); }; });
}

void add_health(CLI::App& to, const surroundings& around, action& chosen) {
  const auto options = std::make_shared<health_options>();
  options->url = around.env("LLM_IM_SERVICE_URL").value_or("");
  if (options->url.empty()) options->url = default_url;
  auto* const command = to.add_subcommand("health", "Asks the service whether it is up and ready.");
  command->add_option("--url", options->url, "the service's address")->capture_default_str();
  command->add_option("--timeout", options->timeout_s, "seconds to wait for each answer")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 300.0));
  command->add_flag("--json", options->as_json, "as a JSON object");
  command->callback([=, &around, &chosen] { chosen = [=, &around] { return health(*options, around); }; });
}

}  // namespace

exit_code run(std::vector<std::string> arguments, const surroundings& around) {
  CLI::App app{"The command line of llm-incident-manager.", "llm-im"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "llm-im " + std::string{version});
  app.footer("LLM_IM_SERVICE_URL names the service; without it " + std::string{default_url} +
             ".\nEnds with 0: done, 1: the service refused or is not ready, 2: wrong usage, 3: nobody answered.");
  action chosen;
  add_version(app, around, chosen);
  add_health(app, around, chosen);
  try {
    std::ranges::reverse(arguments);  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& e) {
    return app.exit(e, around.out, around.err) == 0 ? exit_code::ok : exit_code::usage;
  }
  return chosen();
}

}  // namespace im::cli
