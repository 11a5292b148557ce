#include "persistence/ruvector/sqlite_store.hpp"

#include <system_error>

#include "persistence/ruvector/database_store.hpp"
#include "persistence/ruvector/search_fill.hpp"
#include "persistence/ruvector/sqlite_file.hpp"
#include "persistence/ruvector/sqlite_recovery.hpp"
#include "persistence/ruvector/sqlite_schema.hpp"
#include "persistence/ruvector/sqlite_session.hpp"
#include "persistence/ruvector/sqlite_tables.hpp"

namespace im::ruvector {

result<std::unique_ptr<store>> open_sqlite_store(const std::filesystem::path& file, const read_settings& reading,
                                                 checkpoint_steps steps) {
  std::error_code failed;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), failed);
  if (failed)
    return fail(errc::store_unavailable,
                "cannot make the folder " + file.parent_path().string() + ": " + failed.message());
  return guarded([&]() -> std::unique_ptr<store> {
    sqlite::make_or_examine(file);
    auto unrecovered = sqlite::recover_log(file, steps.lock_wait);
    // Held until the writer has the file open too: from here on nobody can put another one in its place.
    sqlite::connection db{file.string(), sqlite::open_mode::read_write, limits::page_cache_kb / 2};
    db.use_write_ahead_log();
    db.execute("PRAGMA synchronous=FULL");
    if (db.has_moved())
      throw sqlite::sqlite_failure{SQLITE_CANTOPEN, "the database file was replaced while it was opened; start again"};
    sqlite::migrate(db);
    fill_words<sqlite::driver, sqlite::tables>(db);
    return std::make_unique<database_store<sqlite::driver>>(
        file.string(), std::make_unique<sqlite::session>(file.string(), steps, std::move(unrecovered)), reading);
  });
}

}  // namespace im::ruvector
