#pragma once
/// SQL functions for tests that look at or tamper with stored documents: unpack(doc) and pack(text).

#include <sqlite3.h>

#include <string>

#include "persistence/ruvector/document_codec.hpp"

namespace im::test {

inline std::string_view argument(sqlite3_value* from) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(from));
  return bytes == nullptr ? std::string_view{}
                          : std::string_view{bytes, static_cast<std::size_t>(sqlite3_value_bytes(from))};
}

inline void add_document_functions(sqlite3* db) {
  const auto unpacked = [](sqlite3_context* to, int, sqlite3_value** given) {
    const auto document = ruvector::unpack(argument(*given));
    if (!document) return sqlite3_result_error(to, document.error().c_str(), -1);
    sqlite3_result_text(to, document->data(), static_cast<int>(document->size()), SQLITE_TRANSIENT);
  };
  const auto packed = [](sqlite3_context* to, int, sqlite3_value** given) {
    const auto document = ruvector::pack(argument(*given));
    sqlite3_result_blob(to, document.bytes.data(), static_cast<int>(document.bytes.size()), SQLITE_TRANSIENT);
  };
  sqlite3_create_function(db, "unpack", 1, SQLITE_UTF8, nullptr, unpacked, nullptr, nullptr);
  sqlite3_create_function(db, "pack", 1, SQLITE_UTF8, nullptr, packed, nullptr, nullptr);
}

}  // namespace im::test
