/// The program ruvector-service: `serve` (the default), the store's care (`check`, `verify`, `rebuild`, `export`, `backup`, `restore`),
/// and `version`.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "apps/ruvector_service/backup.hpp"
#include "apps/ruvector_service/care.hpp"
#include "apps/ruvector_service/console.hpp"
#include "apps/ruvector_service/serve.hpp"
#include "apps/ruvector_service/settings.hpp"
#include "im/version.hpp"

namespace {

using namespace im;

std::optional<std::string> from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

/// What the command line asks for.
constexpr int exit_usage = 2;  ///< wrong arguments or settings

struct command_line {
  CLI::App app{"The store behind llm-incident-manager: DecisionEvents, their projections, policies",
               "ruvector-service"};
  CLI::App* serving = app.add_subcommand("serve", "Serve the API until SIGTERM (the default)");
  CLI::App* checking =
      app.add_subcommand("check", "Read everything: logs without gaps, projections equal to their folds");
  CLI::App* verifying =
      app.add_subcommand("verify", "Follow the hash chain through every log to the first broken link");
  CLI::App* rebuilding = app.add_subcommand(
      "rebuild", "Drop every projection and fold the log anew; the embedded store with the service stopped");
  CLI::App* exporting =
      app.add_subcommand("export", "Print every DecisionEvent as a line of JSON, in the order of commits");
  CLI::App* backing_up = app.add_subcommand("backup", "Copy the store into FILE while the service runs");
  CLI::App* restoring = app.add_subcommand("restore", "Put a backup in the store's place, with the service stopped");
  CLI::App* version = app.add_subcommand("version", "Say which build this is");
  std::string looked_at;
  std::string backup_file;
  std::string restore_file;
  bool trial = false;
  bool force = false;

  command_line() {
    app.require_subcommand(0, 1);
    for (auto* looking : {checking, verifying, exporting})
      looking->add_option("FILE", looked_at, "A backup or other database instead of DATA_DIR's");
    backing_up->add_option("FILE", backup_file, "Where to; without it a trial copy, which --verify needs");
    backing_up->add_flag("--verify", trial, "Restore the backup into a temporary store and check that");
    backing_up->add_flag("--force", force, "Replace FILE if it is there");
    restoring->add_option("FILE", restore_file, "A backup")->required();
    restoring->add_flag("--force", force, "Keep the store that is there under another name");
    app.footer(
        "Settings: RUVECTOR_API_KEY (to serve), RUVECTOR_PORT (8090; 0: any), RUVECTOR_ADDRESS (127.0.0.1), DATA_DIR "
        "(./data),\n"
        "RUVECTOR_DATABASE_URL (postgresql://…, with sslmode and sslrootcert; then DATA_DIR is not used),\n"
        "RUVECTOR_POLICIES_DIR (../share/llm-incident-manager/policies beside the program's folder)");
  }
};

int dispatch(const command_line& line) {
  if ((line.backing_up->parsed() || line.restoring->parsed()) &&
      !from_environment("RUVECTOR_DATABASE_URL").value_or("").empty())
    return ruvector::name_postgres_tools();
  const bool serving = line.serving->parsed() || line.app.get_subcommands().empty();
  std::error_code failed;
  auto settings =
      ruvector::read_settings(from_environment, std::filesystem::read_symlink("/proc/self/exe", failed), serving);
  if (!settings.problems.empty()) {
    for (const auto& problem : settings.problems) ruvector::log_line(ruvector::log_level::error, problem);
    return exit_usage;
  }
  const auto& database = settings.service.data_file;
  if (line.checking->parsed()) return ruvector::check_command(settings.service, line.looked_at);
  if (line.verifying->parsed()) return ruvector::verify_command(settings.service, line.looked_at);
  if (line.exporting->parsed()) return ruvector::export_command(settings.service, line.looked_at);
  if (line.rebuilding->parsed()) return ruvector::rebuild_command(settings.service);
  if (line.backing_up->parsed()) {
    ruvector::backup_options options{{}, line.trial, line.force};
    if (!line.backup_file.empty()) options.file = line.backup_file;
    return ruvector::backup_command(database, options);
  }
  if (line.restoring->parsed()) return ruvector::restore_command(database, line.restore_file, line.force);
  return ruvector::serve(std::move(settings.service));
}

int run(int argc, char** argv) {
  command_line line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return line.app.exit(e) == EXIT_SUCCESS ? EXIT_SUCCESS : exit_usage;
  }
  if (!line.version->parsed()) return dispatch(line);
  std::fprintf(stdout, "ruvector-service %s (%s)\n", std::string{im::version}.c_str(), std::string{revision()}.c_str());
  return EXIT_SUCCESS;
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
