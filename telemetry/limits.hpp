#pragma once
/// Bounds of the telemetry.

#include <cstddef>

namespace im::limits {

inline constexpr std::size_t log_queue_lines = 8192;  ///< waiting to be written; one more drops the oldest
inline constexpr std::size_t log_text_bytes = 2048;   ///< of a message or a field's value; longer ones are cut
inline constexpr std::size_t log_fields = 24;         ///< of one line; more are left out
inline constexpr std::size_t rust_log_directives = 64;

}  // namespace im::limits
