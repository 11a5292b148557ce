#pragma once
/// Answers of the API: JSON, and errors in the platform's AgentResult form.

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "messages/error.hpp"

namespace im::ruvector {

[[nodiscard]] http::response json_reply(std::string body, http::status code = http::status::ok);

/// `{"success":false,"error":{code,message,details?,retryable}}`. `details` is a JSON object's text; without it bad fields
/// make one.
[[nodiscard]] http::response error_reply(const error& e, std::string_view details = {});

/// For errors that the HTTP core answers itself.
[[nodiscard]] http::response core_error_reply(http::status code, std::string_view word, std::string_view message);

}  // namespace im::ruvector
