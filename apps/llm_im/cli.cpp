#include "apps/llm_im/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "im/version.hpp"

namespace im::cli {

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
