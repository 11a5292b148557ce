#pragma once
/// A bound on how much of something may be under way at once: so many commands, so many bytes. Any thread.

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
    ticket(ticket&& other) noexcept : of_{std::move(other.of_)}, weight_{other.weight_} {}
    ticket& operator=(ticket&& other) noexcept {
      of_.swap(other.of_);
      std::swap(weight_, other.weight_);
      return *this;
    }
    ~ticket() {
      if (of_) of_->under_way_.fetch_sub(weight_, std::memory_order_relaxed);
    }

  private:
    friend class admission;
    ticket(std::shared_ptr<admission> of, std::size_t weight) : of_{std::move(of)}, weight_{weight} {}
    std::shared_ptr<admission> of_;
    std::size_t weight_ = 0;
  };

  /// Nothing when the bound would be passed.
  [[nodiscard]] std::optional<ticket> enter(std::size_t weight = 1) {
    if (under_way_.fetch_add(weight, std::memory_order_relaxed) + weight <= bound_)
      return ticket{shared_from_this(), weight};
    under_way_.fetch_sub(weight, std::memory_order_relaxed);
    return std::nullopt;
  }

private:
  explicit admission(std::size_t bound) : bound_{bound} {}

  std::size_t bound_;
  std::atomic<std::size_t> under_way_{0};
};

}  // namespace im
