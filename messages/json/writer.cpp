#include "messages/json/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

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

/// Copies the beginning that needs no escape, which is all of it as a rule. How much that is.
std::size_t copy_plain(char* to, std::string_view text) {
  constexpr auto word = sizeof(std::uint64_t);
  std::size_t i = 0;
  for (; text.size() - i >= word && are_plain(text.data() + i); i += word) std::memcpy(to + i, text.data() + i, word);
  for (; i < text.size() && is_plain(static_cast<unsigned char>(text[i])); ++i) to[i] = text[i];
  return i;
}

/// More than this is not kept for the next writer.
constexpr std::size_t kept_bytes = 64 * 1024;

/// The room of this thread's last writer, for its next: most writers live for one short document.
std::string& idle_room() {
  thread_local std::string room;
  return room;
}

}  // namespace

writer::~writer() {
  if (auto& idle = idle_room(); out_.size() > idle.size() && out_.size() <= kept_bytes) idle = std::move(out_);
}

void writer::grow(std::size_t size) {
  constexpr std::size_t least = 1024;
  if (out_.empty()) out_ = std::exchange(idle_room(), {});
  if (const auto wanted = size_ + size; wanted > out_.size()) out_.resize(std::max({least, 2 * out_.size(), wanted}));
}

void writer::put(std::string_view text) {
  if (text.empty()) return;  // perhaps no pointer, which memcpy must have
  std::memcpy(room(text.size()), text.data(), text.size());
  size_ += text.size();
}

void writer::separate() {
  if (comma_) put(',');
}

void writer::open(char bracket) {
  separate();
  put(bracket);
  comma_ = false;
}

void writer::close(char bracket) {
  put(bracket);
  comma_ = true;
}

void writer::scalar(std::string_view text) {
  separate();
  put(text);
  comma_ = true;
}

void writer::key(std::string_view name) {
  separate();
  quoted(name);
  put(':');
  comma_ = false;
}

void writer::string(std::string_view text) {
  separate();
  quoted(text);
  comma_ = true;
}

void writer::quoted(std::string_view text) {
  put('"');
  for (auto rest = text;;) {
    const auto plain = copy_plain(room(rest.size()), rest);
    size_ += plain;
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    escaped(static_cast<unsigned char>(rest.front()));
    rest.remove_prefix(1);
  }
  put('"');
}

void writer::escaped(unsigned char c) {
  static constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"': return put("\\\"");
    case '\\': return put("\\\\");
    case '\n': return put("\\n");
    case '\r': return put("\\r");
    case '\t': return put("\\t");
    default:
      put("\\u00");
      put(hex[c >> 4]);
      put(hex[c & 15]);
  }
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
