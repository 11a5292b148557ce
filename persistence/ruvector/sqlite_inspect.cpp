#include "persistence/ruvector/sqlite_inspect.hpp"

#include "persistence/ruvector/sqlite_care.hpp"
#include "persistence/ruvector/sqlite_schema.hpp"

namespace im::ruvector {

namespace {

using sqlite::sqlite_failure;

constexpr const char* every_entry =
    "SELECT incident_id, sequence, id, doc FROM decision_events WHERE sequence IS NOT NULL ORDER BY incident_id, "
    "sequence";

bool is_damage(const sqlite_failure& f) {
  return (f.code() & 0xff) == SQLITE_CORRUPT || (f.code() & 0xff) == SQLITE_NOTADB;
}

/// `look(db)` on a file that exists and is ours.
template <class Look>
auto inspect(const std::filesystem::path& database, Look&& look)
    -> result<decltype(look(std::declval<sqlite::connection&>()))> {
  if (std::error_code failed; !std::filesystem::exists(database, failed))
    return fail(errc::not_found, "there is no database " + database.string());
  try {
    sqlite::connection db{database.string(), sqlite::open_mode::read_only, limits::page_cache_kb / 8};
    sqlite::expect_ours(db);
    return look(db);
  } catch (const sqlite_failure& f) {
    auto why = f.to_error();
    why.message = database.string() + ": " + why.message;
    return std::unexpected{std::move(why)};
  } catch (const std::exception& e) {
    return fail(errc::internal, e.what());
  }
}

}  // namespace

result<check_report> check_file(const std::filesystem::path& database) {
  return inspect(database, [](sqlite::connection& db) {
    try {
      return sqlite::check(db);
    } catch (const sqlite_failure& f) {
      if (!is_damage(f)) throw;
      check_report report;
      report.problems.emplace_back(f.what());
      return report;
    }
  });
}

result<verify_report> verify_file(const std::filesystem::path& database) {
  return inspect(database, [](sqlite::connection& db) {
    log_verifier verifier;
    sqlite::statement{db, every_entry}.each([&](sqlite::row r) {
      return verifier.take(
          {im::incident_id{r.id(0)}, static_cast<std::uint64_t>(r.integer(1)), event_id{r.id(2)}, r.text(3)});
    });
    return verifier.finish();
  });
}

}  // namespace im::ruvector
