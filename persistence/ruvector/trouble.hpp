#pragma once
/// What a store reports of its own accord: troubles that begin and end while it serves.

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "messages/enums.hpp"

namespace im::ruvector {

/// `writes`: none succeeds. `checkpoint`: the write-ahead log cannot be copied into the database. `log_size`: the log grows, since
/// something keeps it from starting over. `damage`: a part of the database cannot be read; it stays until the next start.
enum class trouble : std::uint8_t { writes, checkpoint, log_size, damage };

}  // namespace im::ruvector

namespace im {

IM_WIRE_WORDS(ruvector::trouble, damage, "writes", "checkpoint", "log_size", "damage");

}  // namespace im

namespace im::ruvector {

/// An empty `why`: the trouble is over.
using trouble_handler = std::function<void(trouble where, std::string_view why)>;

/// Which troubles there are now. Any thread.
class trouble_board {
public:
  /// Calls the handler when a trouble begins or ends, not when only its reason changes.
  void report(trouble where, std::string why) {
    const std::lock_guard lock{mutex_};
    auto& known = at(where);
    const bool turned = known.empty() != why.empty();
    known = std::move(why);
    if (turned && tell_) tell_(where, known);
  }

  /// Empty: there is none.
  [[nodiscard]] std::string why(trouble where) const {
    const std::lock_guard lock{mutex_};
    return why_[static_cast<std::size_t>(where)];
  }

  /// Calls it at once for each trouble that there is. The handler must not call this.
  void on_trouble(trouble_handler tell) {
    const std::lock_guard lock{mutex_};
    tell_ = std::move(tell);
    if (!tell_) return;
    for (std::size_t i = 0; i < why_.size(); ++i)
      if (!why_[i].empty()) tell_(static_cast<trouble>(i), why_[i]);
  }

private:
  [[nodiscard]] std::string& at(trouble where) { return why_[static_cast<std::size_t>(where)]; }

  mutable std::mutex mutex_;
  std::array<std::string, enum_names<trouble>::names.size()> why_;
  trouble_handler tell_;
};

}  // namespace im::ruvector
