#include "apps/ruvector_service/care.hpp"

#include <cstdlib>

#include "apps/ruvector_service/console.hpp"
#include "persistence/ruvector/sqlite_inspect.hpp"
#include "persistence/ruvector/sqlite_store.hpp"

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

}  // namespace

int check_command(const std::filesystem::path& database) {
  const auto checked = check_file(database);
  const int code = report(checked);
  if (checked && !checked->problems.empty())
    say("A projection that is missing or differs: `ruvector-service rebuild` makes all of them again from the log.\n"
        "A log with a gap or that cannot be read, and whatever SQLite reports: stop the service and put a backup in "
        "its\n"
        "place with `ruvector-service restore --force FILE`; the damaged store is kept beside it.");
  return code;
}

int verify_command(const std::filesystem::path& database) {
  const auto done = verify_file(database);
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

int rebuild_command(const std::filesystem::path& database) {
  if (std::error_code failed; !std::filesystem::exists(database, failed))
    return refuse("there is no database " + database.string());
  auto store = sqlite_store::open(database);
  if (!store) return refuse(store.error().message);
  const int code = report((*store)->rebuild_projections());
  if (code == EXIT_SUCCESS) say("the projections are the log's again");
  return code;
}

}  // namespace im::ruvector
