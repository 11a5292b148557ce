#include "persistence/ruvector/sqlite_inspect.hpp"

#include "persistence/ruvector/care.hpp"
#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/sqlite_file.hpp"
#include "persistence/ruvector/sqlite_schema.hpp"

namespace im::ruvector {

namespace {

/// `look(db)` on a file that exists and is as `expect` wants it.
template <class Look>
auto inspect(const std::filesystem::path& database, void (*expect)(sqlite::connection&), Look&& look)
    -> result<decltype(look(std::declval<sqlite::connection&>()))> {
  if (std::error_code failed; !std::filesystem::exists(database, failed))
    return fail(errc::not_found, "there is no database " + database.string());
  if (const auto readable = sqlite::expect_sqlite_file(database); !readable) return std::unexpected{readable.error()};
  try {
    sqlite::connection db{database.string(), sqlite::open_mode::read_only, limits::page_cache_kb / 2};
    expect(db);
    return look(db);
  } catch (const store_failure& f) {
    auto why = f.why();
    why.message = database.string() + ": " + why.message;
    return std::unexpected{std::move(why)};
  } catch (const std::exception& e) {
    return fail(errc::internal, e.what());
  }
}

}  // namespace

result<check_report> check_file(const std::filesystem::path& database) {
  return inspect(database, sqlite::expect_current, [](sqlite::connection& db) {
    try {
      return check<sqlite::driver>(db);
    } catch (const store_failure& f) {
      if (!f.is_damage()) throw;
      check_report report;
      report.problems.emplace_back(f.what());
      report.needs_backup = true;
      return report;
    }
  });
}

result<verify_report> verify_file(const std::filesystem::path& database) {
  return inspect(database, sqlite::expect_packed, [](sqlite::connection& db) { return verify<sqlite::driver>(db); });
}

result<void> export_file(const std::filesystem::path& database, const document_taker& take,
                         const document_taker& damage) {
  const auto done = inspect(database, sqlite::expect_packed, [&](sqlite::connection& db) {
    export_events<sqlite::driver>(db, take, damage);
    return true;
  });
  if (!done) return std::unexpected{done.error()};
  return {};
}

result<void> expect_unused(const std::filesystem::path& database) {
  const auto is_unused = guarded([&] { return sqlite::lock_out_others(database).has_value(); });
  if (!is_unused) return std::unexpected{is_unused.error()};
  if (!*is_unused) return std::unexpected{sqlite::in_use(database)};
  return {};
}

}  // namespace im::ruvector
