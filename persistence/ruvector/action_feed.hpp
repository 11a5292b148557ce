#pragma once
/// Long polls on the orchestrator actions: they wait as entries in a list, not as threads.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

using feed_handler = std::move_only_function<void(result<feed_page>)>;

class action_feed {
public:
  /// Hears of the store's commits from now on.
  explicit action_feed(store& from);
  action_feed(const action_feed&) = delete;
  action_feed& operator=(const action_feed&) = delete;
  ~action_feed();

  /// Answers with what comes after `after`, at once if there is something, else when there is, at the latest after `wait`
  /// and then perhaps with nothing. The next cursor then stands behind all events that have been looked at. `overloaded` beyond `limits::feed_waiters`.
  void poll(feed_cursor after, std::size_t limit, std::chrono::seconds wait, feed_handler done);

  /// Answers all polls with what there is, and later ones with nothing. Idempotent.
  void close();

private:
  using clock = std::chrono::steady_clock;
  struct poller {
    feed_cursor after;
    std::size_t limit;
    clock::time_point until;
    std::int64_t seen;  ///< the newest row when it looked last
    feed_handler done;
  };

  void loop();
  void serve(std::list<poller> due);
  [[nodiscard]] static bool is_empty_before(const result<feed_page>& page, const poller& whose);
  [[nodiscard]] clock::time_point earliest() const;

  store& store_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::list<poller> waiting_;
  std::size_t polls_ = 0;  // those that wait and those being looked after
  std::int64_t committed_ = 0;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace im::ruvector
