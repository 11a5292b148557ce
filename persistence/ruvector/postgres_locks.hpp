#pragma once
/// The advisory locks that processes which share a database take. Internal to the PostgreSQL store.

#include <cstdint>

namespace im::ruvector::postgres {

inline constexpr std::int64_t lock_of_migrations = 0x696d7276'00000001;  // "imrv"
inline constexpr std::int64_t lock_of_writers = 0x696d7276'00000002;  ///< one transaction writes to the log at a time

}  // namespace im::ruvector::postgres
