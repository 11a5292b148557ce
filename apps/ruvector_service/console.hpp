#pragma once
/// What the program says: its log on stderr, its findings on stdout.

#include <string_view>

#include "persistence/ruvector/service.hpp"

namespace im::ruvector {

/// One JSON line on stderr. Any thread.
void log_line(log_level level, std::string_view text);

/// Logs the error; the exit code of a command that could not do its work.
[[nodiscard]] int refuse(std::string_view why);

/// One line on stdout, for people.
void say(std::string_view text);

}  // namespace im::ruvector
