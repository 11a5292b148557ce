#include "http/api/events/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>

#include "messages/json/writer.hpp"

namespace im::api::events {

namespace {

bool is_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  const auto digits = text.substr(0, text.find('='));
  const auto padding = text.size() - digits.size();
  if (text.size() % 4 != 0 || padding > 2 || !std::ranges::all_of(digits, is_digit) ||
      text.substr(digits.size()).find_first_not_of('=') != std::string_view::npos)
    return std::nullopt;
  std::string out(text.size() / 4 * 3, '\0');
  const auto written =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size()));
  if (written < 0) return std::nullopt;
  out.resize(out.size() - padding);
  return out;
}

result<json::document> unwrap_base64(std::string_view text) {
  const auto data = decode_base64(text);
  if (!data) return fail(errc::malformed_body, "the data is no base64");
  if (auto document = json::document::parse(*data)) return document;
  json::writer out;
  out.begin_object();
  out.key("message");
  out.string(*data);
  out.end_object();
  auto document = json::document::parse(out.take());
  if (!document) return fail(errc::malformed_body, "the data is neither JSON nor text");
  return document;
}

}  // namespace im::api::events
