#pragma once
/// Bounds of the telemetry.

#include <chrono>
#include <cstddef>

namespace im::limits {

inline constexpr std::size_t log_queue_lines = 8192;  ///< waiting to be written; one more drops the oldest
inline constexpr std::size_t log_text_bytes = 2048;   ///< of a message or a field's value; longer ones are cut
inline constexpr std::size_t log_fields = 24;         ///< of one line; more are left out
inline constexpr std::size_t rust_log_directives = 64;

// LLM-Observatory
inline constexpr std::size_t observations_buffered = 8192;  ///< waiting to be sent; one more drops the oldest
inline constexpr std::size_t observations_per_post = 256;
inline constexpr std::size_t observatory_post_bytes = 256 * 1024;   ///< one that is begun below it is finished
inline constexpr std::size_t observatory_answer_bytes = 64 * 1024;  ///< nobody reads them
inline constexpr std::chrono::milliseconds observation_age{1'000};  ///< so long a small batch waits for company
inline constexpr std::chrono::milliseconds observatory_timeout{5'000};
inline constexpr std::chrono::milliseconds observatory_least_pause{1'000};  ///< after a failure; doubled with each
inline constexpr std::chrono::milliseconds observatory_most_pause{60'000};
inline constexpr std::chrono::milliseconds observatory_farewell{2'000};  ///< to send the last, when the service ends
inline constexpr std::chrono::milliseconds figures_every{60'000};        ///< the process' own figures

}  // namespace im::limits
