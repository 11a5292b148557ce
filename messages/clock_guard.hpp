#pragma once
/// What time it is when the system's clock may jump. Time goes on with a steady clock from an anchor; the system's clock is
/// believed while it keeps near that line, and followed there, so that a clock that is slewed is not mistaken.
///
///   the system's clock is off by                    now
///   at most `clock_jump`                            what it says
///   more, for less than `clock_settle`              the line goes on as before: a jump that is taken back did nothing
///   more, and the same for `clock_settle`           what it says: it was set right, and is believed from then on
///
/// Time never goes back by up to `clock_hold`: it stands still until it is reached again. A greater step back that settled
/// is followed, since standing still for so long would be worse.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "messages/limits.hpp"
#include "messages/time.hpp"

namespace im {

/// What a look at the clocks found.
enum class clock_sight : std::uint8_t {
  plain,     ///< nothing to tell
  jumped,    ///< the first sight of a jump; it is not believed yet
  returned,  ///< the system's clock is back on the line
  adopted,   ///< the jump has settled and is believed from now on
};

struct clock_reading {
  time_point now;
  clock_sight sight = clock_sight::plain;
  milliseconds off{0};  ///< the system's clock against the line, when it was looked at
};

class clock_guard {
public:
  /// `wall`: the system's clock. `steady`: time since any fixed moment, by a clock that is never set.
  [[nodiscard]] clock_reading read(time_point wall, milliseconds steady) {
    const auto offset = wall.time_since_epoch() - steady;
    if (!offset_) offset_ = offset;
    const auto off = offset - *offset_;
    const auto sight = judge(offset, steady);
    return {forward(time_point{steady + *offset_}), sight, off};
  }

private:
  [[nodiscard]] static bool near(milliseconds a, milliseconds b) {
    return std::chrono::abs(a - b) <= limits::clock_jump;
  }

  [[nodiscard]] clock_sight judge(milliseconds offset, milliseconds steady) {
    if (near(offset, *offset_)) {
      offset_ = offset;
      return std::exchange(jump_, std::nullopt) ? clock_sight::returned : clock_sight::plain;
    }
    if (!jump_ || !near(offset, jump_->offset)) {
      const bool first = !jump_;
      jump_ = {offset, steady};
      return first ? clock_sight::jumped : clock_sight::plain;
    }
    if (steady - jump_->since < limits::clock_settle) return clock_sight::plain;
    offset_ = offset;
    jump_.reset();
    return clock_sight::adopted;
  }

  [[nodiscard]] time_point forward(time_point next) {
    const bool stands_still = next < told_ && told_ - next <= limits::clock_hold;
    if (!stands_still) told_ = next;
    return told_;
  }

  struct jump {
    milliseconds offset;  ///< as it was first seen
    milliseconds since;   ///< by the steady clock
  };

  std::optional<milliseconds> offset_;  ///< of the line that is believed: wall - steady
  std::optional<jump> jump_;
  time_point told_{};
};

}  // namespace im
