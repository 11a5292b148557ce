#pragma once
/// Sentinel's webhook signature: HMAC-SHA256, as hex, of the body sent without the signature field.

#include <optional>
#include <string>
#include <string_view>

#include "messages/error.hpp"

namespace im::api::events {

/// The text of a valid JSON object without one of its own members; as it was if there is none.
[[nodiscard]] std::string without_member(std::string_view object, std::string_view name);

/// Verifies `X-Sentinel-Signature`, or else the body's `signature`. A signature in the header may cover the body as it came;
/// `sha256=` before it is allowed. `errc::unauthorized` when there is none or it does not match.
[[nodiscard]] result<void> verify_signature(std::string_view body, std::optional<std::string_view> header,
                                            std::optional<std::string_view> field, std::string_view key);

}  // namespace im::api::events
