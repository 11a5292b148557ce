#pragma once
/// The HTTP/1.1 server: a listening socket, io threads of its own, and the sessions on them.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/limits.hpp"
#include "http/message.hpp"
#include "http/router.hpp"

namespace im::http {

struct server_config {
  std::string address{"127.0.0.1"};
  std::uint16_t port{0};  ///< 0: one that is free, `server::port()` tells
  std::size_t io_threads{1};
  std::size_t max_connections{limits::connections};  ///< one more is told 503 and Retry-After
  std::size_t header_limit_bytes{limits::header_bytes};
  std::size_t body_limit_bytes{limits::body_bytes};                  ///< where the route does not say
  std::size_t large_bodies_bytes{limits::large_bodies_bytes};        ///< being read on all connections; beyond: 503
  std::size_t max_pipelined_requests{limits::pipelined_requests};    ///< of one connection, handled at once
  std::chrono::milliseconds header_timeout{limits::header_timeout};  ///< first to last byte of the headers, else 408
  std::chrono::milliseconds request_timeout{
      limits::request_timeout};  ///< headers to body (else 408) to answer (else 503 TIMEOUT)
  std::chrono::milliseconds idle_timeout{limits::idle_timeout};    ///< between two requests; then closed without a word
  std::chrono::milliseconds write_timeout{limits::write_timeout};  ///< without a byte of an answer being taken
  std::chrono::milliseconds tick{limits::tick};  ///< how often, so how exactly, the timeouts are looked at
};

/// One finished request, told when its answer goes to the socket.
struct request_summary {
  verb method;
  std::string_view route;  ///< the pattern; empty if none matched
  status code;
  std::chrono::nanoseconds duration;  ///< from the last byte of the headers
  std::string_view correlation_id;
  std::size_t bytes_in;   ///< of the body
  std::size_t bytes_out;  ///< of the body
};

enum class rejection { too_many_connections, malformed, header_timeout, body_timeout, handler_timeout };

/// How the application sees what happens here (logs, metrics). Called on io threads; must be quick and not throw. All may be empty.
struct server_observers {
  std::function<void(const request_summary&)> on_request_done{};
  std::function<void()> on_connection_opened{};
  std::function<void()> on_connection_closed{};
  std::function<void(rejection)> on_rejected{};
  /// A handler threw; `what` is for the log alone. The client gets a 500.
  std::function<void(std::string_view correlation_id, std::string_view what)> on_handler_failed{};
};

/// Writes the errors that the core itself answers, in the application's form. `code` is one of NOT_FOUND, METHOD_NOT_ALLOWED,
/// MALFORMED_REQUEST, PAYLOAD_TOO_LARGE, URI_TOO_LONG, HEADERS_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, EXPECTATION_FAILED,
/// REQUEST_TIMEOUT, TIMEOUT, TOO_MANY_CONNECTIONS, INTERNAL_ERROR. Headers such as Allow and Retry-After are added by the core.
using error_renderer = std::function<response(status code, std::string_view error_code, std::string_view message,
                                              std::string_view correlation_id)>;

class server {
public:
  /// Binds nothing yet. An empty renderer answers the code and the message as plain text.
  server(server_config config, router routes, error_renderer render = {}, server_observers observers = {});
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  /// Stops.
  ~server();

  /// Binds, listens and runs. Throws std::system_error if the address cannot be had.
  void start();

  /// The port that is listened on, after start().
  [[nodiscard]] std::uint16_t port() const noexcept;

  /// Stops listening, closes idle connections, lets requests in flight be answered (with `Connection: close`), then stops.
  /// Blocks for `patience` at most. True if nothing had to be cut off.
  bool drain(std::chrono::milliseconds patience);

  /// Closes everything and joins the io threads. Answers that come later are dropped. Not from an io thread.
  void stop();

  /// Open connections, those being refused included.
  [[nodiscard]] std::size_t connections() const noexcept;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::http
