#pragma once
/// Data that a transport wraps in base64 (RFC 4648, section 4), because it may be anything.

#include <optional>
#include <string>
#include <string_view>

#include "messages/json/node.hpp"

namespace im::api::events {

/// Nothing where it is no base64: other characters, or padding where none belongs.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

/// What was wrapped, as a document: the JSON that it is, or `{"message": …}` of a text that is no JSON. Errors: `malformed_body` (no
/// base64, or bytes that are no UTF-8).
[[nodiscard]] result<json::document> unwrap_base64(std::string_view text);

}  // namespace im::api::events
