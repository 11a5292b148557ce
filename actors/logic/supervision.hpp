#pragma once
/// What a supervisor does when a child ends.
///
///   child         ended as it should   failed, budget left    failed, budget spent
///   escalation    ignore               restart                fail safe: the deadline index wakes the incident
///   gate          ignore               restart                fail safe: the gate holds; it never opens
///   post_mortem   ignore               ignore: its caller was told, and may ask again
///
/// A restart is made from the folded state, never from what the dead child knew.

#include <chrono>
#include <vector>

#include "messages/limits.hpp"

namespace im::logic {

enum class child_kind : std::uint8_t { escalation, gate, post_mortem };
enum class reaction : std::uint8_t { ignore, restart, fail_safe };

[[nodiscard]] reaction react(child_kind child, bool failed, bool budget_left);

/// Restarts allowed within a sliding window; time is an argument.
class restart_budget {
public:
  using time = std::chrono::steady_clock::time_point;

  explicit restart_budget(int restarts = limits::child_restarts,
                          std::chrono::seconds window = limits::child_restart_window)
      : restarts_{restarts}, window_{window} {}

  /// Takes one restart if one is left.
  [[nodiscard]] bool spend(time now);

private:
  int restarts_;
  std::chrono::seconds window_;
  std::vector<time> spent_;
};

}  // namespace im::logic
