#pragma once
/// What was asked of the managers, and what they said. Beside the log it is all that the judge knows.

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace im::chaos {

/// How a request ended for whoever sent it, after all attempts.
enum class ending : std::uint8_t {
  acknowledged,  ///< 2xx, and recorded
  unchanged,     ///< 2xx that says nothing had to be recorded
  refused,       ///< a definite no (4xx), or nothing but answers that say nothing was done
  unknown,       ///< no answer, or one that leaves it open
};

/// One request, sent once or many times under one id, to one manager or to both.
struct entry {
  std::string id;             ///< the execution id, the tail of its request id in the log
  std::string what;           ///< for people who read a failure
  std::string incident = {};  ///< whom the answer names; empty when it names none
  ending end = ending::unknown;
  bool by_rule = false;   ///< refused by 4xx, so by a decision rather than for want of a store
  unsigned status = 0;    ///< of the last answer
  std::string text = {};  ///< of the last answer, when it was no success
  int attempts = 0;
};

class ledger {
public:
  void add(entry made) {
    const std::lock_guard lock{mutex_};
    entries_.push_back(std::move(made));
  }
  [[nodiscard]] std::vector<entry> take() {
    const std::lock_guard lock{mutex_};
    return std::move(entries_);
  }

private:
  std::mutex mutex_;
  std::vector<entry> entries_;
};

}  // namespace im::chaos
