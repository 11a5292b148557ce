#pragma once
/// IM_ASSERT: what must hold unless the code is wrong. For our bugs alone; what the world may do is an `errc`.

#include <source_location>
#include <string_view>

namespace im {

/// Writes the failure of an assertion where an operator reads, before the process ends. Called once, on the thread that failed.
/// `file` is relative to the project's root.
using assertion_reporter = void (*)(std::string_view condition, std::string_view file, unsigned line) noexcept;

/// Replaces the reporter, which writes to stderr at first; returns the one before. The log installs its own while it is on.
assertion_reporter set_assertion_reporter(assertion_reporter reporter) noexcept;

namespace detail {
[[noreturn]] void assertion_failed(std::string_view condition,
                                   std::source_location where = std::source_location::current()) noexcept;
}  // namespace detail

}  // namespace im

/// Ends the process with file and line when `condition` does not hold; in release builds too. The condition has no side effects.
#define IM_ASSERT(condition) ((condition) ? static_cast<void>(0) : ::im::detail::assertion_failed(#condition))
