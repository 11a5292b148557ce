#pragma once
/// Lends readers; who finds none waits, within a bound. One whose connection was lost is replaced.

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "messages/assert.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/limits.hpp"

namespace im::ruvector {

template <class Reader>
class reader_pool {
public:
  /// `make` makes one of `count` readers, and another one where a connection was lost. Any thread.
  using maker = std::function<std::unique_ptr<Reader>()>;

  reader_pool(std::size_t count, maker make) : make_{std::move(make)}, slots_(count) {
    IM_ASSERT(count > 0);
    for (auto& s : slots_) {
      s = make_();
      idle_.push_back(&s);
    }
  }

  /// `what(reader)`. It may run twice: a connection that was lost while it lay idle is nobody's failure.
  template <class Use>
  auto use(Use&& what) {
    for (;;) {
      const lease mine{*this};
      const bool fresh = *mine.place == nullptr;
      if (fresh) *mine.place = make_();
      try {
        return what(**mine.place);
      } catch (const store_failure& f) {
        damage_.take(f);
        if ((*mine.place)->usable()) throw;
        mine.place->reset();
        if (fresh) throw;
      }
    }
  }

  /// Calls `tell` with the first damage that a reader meets. Set before the first read.
  void on_damage(std::function<void(const std::string&)> tell) { damage_.on_first(std::move(tell)); }

private:
  using slot = std::unique_ptr<Reader>;  // empty after its connection was lost

  struct lease {
    explicit lease(reader_pool& from) : pool{from}, place{from.borrow()} {}
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;
    ~lease() { pool.give_back(place); }
    reader_pool& pool;
    slot* place;
  };

  [[nodiscard]] slot* borrow() {
    std::unique_lock lock{mutex_};
    if (!returned_.wait_for(lock, limits::reader_wait, [&] { return !idle_.empty(); }))
      throw store_failure{{errc::overloaded,
                           "all connections to the database are busy",
                           {},
                           static_cast<int>(limits::retry_after.count())}};
    IM_ASSERT(!idle_.empty());
    auto* s = idle_.back();
    idle_.pop_back();
    return s;
  }

  void give_back(slot* s) {
    {
      const std::lock_guard lock{mutex_};
      idle_.push_back(s);
      IM_ASSERT(idle_.size() <= slots_.size());
    }
    returned_.notify_one();
  }

  maker make_;
  std::vector<slot> slots_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<slot*> idle_;
  damage_note damage_;
};

}  // namespace im::ruvector
