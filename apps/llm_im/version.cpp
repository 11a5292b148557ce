#include "im/version.hpp"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "apps/llm_im/cli.hpp"
#include "messages/json/writer.hpp"

namespace im::cli {

void add_version(CLI::App& to, const surroundings& around, action& chosen) {
  const auto as_json = std::make_shared<bool>(false);
  auto* const command = to.add_subcommand("version", "Tells the version of llm-im.");
  command->add_flag("--json", *as_json, "as a JSON object");
  command->callback([=, &around, &chosen] {
    chosen = [=, &around] {
      if (!*as_json) {
        around.out << "llm-im " << version << " (" << revision() << ")\n";
        return exit_code::ok;
      }
      json::writer out;
      out.begin_object();
      out.key("name");
      out.string("llm-im");
      out.key("version");
      out.string(version);
      out.key("revision");
      out.string(revision());
      out.end_object();
      around.out << out.str() << '\n';
      return exit_code::ok;
    };
  });
}

}  // namespace im::cli
