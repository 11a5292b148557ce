#pragma once
/// Where CAF 0.18 and 1.x differ. Both are built and tested: deploy/setup/README.md. CAF_VERSION does not tell them apart: CAF 1.1.0
/// defines it as 0100.

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/config.hpp>
#include <caf/error.hpp>
#include <caf/timespan.hpp>
#include <cstddef>
#include <functional>
#include <utility>

#if CAF_MAJOR_VERSION >= 1
#include <caf/anon_mail.hpp>
#else
#include <caf/send.hpp>
#include <caf/system_messages.hpp>
#endif

/// The header of im::test_scheduler, for an #include in tests.
#if CAF_MAJOR_VERSION >= 1
// NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a header
#define IM_TEST_SCHEDULER_HEADER <caf/detail/test_coordinator.hpp>
namespace caf::detail {
class test_coordinator;
}
#else
// NOLINTNEXTLINE(bugprone-macro-parentheses): the name of a header
#define IM_TEST_SCHEDULER_HEADER <caf/scheduler/test_coordinator.hpp>
namespace caf::scheduler {
class test_coordinator;
}
#endif

namespace im {

/// CAF's scheduler of the policy "testing": runs actors when a test says so, on virtual time.
#if CAF_MAJOR_VERSION >= 1
using test_scheduler = caf::detail::test_coordinator;
#else
using test_scheduler = caf::scheduler::test_coordinator;
#endif

/// How many timers of CAF's are pending.
template <class Scheduler>
[[nodiscard]] std::size_t pending_timers(Scheduler& scheduler) {
#if CAF_MAJOR_VERSION >= 1
  return scheduler.clock().actions.size();
#else
  return scheduler.clock().schedule.size();
#endif
}

/// Sends without a sender: nobody waits for an answer. From any thread.
template <class Handle, class... Ts>
void tell(const Handle& to, Ts&&... message) {
#if CAF_MAJOR_VERSION >= 1
  caf::anon_mail(std::forward<Ts>(message)...).send(to);
#else
  caf::anon_send(to, std::forward<Ts>(message)...);
#endif
}

/// Sends a message from an actor to itself.
template <class Self, class... Ts>
void send_to_self(Self* self, Ts&&... message) {
#if CAF_MAJOR_VERSION >= 1
  self->mail(std::forward<Ts>(message)...).send(self);
#else
  self->send(self, std::forward<Ts>(message)...);
#endif
}

/// Sends a message from an actor to itself after a delay.
template <class Self, class... Ts>
void send_to_self_after(Self* self, caf::actor_clock::duration_type delay, Ts&&... message) {
#if CAF_MAJOR_VERSION >= 1
  self->mail(std::forward<Ts>(message)...).delay(delay).send(self);
#else
  self->delayed_send(self, delay, std::forward<Ts>(message)...);
#endif
}

/// Sends a request; its response goes to `.then(…)` of what is returned, of a blocking actor to `.receive(…)`.
template <class Self, class Handle, class... Ts>
[[nodiscard]] auto send_request(Self* self, const Handle& to, caf::timespan timeout, Ts&&... message) {
#if CAF_MAJOR_VERSION >= 1
  return self->mail(std::forward<Ts>(message)...).request(to, timeout);
#else
  return self->request(to, timeout, std::forward<Ts>(message)...);
#endif
}

/// Hands the request that an actor is handling to another, which responds in its place.
template <class Self, class Handle, class... Ts>
[[nodiscard]] auto delegate_to(Self* self, const Handle& to, Ts&&... message) {
#if CAF_MAJOR_VERSION >= 1
  return self->mail(std::forward<Ts>(message)...).delegate(to);
#else
  return self->delegate(to, std::forward<Ts>(message)...);
#endif
}

/// The handle of an actor whose interface has one message: CAF 1.x's spawn() returns another type than the interface's, which cannot be
/// assigned to it.
template <class Actor, class Handle>
[[nodiscard]] Actor spawned_as(const Handle& spawned) {
  return caf::actor_cast<Actor>(spawned);
}

/// Calls one function, in the actor that owns it, for each monitored actor that has ended. A member of the owner's state.
template <class Actor>
class down_monitor {
public:
  using handler = std::function<void(const caf::actor_addr& who, const caf::error& reason)>;

  down_monitor(typename Actor::pointer self, handler on_down) : self_{self}, on_down_{std::move(on_down)} {
#if CAF_MAJOR_VERSION < 1
    self_->set_down_handler([this](const caf::down_msg& down) { on_down_(down.source, down.reason); });
#endif
  }
  down_monitor(const down_monitor&) = delete;
  down_monitor& operator=(const down_monitor&) = delete;

  template <class Handle>
  void watch(const Handle& whom) {
#if CAF_MAJOR_VERSION >= 1
    self_->monitor(whom, [this, who = whom.address()](const caf::error& reason) { on_down_(who, reason); });
#else
    self_->monitor(whom);
#endif
  }

private:
  typename Actor::pointer self_;
  handler on_down_;
};

}  // namespace im
