#include "persistence/ruvector/postgres_store.hpp"

#include "persistence/ruvector/database_store.hpp"
#include "persistence/ruvector/postgres_schema.hpp"
#include "persistence/ruvector/postgres_session.hpp"
#include "persistence/ruvector/postgres_tables.hpp"
#include "persistence/ruvector/search_fill.hpp"

namespace im::ruvector {

result<std::unique_ptr<store>> open_postgres_store(const std::string& url, const read_settings& reading) {
  const auto where = postgres::address::parse(url);
  if (!where)
    return fail(
        errc::store_unavailable,
        "the database URL is none that PostgreSQL's library can read (it is not shown: it may hold a password)");
  return guarded([&]() -> std::unique_ptr<store> {
    {
      postgres::connection db{*where, limits::care_time};
      postgres::migrate(db);
      fill_words<postgres::driver, postgres::tables>(db);
    }
    return std::make_unique<database_store<postgres::driver>>(*where, std::make_unique<postgres::session>(*where),
                                                              reading);
  });
}

}  // namespace im::ruvector
