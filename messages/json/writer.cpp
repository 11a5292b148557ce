#include "messages/json/writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

namespace im::json {

namespace {

constexpr bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; }

/// `is_plain` of eight characters at once: most of what is written has nothing to escape.
bool are_plain(const char* eight) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highs = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof word);
  const auto below = [](std::uint64_t bytes, std::uint64_t bound) { return (bytes - ones * bound) & ~bytes & highs; };
  return (below(word, 0x20) | below(word ^ (ones * '"'), 1) | below(word ^ (ones * '\\'), 1)) == 0;
}

}  // namespace

void writer::separate() {
  if (comma_) out_.push_back(',');
}

void writer::open(char bracket) {
  separate();
  out_.push_back(bracket);
  comma_ = false;
}

void writer::close(char bracket) {
  out_.push_back(bracket);
  comma_ = true;
}

void writer::scalar(std::string_view text) {
  separate();
  out_.append(text);
  comma_ = true;
}

void writer::key(std::string_view name) {
  separate();
  quoted(name);
  out_.push_back(':');
  comma_ = false;
}

void writer::string(std::string_view text) {
  separate();
  quoted(text);
  comma_ = true;
}

void writer::quoted(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out_.push_back('"');
  std::size_t plain = 0;  // start of the run that needs no escape
  for (std::size_t i = 0; i < text.size(); ++i) {
    while (text.size() - i >= sizeof(std::uint64_t) && are_plain(text.data() + i)) i += sizeof(std::uint64_t);
    if (i == text.size()) break;
    const auto c = static_cast<unsigned char>(text[i]);
    if (is_plain(c)) continue;
    out_.append(text.substr(plain, i - plain));
    plain = i + 1;
    switch (c) {
      case '"': out_.append("\\\""); break;
      case '\\': out_.append("\\\\"); break;
      case '\n': out_.append("\\n"); break;
      case '\r': out_.append("\\r"); break;
      case '\t': out_.append("\\t"); break;
      default:
        out_.append("\\u00");
        out_.push_back(hex[c >> 4]);
        out_.push_back(hex[c & 15]);
    }
  }
  out_.append(text.substr(plain));
  out_.push_back('"');
}

void writer::number(double value) {
  if (!std::isfinite(value)) return null();
  if (value == 0) return scalar("0");  // a reader of integers knows no negative zero
  std::array<char, 32> text{};
  auto* end = std::to_chars(text.data(), text.data() + text.size() - 2, value).ptr;
  // The shortest text of a large double may be a row of digits, which a reader takes for an integer and finds too long.
  constexpr double exact = 9007199254740992.0;  // 2^53
  const std::string_view digits{text.data(), static_cast<std::size_t>(end - text.data())};
  if (std::abs(value) > exact && digits.find_first_of(".e") == std::string_view::npos) {
    *end++ = '.';
    *end++ = '0';
  }
  scalar({text.data(), static_cast<std::size_t>(end - text.data())});
}

void writer::signed_number(std::int64_t value) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  scalar({text.data(), static_cast<std::size_t>(end - text.data())});
}

void writer::unsigned_number(std::uint64_t value) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  scalar({text.data(), static_cast<std::size_t>(end - text.data())});
}

}  // namespace im::json
