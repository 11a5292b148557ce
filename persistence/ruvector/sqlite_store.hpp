#pragma once
/// The embedded store: one SQLite file, write-ahead log, synchronous FULL.

#include <filesystem>
#include <memory>

#include "persistence/ruvector/database_store.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector {

class sqlite_store final : public database_store<sqlite::driver> {
public:
  /// Opens the file, made and migrated as needed, its folder too.
  [[nodiscard]] static result<std::unique_ptr<sqlite_store>> open(const std::filesystem::path& file,
                                                                  std::size_t readers = limits::readers);

private:
  using database_store::database_store;
};

}  // namespace im::ruvector
