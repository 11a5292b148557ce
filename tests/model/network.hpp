#pragma once
/// What lies between clients, instances and the store. Until it is healed it delays, doubles and loses.

#include <memory>
#include <optional>

#include "tests/model/dice.hpp"
#include "tests/model/timeline.hpp"

namespace im::test::model {

class network {
public:
  network(timeline& time, dice& roll) : time_{time}, roll_{roll}, lost_percent_{roll.below(25)} {}

  void heal() { healed_ = true; }
  /// Nothing passes for so long.
  void cut(milliseconds how_long) { cut_until_ = time_.now() + how_long; }

  /// One message: it arrives once, late, twice or never.
  void carry(timeline::task deliver) {
    if (!is_lost()) {
      if (!healed_ && roll_.chance(5)) time_.after(delay(), deliver);
      time_.after(delay(), std::move(deliver));
    }
  }

  /// Asks and waits at most `patience`: `done` hears once, nothing when the question or the answer was lost. `work` may
  /// be done twice, and long after the asker has given up.
  template <class Work, class Done>
  void ask(milliseconds patience, Work work, Done done) {
    using answer = std::invoke_result_t<Work>;
    auto handler = std::make_shared<std::function<void(std::optional<answer>)>>(std::move(done));
    const auto tell = [handler](std::optional<answer> what) {
      if (auto once = std::exchange(*handler, nullptr)) once(std::move(what));
    };
    carry([this, work = std::move(work), tell] {
      carry([tell, what = std::make_shared<answer>(work())] { tell(*what); });
    });
    time_.after(patience, [tell] { tell(std::nullopt); });
  }

private:
  [[nodiscard]] bool is_lost() { return !healed_ && (time_.now() < cut_until_ || roll_.chance(lost_percent_)); }
  [[nodiscard]] milliseconds delay() {
    if (healed_ || roll_.chance(80)) return roll_.between(milliseconds{1}, milliseconds{40});
    return roll_.chance(80) ? roll_.between(milliseconds{40}, seconds{4}) : roll_.between(seconds{4}, seconds{90});
  }

  timeline& time_;
  dice& roll_;
  int lost_percent_;
  time_point cut_until_{};
  bool healed_ = false;
};

}  // namespace im::test::model
