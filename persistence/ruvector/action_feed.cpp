#include "persistence/ruvector/action_feed.hpp"

#include <algorithm>

#include "telemetry/thread_name.hpp"

namespace im::ruvector {

action_feed::action_feed(store& from) : store_{from}, committed_{from.committed_row()} {
  store_.on_commit([this] {
    {
      const std::lock_guard lock{mutex_};
      committed_ = std::max(committed_, store_.committed_row());
    }
    wake_.notify_one();
  });
  thread_ = std::thread{[this] { loop(); }};
}

action_feed::~action_feed() { close(); }

void action_feed::poll(feed_cursor after, std::size_t limit, std::chrono::seconds wait, feed_handler done) {
  bool closing = false;
  {
    const std::lock_guard lock{mutex_};
    closing = closing_;
    if (!closing && polls_ < limits::feed_waiters) {
      ++polls_;
      // It has seen nothing yet: the first round looks at once.
      waiting_.push_back({after, limit, clock::now() + wait, -1, std::move(done)});
      wake_.notify_one();
      return;
    }
  }
  if (closing) return done(feed_page{{}, after});
  done(std::unexpected{
      error{errc::overloaded, "too many long polls wait", {}, static_cast<int>(limits::retry_after.count())}});
}

void action_feed::close() {
  {
    const std::lock_guard lock{mutex_};
    closing_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

action_feed::clock::time_point action_feed::earliest() const {
  auto first = clock::time_point::max();
  for (const auto& p : waiting_) first = std::min(first, p.until);
  return first;
}

void action_feed::loop() {
  name_this_thread("store.feed");
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto now = clock::now();
    std::list<poller> due;
    for (auto p = waiting_.begin(); p != waiting_.end();) {
      const auto here = p++;
      if (closing_ || here->until <= now || here->seen < committed_) due.splice(due.end(), waiting_, here);
    }
    if (due.empty()) {
      if (closing_) return;
      if (waiting_.empty()) {
        wake_.wait(lock);
      } else if (wake_.wait_until(lock, std::min(earliest(), now + limits::newest_row_poll)) ==
                 std::cv_status::timeout) {
        lock.unlock();
        const auto newest = store_.newest_row();  // others may write into this database; a failure says nothing new
        lock.lock();
        committed_ = std::max(committed_, newest.value_or(0));
      }
      continue;
    }
    for (auto& p : due) {
      if (closing_) p.until = now;
      p.seen = committed_;
    }
    lock.unlock();
    serve(std::move(due));
    lock.lock();
  }
}

/// Whether a page has no actions although it ends before what this poll has heard of.
bool action_feed::is_empty_before(const result<feed_page>& page, const poller& whose) {
  return page && page->actions.empty() && page->next.row < whose.seen && page->next.row > whose.after.row;
}

/// Looks for each; who finds nothing and has time left waits on.
void action_feed::serve(std::list<poller> due) {
  std::size_t answered = 0;
  for (auto p = due.begin(); p != due.end();) {
    const auto here = p++;
    auto page = store_.actions(here->after, here->limit);
    // An empty page before the newest row: go on from where it ended, but not for ever, as others wait.
    for (int more = limits::feed_empty_pages; more > 0 && is_empty_before(page, *here); --more) {
      here->after = page->next;
      page = store_.actions(here->after, here->limit);
    }
    if (is_empty_before(page, *here)) here->seen = -1;  // the next round looks on at once
    if (!page || !page->actions.empty() || here->until <= clock::now()) {
      here->done(std::move(page));
      due.erase(here);
      ++answered;
    } else {
      here->after = page->next;
    }
  }
  const std::lock_guard lock{mutex_};
  polls_ -= answered;
  waiting_.splice(waiting_.end(), due);
}

}  // namespace im::ruvector
