#include "apps/ruvector_service/care.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "apps/ruvector_service/console.hpp"
#include "persistence/ruvector/sqlite_inspect.hpp"

namespace im::ruvector {

namespace {

std::string counted(std::uint64_t events, std::uint64_t incidents) {
  return std::to_string(events) + " events, " + std::to_string(incidents) + " incidents";
}

int report(const result<check_report>& done) {
  if (!done) return refuse(done.error().message);
  for (const auto& problem : done->problems) say(problem);
  say(counted(done->events, done->incidents) + ", " + std::to_string(done->problems.size()) + " problems");
  return done->problems.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// What `look` finds in the PostgreSQL that is configured, or `look_at` in a file: one need not be a whole store for that.
template <class Look, class LookAt>
auto inspect(const service_config& config, const std::filesystem::path& file, Look look, LookAt look_at)
    -> decltype(look_at(file)) {
  if (!file.empty()) return look_at(file);
  if (config.database_url.empty()) return look_at(config.data_file);
  const auto opened = open_store(config);
  if (!opened) return std::unexpected{opened.error()};
  return look(**opened);
}

/// Which command mends what a check found.
std::string_view remedy(bool needs_backup, bool in_a_file) {
  if (!needs_backup)
    return in_a_file
               ? "The logs are whole: stop the service; `ruvector-service rebuild` makes the rest again from them."
               : "The logs are whole: `ruvector-service rebuild` makes the rest again from them.";
  return in_a_file
             ? "A log or the database itself is damaged: stop the service and put a backup in its place with\n"
               "`ruvector-service restore --force FILE`; the damaged store is kept beside it."
             : "A log is damaged: stop the service and restore a dump; `ruvector-service restore` says with which "
               "command.";
}

}  // namespace

int check_command(const service_config& config, const std::filesystem::path& file) {
  const auto checked = inspect(
      config, file, [](store& s) { return s.check(); }, check_file);
  const int code = report(checked);
  if (checked && !checked->problems.empty())
    say(remedy(checked->needs_backup, !file.empty() || config.database_url.empty()));
  return code;
}

int verify_command(const service_config& config, const std::filesystem::path& file) {
  const auto done = inspect(
      config, file, [](store& s) { return s.verify(); }, verify_file);
  if (!done) return refuse(done.error().message);
  if (done->broken) {
    say("broken link: " + done->broken->str());
    say(counted(done->events, done->incidents) + " before it are whole");
    return EXIT_FAILURE;
  }
  say(counted(done->events, done->incidents) + ", every link holds");
  say("digest " + done->digest);
  return EXIT_SUCCESS;
}

int export_command(const service_config& config, const std::filesystem::path& file) {
  bool written = true;
  std::uint64_t damaged = 0;
  const auto print = [&](std::string_view document) {
    written = written && std::fwrite(document.data(), 1, document.size(), stdout) == document.size() &&
              std::fputc('\n', stdout) != EOF;
  };
  const auto report_damage = [&](std::string_view what) {
    if (++damaged <= limits::problems_reported) log_line(log_level::error, what);
  };
  const auto done = inspect(
      config, file, [&](store& s) { return s.export_events(print, report_damage); },
      [&](const std::filesystem::path& database) { return export_file(database, print, report_damage); });
  if (!done) return refuse(done.error().message);
  if (std::fflush(stdout) != 0 || !written) return refuse("the export is not whole: stdout took no more");
  if (damaged != 0)
    return refuse("the export is not whole: " + std::to_string(damaged) + " DecisionEvents are damaged");
  return EXIT_SUCCESS;
}

int rebuild_command(const service_config& config) {
  if (config.database_url.empty()) {
    if (std::error_code failed; !std::filesystem::exists(config.data_file, failed))
      return refuse("there is no database " + config.data_file.string());
    if (const auto unused = expect_unused(config.data_file); !unused) return refuse(unused.error().message);
  }
  const auto opened = open_store(config);
  if (!opened) return refuse(opened.error().message);
  const int code = report((*opened)->rebuild_projections());
  if (code == EXIT_SUCCESS) say("the projections are the log's again");
  return code;
}

}  // namespace im::ruvector
