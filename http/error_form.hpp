#pragma once
/// Errors as both our services answer them: an `errc` becomes a status here and nowhere else, in the AgentResult form of the
/// platform's contracts.

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "messages/error.hpp"
#include "messages/json/writer.hpp"

namespace im::http {

[[nodiscard]] status status_of(errc code);

/// Whether an error that the HTTP core answers itself may be tried again as it is.
[[nodiscard]] bool may_retry(status code);

/// `{"errors":[{field,message,code,value?}]}`; empty when there are none.
[[nodiscard]] std::string error_details(const std::vector<field_error>& fields);

/// `{"code","message","details"?,"retryable"}`; `details` is JSON text or empty.
void write_error(json::writer& out, std::string_view code, std::string_view message, std::string_view details,
                 bool retryable);

/// `{"success":false,"error":…}`.
[[nodiscard]] std::string error_body(std::string_view code, std::string_view message, std::string_view details,
                                     bool retryable);

}  // namespace im::http
