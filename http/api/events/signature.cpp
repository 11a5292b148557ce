#include "http/api/events/signature.hpp"

#include "http/auth.hpp"
#include "messages/hash.hpp"

namespace im::api::events {

namespace {

constexpr auto npos = std::string_view::npos;

/// Walks over valid JSON text.
class scanner {
public:
  explicit scanner(std::string_view text) : text_{text} {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return done() ? '\0' : text_[at_]; }
  void skip() { ++at_; }
  void skip_space() { at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size()); }

  /// Past a string, from its opening quote; what stands between the quotes.
  std::string_view string() {
    const auto begin = ++at_;
    while (!done() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2U : 1U;
    const auto end = std::min(at_, text_.size());
    at_ = std::min(end + 1, text_.size());
    return text_.substr(begin, end - begin);
  }

  /// Past one value: up to the comma or bracket that ends it.
  void value() {
    for (std::size_t depth = 0; !done();) {
      const char c = peek();
      if (c == '"') {
        (void)string();
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) return;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      skip();
    }
  }

private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string without_member(std::string_view object, std::string_view name) {
  scanner in{object};
  in.skip_space();
  in.skip();  // the opening bracket
  std::size_t comma = npos;
  for (in.skip_space(); in.peek() == '"'; in.skip_space()) {
    const auto begin = in.at();
    const auto key = in.string();
    in.skip_space();
    in.skip();  // the colon
    in.value();
    const auto end = in.at();
    const bool last = in.peek() != ',';
    if (key == name) {
      const auto from = comma != npos ? comma : begin;  // with the comma before it, or else the one after it
      const auto to = comma == npos && !last ? end + 1 : end;
      return std::string{object.substr(0, from)}.append(object.substr(to));
    }
    if (last) break;
    comma = end;
    in.skip();
  }
  return std::string{object};
}

result<void> verify_signature(std::string_view body, std::optional<std::string_view> header,
                              std::optional<std::string_view> field, std::string_view key) {
  const auto given = header ? header : field;
  if (!given) return fail(errc::unauthorized, "the webhook carries no signature");
  constexpr std::string_view prefix = "sha256=";
  std::string hex{given->starts_with(prefix) ? given->substr(prefix.size()) : *given};
  for (auto& c : hex)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  const auto covers = [&](std::string_view text) { return http::constant_time_equal(hex, hmac_sha256_hex(key, text)); };
  if (covers(without_member(body, "signature")) || (header && covers(body))) return {};
  return fail(errc::unauthorized, "the webhook's signature does not match its body");
}

}  // namespace im::api::events
