#pragma once
/// Digests, always as lower-case hex. OpenSSL does the work.

#include <string>
#include <string_view>

namespace im {

[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::string sha256_hex(std::string_view data);
[[nodiscard]] std::string hmac_sha256_hex(std::string_view key, std::string_view data);

}  // namespace im
