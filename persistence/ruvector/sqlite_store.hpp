#pragma once
/// The embedded store: one SQLite file, write-ahead log, synchronous FULL.

#include <filesystem>
#include <memory>

#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// Opens the file, made and migrated as needed, its folder too.
[[nodiscard]] result<std::unique_ptr<store>> open_sqlite_store(const std::filesystem::path& file,
                                                               const read_settings& reading = {});

}  // namespace im::ruvector
