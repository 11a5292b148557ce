#include "http/answer_inbox.hpp"

#include <boost/asio/post.hpp>

#include "http/session.hpp"

namespace im::http {

void connection_link::answer(std::shared_ptr<answer_sink> self, std::uint64_t ticket, response&& answer) noexcept {
  give(std::move(self), ticket, std::move(answer));
}

void connection_link::forsake(std::shared_ptr<answer_sink> self, std::uint64_t ticket) noexcept {
  give(std::move(self), ticket, std::nullopt);
}

void connection_link::give(std::shared_ptr<answer_sink>&& self, std::uint64_t ticket,
                           std::optional<response>&& answer) noexcept {
  if (!inbox_->on_io_thread()) {
    inbox_->push({std::move(self), this, ticket, std::move(answer)});
  } else if (owner_ != nullptr) {
    const auto alive = owner_->shared_from_this();
    alive->guarded([&] {
      alive->settle(ticket, std::move(answer));
      alive->advance();
    });
  }
}

void answer_inbox::push(item&& late) {
  const std::lock_guard lock{mutex_};
  if (io_ == nullptr) return;
  waiting_.push_back(std::move(late));
  // Posted under the lock: close() must not let the context go between the look and the post.
  if (waiting_.size() == 1) boost::asio::post(*io_, [self = shared_from_this()] { self->deliver(); });
}

void answer_inbox::close() noexcept {
  std::vector<item> dropped;
  const std::lock_guard lock{mutex_};
  io_ = nullptr;
  dropped.swap(waiting_);
}

void answer_inbox::deliver() {
  {
    const std::lock_guard lock{mutex_};
    delivering_.swap(waiting_);
  }
  for (auto& late : delivering_) {
    if (late.link->owner() == nullptr) continue;
    const auto alive = late.link->owner()->shared_from_this();
    alive->guarded([&] { alive->settle(late.ticket, std::move(late.answer)); });
  }
  // Only now: answers of one connection then leave in one write.
  for (auto& late : delivering_) {
    if (late.link->owner() == nullptr) continue;
    const auto alive = late.link->owner()->shared_from_this();
    alive->guarded([&] { alive->advance(); });
  }
  delivering_.clear();
}

}  // namespace im::http
