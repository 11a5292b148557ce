#include "actors/logic/supervision.hpp"

namespace im::logic {

reaction react(child_kind child, bool failed, bool budget_left) {
  if (!failed) return reaction::ignore;
  switch (child) {
    case child_kind::escalation:
    case child_kind::gate: return budget_left ? reaction::restart : reaction::fail_safe;
    case child_kind::post_mortem: return reaction::ignore;
  }
  return reaction::fail_safe;
}

bool restart_budget::spend(time now) {
  std::erase_if(spent_, [&](time at) { return now - at >= window_; });
  if (spent_.size() >= static_cast<std::size_t>(restarts_)) return false;
  spent_.push_back(now);
  return true;
}

}  // namespace im::logic
