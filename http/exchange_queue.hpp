#pragma once
/// The requests of one connection that wait for their answers or for their turn to leave. Pure. Internal to http/.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "messages/assert.hpp"

namespace im::http {

/// One request on its way: what its answer has to know of it.
struct exchange {
  using clock = std::chrono::steady_clock;

  verb method{verb::unknown};
  bool http_1_1{true};
  bool keep_alive{true};
  std::string_view route{};  ///< the pattern
  std::string correlation_id{};
  clock::time_point started{};
  clock::time_point deadline{};  ///< for the answer
  std::size_t bytes_in{0};
  std::optional<response> answer{};
};

/// A ring of exchanges. Answers may come in any order and leave in the order of their requests.
class exchange_queue {
public:
  explicit exchange_queue(std::size_t capacity) : ring_(capacity) {}

  [[nodiscard]] bool full() const noexcept { return next_ - first_ == ring_.size(); }
  [[nodiscard]] bool empty() const noexcept { return next_ == first_; }
  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(next_ - first_); }

  /// Adds the newest exchange; not when full. Its ticket.
  std::uint64_t push(exchange&& e) {
    IM_ASSERT(!full());
    at(next_) = std::move(e);
    return next_++;
  }

  /// Gives the answer. False if that ticket has one already or has left: then nothing changes.
  bool settle(std::uint64_t ticket, response&& answer) {
    auto* waiting = find_waiting(ticket);
    if (waiting == nullptr) return false;
    waiting->answer = std::move(answer);
    return true;
  }

  /// The exchange of a ticket that waits for its answer, or nullptr.
  [[nodiscard]] exchange* find_waiting(std::uint64_t ticket) noexcept {
    if (ticket < first_ || ticket >= next_ || at(ticket).answer) return nullptr;
    return &at(ticket);
  }

  /// The oldest exchange if its answer is there, else nullptr.
  [[nodiscard]] exchange* ready() noexcept { return !empty() && at(first_).answer ? &at(first_) : nullptr; }
  void pop() noexcept {
    IM_ASSERT(!empty());
    at(first_++).answer.reset();
  }

  /// The newest exchange; not when empty.
  [[nodiscard]] exchange& newest() noexcept {
    IM_ASSERT(!empty());
    return at(next_ - 1);
  }

  /// Calls `late(ticket, exchange)` for each that waits beyond its deadline; it may settle it.
  template <class Late>
  void for_each_late(exchange::clock::time_point now, Late&& late) {
    for (auto ticket = first_; ticket != next_; ++ticket)
      if (!at(ticket).answer && at(ticket).deadline <= now) late(ticket, at(ticket));
  }

private:
  [[nodiscard]] exchange& at(std::uint64_t ticket) noexcept {
    return ring_[static_cast<std::size_t>(ticket % ring_.size())];
  }

  std::vector<exchange> ring_;
  std::uint64_t first_{0};
  std::uint64_t next_{0};
};

}  // namespace im::http
