#include "persistence/ruvector_transport.hpp"

#include <charconv>
#include <utility>

namespace im::persistence {

namespace {

constexpr std::size_t told_chars = 512;  // how much of an answer goes to the log

using fault = store_failure::fault;

/// `Retry-After` in seconds; its date form is not used between our services.
std::optional<int> retry_after(const http::client_response& answer) {
  const auto text = answer.header("Retry-After");
  int seconds = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), seconds).ec != std::errc{} || seconds < 0)
    return std::nullopt;
  return seconds;
}

}  // namespace

void ruvector_transport::connect(const std::shared_ptr<http::client>& calls,
                                 const std::shared_ptr<http::client>& polls) {
  calls_ = calls;
  polls_ = polls;
}

void ruvector_transport::send(ruvector_call call, answer_handler done) {
  const auto client = (call.long_poll ? polls_ : calls_).lock();
  if (!client)
    return done(
        std::unexpected{store_failure{{errc::store_unavailable, "the client of the store is closed"}, fault::busy}});
  http::outgoing_request req{.method = call.method, .target = std::move(call.target), .body = std::move(call.body)};
  req.retry_safe = true;  // every write carries its events' ids
  if (!config_.api_key.empty())
    req.headers.emplace_back("Authorization", "Bearer " + std::string{config_.api_key.reveal()});
  if (!call.if_none_match.empty()) req.headers.emplace_back("If-None-Match", std::move(call.if_none_match));
  const auto started = std::chrono::steady_clock::now();
  client->send(
      std::move(req), call.deadline,
      [self = shared_from_this(), name = call.name, started, done = std::move(done)](http::client_result got) mutable {
        if (self->config_.observers.on_call)
          self->config_.observers.on_call(
              {name, got ? got->status_code : 0, std::chrono::steady_clock::now() - started});
        if (!got) return done(std::unexpected{self->failure_of(name, got.error())});
        if (got->status_code >= 500 || got->status_code == 429)
          return done(std::unexpected{self->unavailable(name, *got)});
        done(std::move(*got));
      });
}

store_failure ruvector_transport::failure_of(std::string_view call, const http::client_error& why) const {
  using kind = http::client_error_kind;
  const auto unreached = [&] {
    return store_failure{{why.maybe_sent ? errc::timeout : errc::store_unavailable, "the store does not answer"},
                         fault::away,
                         why.maybe_sent};
  };
  const auto of_kind = [&]() -> store_failure {
    switch (why.kind) {
      case kind::connect:
      case kind::tls:
      case kind::timeout:
      case kind::reset: return unreached();
      case kind::cancelled:
        return {{errc::store_unavailable, "the client of the store was closed"}, fault::busy, why.maybe_sent};
      case kind::queue_full: return {{errc::overloaded, "too many calls wait for the store"}, fault::busy};
      case kind::too_large: return {{errc::internal, "the store's answer is too large"}, fault::refused, true};
      case kind::malformed:
        if (why.maybe_sent) return unreached();
        return {{errc::internal, "a call to the store could not be written"}, fault::refused};
    }
    return unreached();
  };
  return told(call, std::string{http::to_string(why.kind)} + ": " + why.message, of_kind());
}

/// 429 and 503 say that nothing was done; behind a proxy's 502 or 504, or a 500, something may have been.
store_failure ruvector_transport::unavailable(std::string_view call, const http::client_response& answer) const {
  const bool untouched = answer.status_code == 429 || answer.status_code == 503;
  store_failure failure{{errc::store_unavailable, "the store is not available"}, fault::away, !untouched};
  failure.why.retry_after_s = retry_after(answer);
  return told(call, std::to_string(answer.status_code) + " " + answer.body, std::move(failure));
}

store_failure ruvector_transport::unexpected_status(std::string_view call, const http::client_response& answer) const {
  if (answer.status_code == 404) return {{errc::not_found, "the store does not know it"}, fault::refused};
  const std::string detail = std::to_string(answer.status_code) + " " + answer.body;
  if (answer.status_code == 401 || answer.status_code == 403)
    return told(call, "the store refuses our key, look at RUVECTOR_API_KEY: " + detail,
                {{errc::store_unavailable, "the store does not take this service's credentials; nothing was done"},
                 fault::refused});
  return told(call, detail, {{errc::internal, "the store refused a call"}, fault::refused});
}

store_failure ruvector_transport::garbled(std::string_view call, const std::string& what) const {
  return told(call, "not what was asked for: " + what,
              {{errc::store_unavailable, "the store's answer cannot be read"}, fault::away, true});
}

store_failure ruvector_transport::told(std::string_view call, std::string_view detail, store_failure failure) const {
  if (config_.observers.on_trouble) config_.observers.on_trouble(call, detail.substr(0, told_chars));
  return failure;
}

}  // namespace im::persistence
