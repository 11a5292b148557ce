#pragma once
/// How much memory a process of this machine has.

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace im::load {

/// The resident set of a process in bytes (`VmRSS` of /proc); nothing when there is no such process.
[[nodiscard]] std::optional<std::uint64_t> resident_bytes(pid_t pid);

}  // namespace im::load
