#pragma once
/// Bodies that their sender has compressed (RFC 9110, section 8.4).

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace im::http {

/// What `Accept-Encoding` says to whoever sent another.
inline constexpr std::string_view known_codings = "gzip, deflate, zstd";

/// Whether a body under this `Content-Encoding` is taken: one of `known_codings`, in any case of letters, or none.
[[nodiscard]] bool is_known_coding(std::string_view coding) noexcept;

/// Whether it changes the body at all.
[[nodiscard]] bool is_identity(std::string_view coding) noexcept;

enum class coding_fault : std::uint8_t {
  damaged,    ///< not what the coding says, cut off, or with something behind its end
  too_large,  ///< more than the limit
};

/// The body as it was before a known coding. Never holds more than `limit_bytes` of it. `deflate` is zlib's form or, as some senders
/// have it, the bare one; `gzip` may have several members, `zstd` several frames.
[[nodiscard]] std::expected<std::string, coding_fault> decode_body(std::string_view coding, std::string_view body,
                                                                   std::size_t limit_bytes);

}  // namespace im::http
