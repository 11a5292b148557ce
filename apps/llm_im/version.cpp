#include "im/version.hpp"

#include <ostream>

#include "apps/llm_im/cli.hpp"
#include "messages/json/writer.hpp"

namespace im::cli {

exit_code show_version(const version_options& options, const surroundings& around) {
  if (!options.as_json) {
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
}

}  // namespace im::cli
