#pragma once
/// Bytes over one TCP connection, and the answers to them, for what no well-behaved client sends.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/e2e/talk.hpp"

namespace im::e2e {

class raw_connection {
public:
  /// Connects to the loopback. Throws std::system_error.
  explicit raw_connection(std::uint16_t port);
  raw_connection(const raw_connection&) = delete;
  raw_connection& operator=(const raw_connection&) = delete;
  ~raw_connection();

  /// Sends all; false when the other side has gone.
  bool send(std::string_view bytes);
  /// Sends no more, and says so.
  void finish_sending();
  /// The next answer; nothing when the connection ends or `longest` is over before it is whole.
  [[nodiscard]] std::optional<answer> read(std::chrono::milliseconds longest = std::chrono::seconds{15});
  /// Whether the other side ends the connection within `longest`, and sends nothing more.
  [[nodiscard]] bool is_ended(std::chrono::milliseconds longest = std::chrono::seconds{15});

private:
  [[nodiscard]] bool receive(std::chrono::milliseconds longest);

  int socket_ = -1;
  std::string unread_;
};

/// A whole request with a body.
[[nodiscard]] std::string raw_request(std::string_view method, std::string_view target, std::string_view body = {},
                                      std::string_view content_type = "application/json");

}  // namespace im::e2e
