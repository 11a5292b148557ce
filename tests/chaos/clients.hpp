#pragma once
/// Those who send a plan's requests, each with the same id until it hears an answer or gives up.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "tests/chaos/fleet.hpp"
#include "tests/chaos/ledger.hpp"
#include "tests/chaos/plan.hpp"

namespace im::chaos {

/// A request whose outcome its client never learned, as it was sent.
struct open_request {
  entry so_far;
  std::size_t manager = 0;
  std::string target;
  js::object body;
};

class clients {
public:
  clients(fleet& to, const plan& wanted) : fleet_{to}, plan_{wanted} {}

  /// Runs the whole plan on a few threads; returns when all acts are done. A trouble that cannot be made is thrown on.
  void run();
  /// Sends what nobody knows the outcome of once more, now that everything runs.
  void settle();
  /// All that was asked, and how it ended.
  [[nodiscard]] std::vector<entry> outcomes() { return ledger_.take(); }

private:
  class one;
  void ask_for_trouble(const trouble& wanted, std::size_t number);
  void make_troubles();
  void fail(std::string_view why);

  fleet& fleet_;
  const plan& plan_;
  ledger ledger_;
  std::atomic<std::size_t> next_ = 0;

  std::mutex turn_mutex_;
  std::condition_variable turn_changed_;
  std::size_t turn_ = 0;  // the number of the next trouble
  const trouble* wanted_ = nullptr;
  std::size_t running_ = 0;  // clients

  std::mutex mutex_;
  std::array<std::string, topics> incidents_;  // by topic, the newest
  std::vector<open_request> open_;
  std::string failure_;
};

}  // namespace im::chaos
