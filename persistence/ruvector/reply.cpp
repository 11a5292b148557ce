#include "persistence/ruvector/reply.hpp"

#include "http/error_form.hpp"

namespace im::ruvector {

http::response json_reply(std::string body, http::status code) {
  http::response out;
  out.code = code;
  out.body = std::move(body);
  return out;
}

http::response error_reply(const error& e, std::string_view details) {
  const auto fields = details.empty() ? http::error_details(e.fields) : std::string{};
  auto out = json_reply(
      http::error_body(to_string(e.code), e.message, details.empty() ? fields : details, is_retryable(e.code)),
      http::status_of(e.code));
  if (e.code == errc::unauthorized) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (e.retry_after_s) out.headers.emplace_back("Retry-After", std::to_string(*e.retry_after_s));
  return out;
}

http::response core_error_reply(http::status code, std::string_view word, std::string_view message) {
  return json_reply(http::error_body(word, message, {}, http::may_retry(code)), code);
}

}  // namespace im::ruvector
