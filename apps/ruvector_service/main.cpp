/// The program ruvector-service: `serve` (the default), `check`, `rebuild`, `version`.

#include <pthread.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "apps/ruvector_service/settings.hpp"
#include "im/version.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/store.hpp"

namespace {

using namespace im;
using ruvector::log_level;

/// One JSON line on stderr.
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
  std::fprintf(stderr, "%s\n", out.str().c_str());
}

/// The signals that end us, blocked in every thread, so that main() can wait for them.
sigset_t block_signals() {
  sigset_t ends{};
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  return ends;
}

int serve(ruvector::service_config config) {
  const auto ends = block_signals();
  config.log = log_line;
  const auto where = config.address;
  ruvector::service service{std::move(config)};
  if (const auto started = service.start(); !started) {
    log_line(log_level::error, started.error().message);
    return EXIT_FAILURE;
  }
  log_line(log_level::info, "listening on " + where + ':' + std::to_string(service.port()));
  std::fprintf(stdout, "ruvector-service listens\n  API      http://%s:%u\n", where.c_str(), unsigned{service.port()});
  std::fflush(stdout);
  int received = 0;
  sigwait(&ends, &received);
  log_line(log_level::info, "draining");
  if (!service.drain()) log_line(log_level::warn, "some requests were cut off");
  log_line(log_level::info, "stopped");
  return EXIT_SUCCESS;
}

int report(const result<ruvector::check_report>& done) {
  if (!done) {
    log_line(log_level::error, done.error().message);
    return EXIT_FAILURE;
  }
  for (const auto& problem : done->problems) std::fprintf(stdout, "%s\n", problem.c_str());
  std::fprintf(stdout, "%llu events, %llu incidents, %zu problems\n", static_cast<unsigned long long>(done->events),
               static_cast<unsigned long long>(done->incidents), done->problems.size());
  return done->problems.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

int care(const ruvector::service_config& config, bool rebuild) {
  const auto& file = config.data_file;
  if (std::error_code failed; config.database_url.empty() && !std::filesystem::exists(file, failed)) {
    log_line(log_level::error, "there is no database " + file.string());
    return EXIT_FAILURE;
  }
  auto store = ruvector::open_store(config);
  if (!store) {
    log_line(log_level::error, store.error().message);
    return EXIT_FAILURE;
  }
  return report(rebuild ? (*store)->rebuild_projections() : (*store)->check());
}

std::optional<std::string> from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

int run(int argc, char** argv) {
  CLI::App app{"The store behind llm-incident-manager: DecisionEvents, their projections, policies",
               "ruvector-service"};
  app.require_subcommand(0, 1);
  auto* serving = app.add_subcommand("serve", "Serve the API until SIGTERM (the default)");
  auto* checking = app.add_subcommand("check", "Read everything: logs without gaps, projections equal to their folds");
  auto* rebuilding = app.add_subcommand("rebuild", "Drop every projection and fold the log anew");
  auto* version = app.add_subcommand("version", "Say which build this is");
  app.footer(
      "Settings: RUVECTOR_API_KEY (needed), RUVECTOR_PORT (8090; 0: any), RUVECTOR_ADDRESS (127.0.0.1), DATA_DIR "
      "(./data),\n"
      "RUVECTOR_DATABASE_URL (postgresql://…, then DATA_DIR is not used; sslmode, sslrootcert and the like stand in "
      "it),\n"
      "RUVECTOR_POLICIES_DIR (../share/llm-incident-manager/policies beside the program's folder)");
  CLI11_PARSE(app, argc, argv);
  if (version->parsed()) {
    std::fprintf(stdout, "ruvector-service %s (%s)\n", std::string{im::version}.c_str(),
                 std::string{revision()}.c_str());
    return EXIT_SUCCESS;
  }
  (void)serving;
  const bool caring = checking->parsed() || rebuilding->parsed();
  std::error_code failed;
  auto settings =
      ruvector::read_settings(from_environment, std::filesystem::read_symlink("/proc/self/exe", failed), !caring);
  if (!settings.problems.empty()) {
    for (const auto& problem : settings.problems) log_line(log_level::error, problem);
    return EXIT_FAILURE;
  }
  return caring ? care(settings.service, rebuilding->parsed()) : serve(std::move(settings.service));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ruvector-service: %s\n", e.what());
    return EXIT_FAILURE;
  }
}
