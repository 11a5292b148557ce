#pragma once
/// The store on PostgreSQL. Several services may share one database: each transaction that writes holds a lock of its own.

#include <memory>
#include <string>

#include "persistence/ruvector/database_store.hpp"
#include "persistence/ruvector/postgres.hpp"

namespace im::ruvector {

class postgres_store final : public database_store<postgres::driver> {
public:
  /// Connects to `postgresql://…` and brings its schema to the newest version. No error repeats the URL.
  [[nodiscard]] static result<std::unique_ptr<postgres_store>> open(const std::string& url,
                                                                    std::size_t readers = limits::readers);

private:
  using database_store::database_store;
};

}  // namespace im::ruvector
