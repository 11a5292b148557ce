#include "http/request_writer.hpp"

#include <algorithm>
#include <array>

namespace im::http {

namespace {

bool is_token(std::string_view name) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view value) noexcept {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; });
}

bool is_target(std::string_view target) noexcept {
  return target.starts_with('/') &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7f && c != '#'; });
}

/// What the client alone decides.
bool is_ours(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 6> ours{"Host",         "Content-Length", "Connection", "Transfer-Encoding",
                                                 "Content-Type", "Expect"};
  return std::any_of(ours.begin(), ours.end(), [&](std::string_view known) { return iequals(known, name); });
}

}  // namespace

std::expected<std::string, std::string> write_request(const origin& to, const outgoing_request& req) {
  if (!is_target(req.target)) return std::unexpected{"the target is not a percent-encoded path"};
  const auto method = boost::beast::http::to_string(req.method);
  std::string text;
  text.reserve(256 + req.target.size() + req.body.size());
  text.append(method.data(), method.size()).append(" ").append(to.base).append(req.target);
  text.append(" HTTP/1.1\r\nHost: ").append(to.authority()).append("\r\nUser-Agent: llm-incident-manager\r\n");
  for (const auto& [name, value] : req.headers) {
    if (is_ours(name)) continue;
    if (!is_token(name) || !is_field_value(value))
      return std::unexpected{"a header is not well-formed: " + percent_encode(name)};
    text.append(name).append(": ").append(value).append("\r\n");
  }
  const bool may_have_body = req.method == verb::post || req.method == verb::put || req.method == verb::patch;
  if (!req.body.empty()) {
    if (!is_field_value(req.content_type)) return std::unexpected{"the content type is not well-formed"};
    text.append("Content-Type: ").append(req.content_type).append("\r\n");
  }
  if (!req.body.empty() || may_have_body)
    text.append("Content-Length: ").append(std::to_string(req.body.size())).append("\r\n");
  text.append("\r\n").append(req.body);
  return text;
}

bool is_idempotent(verb method) noexcept {
  return method == verb::get || method == verb::head || method == verb::put || method == verb::delete_ ||
         method == verb::options || method == verb::trace;
}

}  // namespace im::http
