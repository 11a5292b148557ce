/// Valid JSON that simdjson cannot hold: numbers beyond its range, and half of a surrogate pair (RFC 8259, sections 6 and 8.2, allow both).

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "messages/json/fault.hpp"

namespace im::json {

namespace {

constexpr auto number_letters = "+-.eE0123456789";

/// Whether simdjson refuses this number, which must be valid JSON.
bool is_beyond_range(std::string_view number) {
  constexpr std::size_t exponent_digits = 5;  // of more it refuses some whose value is 0
  const auto exponent = number.find_first_of("eE");
  if (exponent == std::string_view::npos && number.find('.') == std::string_view::npos) {
    std::int64_t negative = 0;
    std::uint64_t positive = 0;
    const auto* begin = number.data();
    const auto* end = begin + number.size();
    const auto read = *begin == '-' ? std::from_chars(begin, end, negative) : std::from_chars(begin, end, positive);
    return read.ec == std::errc::result_out_of_range;
  }
  if (exponent != std::string_view::npos && number.size() - exponent > exponent_digits) return true;
  return std::isinf(std::strtod(std::string{number}.c_str(), nullptr));
}

/// The four digits of `\uXXXX` at the front of `text`; 0 if there are none.
unsigned escaped_unit(std::string_view text) {
  unsigned unit = 0;
  if (text.size() < 6 || !text.starts_with("\\u")) return 0;
  const auto read = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
  return read.ptr == text.data() + 6 ? unit : 0;
}

constexpr bool is_high(unsigned unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low(unsigned unit) { return unit >= 0xDC00 && unit < 0xE000; }

class rewriter {
public:
  rewriter(std::string_view text, std::string_view mark) : rest_{text}, mark_{mark} { out_.reserve(text.size() + 64); }

  [[nodiscard]] std::optional<std::string> run() {
    while (!rest_.empty()) {
      if (rest_.front() == '"')
        string();
      else if (rest_.front() == '-' || (rest_.front() >= '0' && rest_.front() <= '9'))
        number();
      else
        copy(1);
    }
    return changed_ ? std::optional{std::move(out_)} : std::nullopt;
  }

private:
  void copy(std::size_t bytes) {
    out_.append(rest_.substr(0, bytes));
    rest_.remove_prefix(std::min(bytes, rest_.size()));
  }

  void number() {
    const auto number = rest_.substr(0, rest_.find_first_not_of(number_letters));
    if (!is_beyond_range(number)) return copy(number.size());
    out_.append("\"").append(mark_).append(number).append("\"");
    rest_.remove_prefix(number.size());
    changed_ = true;
  }

  void string() {
    copy(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() != '\\') {
        copy(std::min(rest_.find_first_of("\\\""), rest_.size()));
        continue;
      }
      const auto unit = escaped_unit(rest_);
      if (is_high(unit) && is_low(escaped_unit(rest_.substr(6)))) {
        copy(12);
      } else if (is_high(unit) || is_low(unit)) {
        out_.append("\\ufffd");
        rest_.remove_prefix(6);
        changed_ = true;
      } else {
        copy(2);
      }
    }
    copy(1);
  }

  std::string_view rest_;
  std::string_view mark_;
  std::string out_;
  bool changed_ = false;
};

}  // namespace

std::optional<std::string> within_range(std::string_view text, std::string_view mark) {
  return rewriter{text, mark}.run();
}

}  // namespace im::json
