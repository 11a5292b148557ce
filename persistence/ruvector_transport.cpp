#include "persistence/ruvector_transport.hpp"

#include <utility>

namespace im::persistence {

void ruvector_transport::send(ruvector_call call, answer_handler done) {
  const auto road = road_.lock();
  if (!road)
    return done(std::unexpected{
        store_failure{{errc::store_unavailable, "the client of the store is closed"}, store_failure::fault::busy}});
  http::outgoing_request req{.method = call.method, .target = std::move(call.target), .body = std::move(call.body)};
  req.retry_safe = true;  // every write carries its events' ids
  if (!config_.api_key.empty())
    req.headers.emplace_back("Authorization", "Bearer " + std::string{config_.api_key.reveal()});
  if (!call.if_none_match.empty()) req.headers.emplace_back("If-None-Match", std::move(call.if_none_match));
  const auto started = std::chrono::steady_clock::now();
  road->send(
      std::move(req), call.deadline, call.lane,
      [self = shared_from_this(), name = call.name, started, done = std::move(done)](http::client_result got) mutable {
        if (self->config_.observers.on_call)
          self->config_.observers.on_call(
              {name, got ? got->status_code : 0, std::chrono::steady_clock::now() - started});
        if (!got) return done(std::unexpected{self->unanswered(name, got.error())});
        if (is_unavailable(got->status_code)) return done(std::unexpected{self->not_done(name, *got)});
        done(std::move(*got));
      });
}

}  // namespace im::persistence
