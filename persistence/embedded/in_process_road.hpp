#pragma once
/// Calls to an embedded ruvector-service: its handlers are called without a socket. What they answer is what they answer over HTTP,
/// so nobody behind this knows the difference.

#include <memory>

#include "persistence/embedded/pending_calls.hpp"
#include "persistence/ruvector/service.hpp"
#include "persistence/ruvector_road.hpp"

namespace im::persistence {

class in_process_road final : public ruvector_road {
public:
  /// `to` is open, and outlives this.
  in_process_road(ruvector::service& to, std::shared_ptr<pending_calls> calls) : to_{to}, calls_{std::move(calls)} {}

  /// `done` may be called before it returns.
  void send(http::outgoing_request req, std::chrono::milliseconds deadline, call_lane lane,
            http::client_completion done) override;

private:
  ruvector::service& to_;
  std::shared_ptr<pending_calls> calls_;
};

/// An answer of a handler as a client reads it.
[[nodiscard]] http::client_response as_read(http::response&& answer);

}  // namespace im::persistence
