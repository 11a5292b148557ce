#pragma once
/// Stops calling a store that does not answer. Pure: time is an argument.
///
/// | state     | allow                          | success | failure                    | inconclusive |
/// |-----------|--------------------------------|---------|----------------------------|--------------|
/// | closed    | yes                            | count 0 | count + 1; at bound → open | –            |
/// | open      | no; when it was long enough: one probe → half_open | –    | –         | –            |
/// | half_open | no: the probe is under way     | → closed| → open, for as long again  | → open, the next call probes |
///
/// What a call that began in an earlier state reports changes nothing: each permit knows its epoch.

#include <chrono>
#include <cstdint>
#include <optional>

#include "messages/assert.hpp"
#include "messages/limits.hpp"

namespace im::persistence {

template <class Clock = std::chrono::steady_clock>
class circuit_breaker {
public:
  using time_point = typename Clock::time_point;
  enum class state : std::uint8_t { closed, open, half_open };

  /// The right to make one call. It has to be reported, once.
  struct permit {
    std::uint64_t epoch = 0;
  };

  explicit circuit_breaker(int failures = limits::breaker_failures,
                           std::chrono::milliseconds open_for = limits::breaker_open)
      : bound_{failures}, open_for_{open_for} {}

  /// Whether `allow` would say yes.
  [[nodiscard]] bool would_allow(time_point now) const {
    return state_ == state::closed || (state_ == state::open && now >= until_);
  }

  [[nodiscard]] std::optional<permit> allow(time_point now) {
    if (!would_allow(now)) return std::nullopt;
    if (state_ == state::open) enter(state::half_open);
    return permit{epoch_};
  }

  void on_success(permit p) {
    if (p.epoch != epoch_) return;
    IM_ASSERT(state_ != state::open);  // no permit is given then
    failures_ = 0;
    if (state_ == state::half_open) enter(state::closed);
  }

  void on_failure(permit p, time_point now) {
    if (p.epoch != epoch_) return;
    IM_ASSERT(state_ != state::open);
    if (state_ == state::closed && ++failures_ < bound_) return;
    until_ = now + open_for_;
    enter(state::open);
  }

  /// The call ended without touching the store.
  void on_inconclusive(permit p, time_point now) {
    if (p.epoch != epoch_ || state_ != state::half_open) return;
    until_ = now;
    enter(state::open);
  }

  [[nodiscard]] state now_in() const { return state_; }
  /// When a probe may go; only while open.
  [[nodiscard]] time_point probe_at() const {
    IM_ASSERT(state_ == state::open);
    return until_;
  }

private:
  void enter(state next) {
    state_ = next;
    failures_ = 0;
    ++epoch_;
  }

  int bound_;
  std::chrono::milliseconds open_for_;
  state state_ = state::closed;
  int failures_ = 0;
  std::uint64_t epoch_ = 0;
  time_point until_{};
};

}  // namespace im::persistence
