#pragma once
/// Where a client sends its requests: `http://host:port/base` or `https://…`.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace im::http {

struct origin {
  bool tls{false};
  std::string host{};  ///< without the brackets of an IPv6 address
  std::uint16_t port{80};
  std::string base{};  ///< put before each target; empty or "/…" without a slash at its end

  /// Reads a URL; what it is not good for stands in the error, without the URL's user part, which may hold a password.
  [[nodiscard]] static std::expected<origin, std::string> parse(std::string_view url);

  /// The value of the Host header: the port is left out where it is the scheme's own.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string to_string() const;
};

}  // namespace im::http
