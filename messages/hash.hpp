#pragma once
/// Digests; hex is lower-case. OpenSSL does the work.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace im {

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::array<std::uint8_t, 32> sha256(std::string_view data);
/// Of one text after the other. Names UUIDs of version 5; protects nothing.
[[nodiscard]] std::array<std::uint8_t, 20> sha1(std::string_view first, std::string_view second);
[[nodiscard]] std::string sha256_hex(std::string_view data);
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view data);

}  // namespace im
