#pragma once
/// How answers given on foreign threads reach the io thread: a burst of them costs one wakeup. Internal to http/.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "http/responder.hpp"

namespace im::http {

class answer_inbox;
class session;

/// What a responder holds of its connection. It outlives the session, the io thread and the server.
class connection_link final : public answer_sink {
public:
  connection_link(std::shared_ptr<answer_inbox> inbox, session* owner) noexcept
      : inbox_{std::move(inbox)}, owner_{owner} {}

  void answer(std::shared_ptr<answer_sink> self, std::uint64_t ticket, response&& answer) noexcept override;
  void forsake(std::shared_ptr<answer_sink> self, std::uint64_t ticket) noexcept override;

  // On the io thread only:
  [[nodiscard]] session* owner() const noexcept { return owner_; }
  void orphan() noexcept { owner_ = nullptr; }

private:
  void give(std::shared_ptr<answer_sink>&& self, std::uint64_t ticket, std::optional<response>&& answer) noexcept;

  std::shared_ptr<answer_inbox> inbox_;
  session* owner_;
};

class answer_inbox : public std::enable_shared_from_this<answer_inbox> {
public:
  struct item {
    std::shared_ptr<answer_sink> keep;
    connection_link* link;
    std::uint64_t ticket;
    std::optional<response> answer;  ///< nothing: the responder was destroyed unanswered
  };

  explicit answer_inbox(boost::asio::io_context& io) noexcept : io_{&io} {}

  /// The calling thread is the one that runs the context.
  void bind_to_this_thread() noexcept { io_thread_.store(std::this_thread::get_id(), std::memory_order_release); }
  [[nodiscard]] bool on_io_thread() const noexcept {
    return io_thread_.load(std::memory_order_acquire) == std::this_thread::get_id();
  }

  void push(item&& late);
  /// The context is about to go: what comes from now on is dropped.
  void close() noexcept;

private:
  void deliver();

  std::mutex mutex_;
  boost::asio::io_context* io_;   // nullptr once closed
  std::vector<item> waiting_;     // non-empty: a deliver() is on its way
  std::vector<item> delivering_;  // on the io thread only; keeps its memory
  std::atomic<std::thread::id> io_thread_{};
};

}  // namespace im::http
