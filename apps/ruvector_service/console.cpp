#include "apps/ruvector_service/console.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

#include "messages/json/codec.hpp"

namespace im::ruvector {

void log_line(log_level level, std::string_view text) {
  json::writer out;
  out.begin_object();
  json::object_writer members{out};
  members.required("timestamp", system_wall_clock{}.now());
  members.required("level", std::string_view{level == log_level::info   ? "info"
                                             : level == log_level::warn ? "warn"
                                                                        : "error"});
  members.required("service", std::string_view{"ruvector-service"});
  members.required("message", text);
  out.end_object();
  std::fprintf(stderr, "%s\n", out.take().c_str());
}

int refuse(std::string_view why) {
  log_line(log_level::error, why);
  return EXIT_FAILURE;
}

void say(std::string_view text) { std::fprintf(stdout, "%.*s\n", static_cast<int>(text.size()), text.data()); }

}  // namespace im::ruvector
