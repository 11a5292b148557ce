#pragma once
/// The store on PostgreSQL. Several services may share one database: each transaction that writes holds a lock of its own.

#include <memory>
#include <string>

#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// Connects to `postgresql://…` and brings its schema to the newest version. No error repeats the URL.
[[nodiscard]] result<std::unique_ptr<store>> open_postgres_store(const std::string& url,
                                                                 const read_settings& reading = {});

}  // namespace im::ruvector
