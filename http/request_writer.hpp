#pragma once
/// A request to bytes. Pure. Internal to http/.

#include <expected>
#include <string>

#include "http/client.hpp"

namespace im::http {

/// The request as it goes over the wire; an error if a part of it would break the message's frame (a line break in a header).
[[nodiscard]] std::expected<std::string, std::string> write_request(const origin& to, const outgoing_request& req);

/// RFC 9110 9.2.2.
[[nodiscard]] bool is_idempotent(verb method) noexcept;

}  // namespace im::http
