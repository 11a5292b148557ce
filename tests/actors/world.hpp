#pragma once
/// A house of actors on virtual time over a fake store: what a test of the actors stands on.

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/incident_house.hpp"
#include "messages/clock_guard.hpp"
#include "messages/protocol/caf_compat.hpp"
#include IM_TEST_SCHEDULER_HEADER
#include "tests/actors/fake_store.hpp"
#include "tests/support/samples.hpp"

namespace im::test {

/// Time that goes on with the test's scheduler, and may be set off by a jump; with a guard between, as the service has it,
/// when that is wanted.
class virtual_wall_clock final : public wall_clock {
public:
  [[nodiscard]] time_point now() const override {
    if (failures > 0) {
      --failures;
      throw std::runtime_error{"the clock was told to fail"};
    }
    const auto system = t0 + elapsed + jump;
    return is_guarded ? guard_.read(system, elapsed).now : system;
  }
  milliseconds elapsed{0};
  milliseconds jump{0};
  bool is_guarded = false;
  mutable int failures = 0;  ///< so many looks at it throw, in whatever actor looks

private:
  mutable clock_guard guard_;
};

/// The answer to one command, once it came.
using pending = std::shared_ptr<std::optional<result<reply>>>;

class world {
public:
  using persistence_maker = persistence_actor (*)(caf::actor_system&, std::shared_ptr<fake_store>);

  /// `make`: what stands between the actors and the store.
  explicit world(std::shared_ptr<fake_store> with = nullptr, std::shared_ptr<virtual_wall_clock> time = nullptr,
                 std::size_t live_incidents = limits::live_incidents, persistence_maker make = spawn_fake);
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world();

  pending send(command c);
  pending await(incident_id incident, approval_id gate, milliseconds wait);
  /// Sends, lets everything run, and gives the answer, which must have come.
  result<reply> ask(command c);
  void run();
  /// Lets the store answer what it held.
  void release();
  /// Lets time pass, a second at a time, so that timers fire in their order.
  void pass(seconds time);
  /// Lets a moment pass: whatever is due within it fires at its end.
  void pass_step(milliseconds time);
  /// Ends the newest child of that kind as a crash would.
  void crash(logic::child_kind kind);

  std::shared_ptr<fake_store> store;
  std::shared_ptr<virtual_wall_clock> clock;
  telemetry::metrics metrics;
  actor_environment env;
  std::vector<std::pair<logic::child_kind, caf::actor>> children;
  std::vector<std::string> lost;  ///< actors that nobody replaces, and that have failed

private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  persistence_actor persistence_;

public:
  std::unique_ptr<incident_house> house;
  [[nodiscard]] test_scheduler& scheduler();
  [[nodiscard]] caf::actor_system& system() { return *system_; }
  [[nodiscard]] const persistence_actor& persistence() const { return persistence_; }
};

/// Before the first actor system of a program. A world does it.
void register_message_types();
/// Empty, but for the deployed policies.
[[nodiscard]] std::shared_ptr<fake_store> store_with_policies();
/// How many events of a log record such a fact.
template <class Fact>
[[nodiscard]] std::size_t count_of(const std::vector<event_ptr>& log) {
  return static_cast<std::size_t>(
      std::ranges::count_if(log, [](const event_ptr& e) { return std::holds_alternative<Fact>(e->fact.value); }));
}
[[nodiscard]] bool in_sequence(const std::vector<event_ptr>& log);
/// Opens an incident; throws where another is open for the fingerprint.
incident_id opened(world& w, severity s = severity::p1, std::string fingerprint = "fp");

/// Commands, each with a request id of its own.
[[nodiscard]] command signal_of(severity s, std::string fingerprint = "fp", std::optional<severity> suggests = {});
[[nodiscard]] command change_of(incident_id id, change_kind change, std::string actor = "grace");
[[nodiscard]] command evaluation_of(incident_id id, severity suggests);
[[nodiscard]] command vote_on(incident_id id, approval_id gate, std::string approver, approver_type role,
                              vote_decision decision = vote_decision::approved);
[[nodiscard]] command read_of(incident_id id);

}  // namespace im::test
