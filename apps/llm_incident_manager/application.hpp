#pragma once
/// The composition root: the only place that sees all rooms. Owns them in the order in which they depend on each other.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "apps/settings/settings.hpp"
#include "messages/error.hpp"
#include "messages/time.hpp"

namespace im {

class application {
public:
  /// `with` was read and found good; `clock` outlives the application. `on_failed`: see has_failed(); on any thread.
  application(settings with, const wall_clock& clock, std::function<void()> on_failed);
  application(const application&) = delete;
  application& operator=(const application&) = delete;
  /// Stops at once what still runs. What was acknowledged is durable anyway.
  ~application();

  /// Opens the store, spawns the actors and listens. The error says what an operator can do.
  [[nodiscard]] result<void> start();

  /// `/health/ready` answers 503 from now on; requests are still taken.
  void leave();

  /// Refuses new work, finishes what is under way within `longest`, and stops. False if something was cut off.
  bool drain(std::chrono::milliseconds longest);

  /// An actor has ended that nothing works without, or the disk of the embedded store has failed. Drain then, and let the process end: its next start goes on from the store.
  [[nodiscard]] bool has_failed() const;

  [[nodiscard]] std::uint16_t http_port() const;
  [[nodiscard]] std::optional<std::uint16_t> metrics_port() const;
  /// Where the store is, for people.
  [[nodiscard]] std::string store_address() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im
