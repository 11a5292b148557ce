#pragma once
/// The right, and the duty, to answer one request.

#include <cstdint>
#include <functional>
#include <memory>

#include "http/message.hpp"

namespace im::http {

/// Where answers go: a connection, or a test. Both members may be called from any thread.
class answer_sink {
public:
  virtual ~answer_sink() = default;
  virtual void answer(std::shared_ptr<answer_sink> self, std::uint64_t ticket, response&& answer) noexcept = 0;
  /// The responder was destroyed unanswered.
  virtual void forsake(std::shared_ptr<answer_sink> self, std::uint64_t ticket) noexcept = 0;
};

/// Answers one request, once, from any thread. Destroyed unanswered it answers 500, so that no bug leaves a client waiting.
/// An answer that comes too late (the request timed out, the connection is gone, the server stopped) is dropped.
class responder {
public:
  responder() noexcept = default;
  responder(std::shared_ptr<answer_sink> sink, std::uint64_t ticket) noexcept
      : sink_{std::move(sink)}, ticket_{ticket} {}
  responder(responder&& other) noexcept = default;
  responder& operator=(responder&& other) noexcept;
  responder(const responder&) = delete;
  responder& operator=(const responder&) = delete;
  ~responder() { forsake(); }

  /// Answers. A second call does nothing.
  void operator()(response answer) noexcept;

  /// Whether the answer is still owed.
  [[nodiscard]] explicit operator bool() const noexcept { return sink_ != nullptr; }

  /// A responder without a server, for tests of handlers. Unanswered, it calls `take` with an empty 500.
  [[nodiscard]] static responder into(std::move_only_function<void(response&&)> take);

private:
  void forsake() noexcept;

  std::shared_ptr<answer_sink> sink_;
  std::uint64_t ticket_{0};
};

}  // namespace im::http
