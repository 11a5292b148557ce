#include "messages/json/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace im::json {

namespace {

/// Whether so many characters go into a string as they are. Compilers make a few instructions of it for all at once.
template <std::size_t Size>
bool are_plain(const char* text) {
  unsigned char special = 0;
  for (std::size_t i = 0; i < Size; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    special |= static_cast<unsigned char>((c < 0x20) | (c == '"') | (c == '\\'));
  }
  return special == 0;
}

/// Copies the beginning that needs no escape, which is all of it as a rule. How much that is.
std::size_t copy_plain(char* to, std::string_view text) {
  constexpr std::size_t many = 16;
  constexpr std::size_t some = 8;
  const auto* from = text.data();
  const auto size = text.size();
  std::size_t i = 0;
  for (; size - i >= many && are_plain<many>(from + i); i += many) std::memcpy(to + i, from + i, many);
  if (size - i >= some && are_plain<some>(from + i)) {
    std::memcpy(to + i, from + i, some);
    i += some;
  }
  if (size >= some && size - i < some && are_plain<some>(from + size - some)) {
    std::memcpy(to + size - some, from + size - some, some);  // the rest, and some of it again
    return size;
  }
  for (; i < size && are_plain<1>(from + i); ++i) to[i] = from[i];
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
