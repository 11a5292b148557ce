#include "apps/ruvector_service/care.hpp"

#include <cstdlib>

#include "apps/ruvector_service/console.hpp"
#include "persistence/ruvector/sqlite_inspect.hpp"
#include "persistence/ruvector/store.hpp"

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

/// A file is only read: nothing of it is migrated or mended.
template <class Report>
result<Report> inspect(const service_config& of, result<Report> (*file)(const std::filesystem::path&),
                       result<Report> (store::*database)()) {
  if (of.database_url.empty()) return file(of.data_file);
  auto opened = open_store(of);
  if (!opened) return std::unexpected{opened.error()};
  return ((**opened).*database)();
}

}  // namespace

int check_command(const service_config& of) {
  const auto checked = inspect(of, &check_file, &store::check);
  const int code = report(checked);
  if (checked && !checked->problems.empty())
    say("A projection that is missing or differs: `ruvector-service rebuild` makes all of them again from the log.\n"
        "A log with a gap or that cannot be read, or anything that the database itself reports: stop the service and\n"
        "bring a backup back, with `ruvector-service restore --force FILE`, which keeps the damaged store beside it\n"
        "(on PostgreSQL with pg_restore).");
  return code;
}

int verify_command(const service_config& of) {
  const auto done = inspect(of, &verify_file, &store::verify);
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

int rebuild_command(const service_config& of) {
  const auto& file = of.data_file;
  if (std::error_code failed; of.database_url.empty() && !std::filesystem::exists(file, failed))
    return refuse("there is no database " + file.string());
  auto store = open_store(of);
  if (!store) return refuse(store.error().message);
  const int code = report((*store)->rebuild_projections());
  if (code == EXIT_SUCCESS) say("the projections are the log's again");
  return code;
}

}  // namespace im::ruvector
