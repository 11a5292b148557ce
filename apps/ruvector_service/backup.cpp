#include "apps/ruvector_service/backup.hpp"

#include <cstdlib>

#include "apps/child_process/child_process.hpp"
#include "apps/ruvector_service/console.hpp"
#include "persistence/ruvector/sqlite_backup.hpp"

namespace im::ruvector {

namespace {

std::string described(const restored& found) {
  return std::to_string(found.verified.events) + " events, " + std::to_string(found.verified.incidents) +
         " incidents, digest " + found.verified.digest;
}

}  // namespace

int backup_command(const std::filesystem::path& database, const backup_options& options) {
  if (!options.file && !options.verify) return refuse("backup needs a FILE to write to, or --verify for a trial");
  std::optional<temporary_folder> trial;
  if (!options.file) trial.emplace("ruvector-trial");
  const auto file = options.file ? *options.file : trial->path() / "ruvector.db";
  const auto made = back_up(database, file, options.force, options.verify);
  if (!made) return refuse(made.error().message);
  say((options.file ? file.string() : std::string{"a trial backup"}) + ": " + std::to_string(made->bytes) + " bytes");
  if (made->tried) say("it restores: " + described(*made->tried));
  return EXIT_SUCCESS;
}

int restore_command(const std::filesystem::path& database, const std::filesystem::path& backup, bool force) {
  const auto done = restore(backup, database, force, system_wall_clock{}.now());
  if (!done) return refuse(done.error().message);
  say(database.string() + " is restored: " + described(*done));
  if (done->kept) say("the store that was there is kept as " + done->kept->string());
  return EXIT_SUCCESS;
}

int name_postgres_tools() {
  say("The store is a PostgreSQL (RUVECTOR_DATABASE_URL), and its own tools back it up, online and as of one moment:\n"
      "  pg_dump --format=custom --no-owner --file=FILE \"$RUVECTOR_DATABASE_URL\"\n"
      "and bring it back, with ruvector-service stopped, whole or not at all:\n"
      "  pg_restore --clean --if-exists --no-owner --single-transaction --exit-on-error "
      "--dbname=\"$RUVECTOR_DATABASE_URL\" "
      "FILE\n"
      "A backup is one once it has been restored: do that into an empty database, and run `ruvector-service check` "
      "and\n"
      "`ruvector-service verify` with RUVECTOR_DATABASE_URL naming that. For a point in time, keep the write-ahead log "
      "too\n"
      "(pg_basebackup and archive_command, or your provider's backups).");
  return refuse("nothing was done: RUVECTOR_DATABASE_URL is set");
}

}  // namespace im::ruvector
