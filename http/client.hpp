#pragma once
/// An asynchronous client for one origin, with a pool of kept-alive connections.

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/limits.hpp"
#include "http/message.hpp"
#include "http/origin.hpp"

namespace im::http {

struct client_config {
  std::size_t max_connections{limits::client_connections};
  std::size_t max_queued_requests{
      limits::client_queued_requests};  ///< waiting for a connection; one more is `queue_full`
  std::size_t max_response_bytes{limits::client_response_bytes};              ///< of a body
  std::chrono::milliseconds connect_timeout{limits::client_connect_timeout};  ///< name, connection and TLS together
  std::chrono::milliseconds idle_timeout{limits::client_idle_timeout};        ///< unused this long: closed
  std::string ca_file{};  ///< PEM; empty: the system's. A certificate is always verified.
};

struct outgoing_request {
  verb method{verb::get};
  std::string target{"/"};  ///< path and query, percent-encoded, put after the origin's base
  std::vector<std::pair<std::string, std::string>> headers{};  ///< Host, Content-Length and Connection are the client's
  std::string body{};
  std::string content_type{"application/json"};  ///< sent with a body only
  /// Sending it twice is as good as once, whatever the method says (it carries an idempotency key).
  bool retry_safe{false};
};

struct client_response {
  unsigned status_code{0};
  header_fields headers;
  std::string body;
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    return headers.get(name);
  }
};

enum class client_error_kind {
  connect,     ///< no name, no route, refused, or the connect timeout
  timeout,     ///< the deadline
  reset,       ///< the connection ended before the response was whole
  queue_full,  ///< `max_queued_requests` were waiting
  too_large,   ///< the response is beyond its bound
  tls,         ///< the handshake, so also a certificate that is not trusted
  cancelled,   ///< the client was destroyed, or cancel_all()
  malformed,   ///< not a response of HTTP/1.1, or a request that cannot be written as one
};

struct client_error {
  client_error_kind kind;
  std::string message;     ///< for logs
  bool maybe_sent{false};  ///< the server may have acted on the request
};

/// The name of a kind, for logs and metrics.
[[nodiscard]] std::string_view to_string(client_error_kind kind) noexcept;

using client_result = std::expected<client_response, client_error>;
using client_completion = std::move_only_function<void(client_result)>;

/// Any thread may use it. A request over a kept-alive connection that the server closed before the first byte of a response is
/// sent once more, over a fresh one, if its method is idempotent or it is `retry_safe`.
class client {
public:
  /// `executor`'s context does the work and calls the completions; it has to run until they were called.
  /// Throws std::runtime_error if `ca_file` cannot be read.
  client(boost::asio::any_io_executor executor, origin to, client_config config = {});
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  /// Cancels all; the completions are called later, on the executor.
  ~client();

  /// Sends; `deadline` counts from now and covers waiting, connecting and the exchange. `done` is called once, on the executor,
  /// never before send() returns; it must not throw.
  void send(outgoing_request req, std::chrono::milliseconds deadline, client_completion done);

  /// Fails what waits or is in flight with `cancelled`.
  void cancel_all();

  [[nodiscard]] const origin& to() const noexcept;

private:
  class impl;
  std::shared_ptr<impl> impl_;
};

}  // namespace im::http
