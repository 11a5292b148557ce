#pragma once
/// A bound on how many of something may be under way at once. Any thread.

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace im {

class admission : public std::enable_shared_from_this<admission> {
public:
  [[nodiscard]] static std::shared_ptr<admission> of(std::size_t bound) {
    return std::shared_ptr<admission>{new admission{bound}};
  }

  /// The right to be under way; given back when it is destroyed.
  class ticket {
  public:
    ticket() = default;
    ticket(ticket&&) noexcept = default;
    ticket& operator=(ticket&& other) noexcept {
      of_.swap(other.of_);
      return *this;
    }
    ~ticket() {
      if (of_) of_->under_way_.fetch_sub(1, std::memory_order_relaxed);
    }

  private:
    friend class admission;
    explicit ticket(std::shared_ptr<admission> of) : of_{std::move(of)} {}
    std::shared_ptr<admission> of_;
  };

  /// Nothing when the bound is reached.
  [[nodiscard]] std::optional<ticket> enter() {
    if (under_way_.fetch_add(1, std::memory_order_relaxed) < bound_) return ticket{shared_from_this()};
    under_way_.fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }

private:
  explicit admission(std::size_t bound) : bound_{bound} {}

  std::size_t bound_;
  std::atomic<std::size_t> under_way_{0};
};

}  // namespace im
