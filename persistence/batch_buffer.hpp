#pragma once
/// What to write together. When a write leaves is `take`'s affair, how it goes is the caller's. Pure: time is an argument.
///
/// The order of one incident is kept by construction: each incident has a lane, and only the head of a lane that has
/// nothing in flight is eligible. Of the eligible the oldest go first, so no incident starves another.

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "messages/assert.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"

namespace im::persistence {

struct batch_bounds {
  std::size_t batch_events = limits::batch_events;          ///< of one write; a larger entry goes alone
  std::size_t batch_bytes = limits::batch_bytes;            ///< likewise
  std::chrono::milliseconds batch_age = limits::batch_age;  ///< how long a small write waits for company
  std::size_t batches_in_flight = limits::batches_in_flight;
  std::size_t pending_events = limits::pending_events;   ///< accepted and not yet answered
  std::size_t pending_bytes = 16 * limits::batch_bytes;  ///< likewise: what the buffer may hold in memory
};

template <class Payload, class Clock = std::chrono::steady_clock>
class batch_buffer {
public:
  using time_point = typename Clock::time_point;

  struct entry {
    im::incident_id incident_id;
    std::size_t events = 0;
    std::size_t bytes = 0;
    Payload payload;
  };
  enum class urgency : std::uint8_t { by_age, at_once };

  explicit batch_buffer(batch_bounds bounds = {}) : bounds_{bounds} {}

  /// Whether an entry of this size is taken. A single one is, however large, when nothing else is held.
  [[nodiscard]] bool has_room(std::size_t events, std::size_t bytes) const {
    return held_events_ == 0 ||
           (held_events_ + events <= bounds_.pending_events && held_bytes_ + bytes <= bounds_.pending_bytes);
  }

  /// Takes an entry in, or refuses it (false, and `item` is untouched) when the bound is reached.
  [[nodiscard]] bool push(entry&& item, time_point now) {
    if (!has_room(item.events, item.bytes)) return false;
    held_events_ += item.events;
    held_bytes_ += item.bytes;
    auto& own = lanes_[item.incident_id];
    own.waiting.push_back({next_ticket_++, now, std::move(item)});
    if (!own.busy && own.waiting.size() == 1) make_ready(own);
    return true;
  }

  /// The next write, or nothing when none is due or none may start. Its incidents are busy until `release`, and it
  /// counts as in flight until `end_write`.
  [[nodiscard]] std::vector<entry> take(time_point now, urgency how = urgency::by_age) {
    std::vector<entry> out;
    if (in_flight_ >= bounds_.batches_in_flight || ready_.empty()) return out;
    if (how == urgency::by_age && !full() && now < ready_.begin()->second->waiting.front().since + bounds_.batch_age)
      return out;
    std::size_t events = 0;
    std::size_t bytes = 0;
    while (!ready_.empty()) {
      auto& own = *ready_.begin()->second;
      IM_ASSERT(!own.busy && !own.waiting.empty());
      const auto& head = own.waiting.front().item;
      const bool fits = events + head.events <= bounds_.batch_events && bytes + head.bytes <= bounds_.batch_bytes;
      if (!out.empty() && !fits) break;
      events += head.events;
      bytes += head.bytes;
      make_unready(own);
      own.busy = true;
      out.push_back(std::move(own.waiting.front().item));
      own.waiting.erase(own.waiting.begin());
    }
    ++in_flight_;
    return out;
  }

  /// When `take` has something by age; nothing while it has nothing, or until a write ends.
  [[nodiscard]] std::optional<time_point> due_at() const {
    if (ready_.empty() || in_flight_ >= bounds_.batches_in_flight) return std::nullopt;
    return ready_.begin()->second->waiting.front().since + bounds_.batch_age;
  }

  /// An entry that was taken is answered: its room is free, and the next of its incident eligible.
  void release(const im::incident_id& id, std::size_t events, std::size_t bytes) {
    const auto found = lanes_.find(id);
    IM_ASSERT(found != lanes_.end() && found->second.busy);
    IM_ASSERT(held_events_ >= events && held_bytes_ >= bytes);
    held_events_ -= events;
    held_bytes_ -= bytes;
    found->second.busy = false;
    if (found->second.waiting.empty())
      lanes_.erase(found);
    else
      make_ready(found->second);
  }

  /// A write that was taken is over.
  void end_write() {
    IM_ASSERT(in_flight_ > 0);
    --in_flight_;
  }

  /// Gives up what was not taken yet, oldest first.
  [[nodiscard]] std::vector<entry> clear() {
    std::map<std::uint64_t, entry> all;
    for (auto at = lanes_.begin(); at != lanes_.end();) {
      for (auto& queued : at->second.waiting) {
        held_events_ -= queued.item.events;
        held_bytes_ -= queued.item.bytes;
        all.emplace(queued.ticket, std::move(queued.item));
      }
      at->second.waiting.clear();
      at = at->second.busy ? std::next(at) : lanes_.erase(at);
    }
    ready_.clear();
    ready_events_ = ready_bytes_ = 0;
    std::vector<entry> out;
    out.reserve(all.size());
    for (auto& [ticket, item] : all) out.push_back(std::move(item));
    return out;
  }

  [[nodiscard]] std::size_t held_events() const { return held_events_; }  ///< waiting or in flight
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  [[nodiscard]] bool empty() const { return lanes_.empty() && in_flight_ == 0; }

private:
  struct queued_entry {
    std::uint64_t ticket = 0;
    time_point since;
    entry item;
  };
  struct lane {
    boost::container::small_vector<queued_entry, 1> waiting;  // one, as a rule: its incident waits for it
    bool busy = false;
  };

  [[nodiscard]] bool full() const {
    return ready_events_ >= bounds_.batch_events || ready_bytes_ >= bounds_.batch_bytes;
  }

  void make_ready(lane& own) {
    IM_ASSERT(!own.busy && !own.waiting.empty());
    const auto& head = own.waiting.front();
    ready_.emplace(head.ticket, &own);
    ready_events_ += head.item.events;
    ready_bytes_ += head.item.bytes;
  }

  void make_unready(lane& own) {
    const auto& head = own.waiting.front();
    IM_ASSERT(ready_events_ >= head.item.events && ready_bytes_ >= head.item.bytes);
    ready_.erase(head.ticket);
    ready_events_ -= head.item.events;
    ready_bytes_ -= head.item.bytes;
  }

  batch_bounds bounds_;
  std::unordered_map<im::incident_id, lane> lanes_;  // its nodes stay where they are: ready_ points at them
  std::map<std::uint64_t, lane*> ready_;             // by the head's ticket: the oldest first
  std::uint64_t next_ticket_ = 0;
  std::size_t ready_events_ = 0;
  std::size_t ready_bytes_ = 0;
  std::size_t held_events_ = 0;
  std::size_t held_bytes_ = 0;
  std::size_t in_flight_ = 0;
};

}  // namespace im::persistence
