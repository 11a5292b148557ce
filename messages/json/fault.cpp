#include "messages/json/fault.hpp"

#include <algorithm>

namespace im::json {

namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
constexpr bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// How many bytes the UTF-8 character at the front of `text` has; 0 if there is none (RFC 3629, section 4).
std::size_t character_bytes(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto first = at(0);
  const auto second = at(1);
  const auto follow = [&](std::size_t count) {
    return text.size() >= count && std::ranges::all_of(text.substr(1, count - 1), continues) ? count : 0;
  };
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  if (first < 0xE0) return follow(2);
  if (first < 0xF0) return (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ? 0 : follow(3);
  return (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F) ? 0 : follow(4);
}

/// Reads a text by the grammar of RFC 8259 and keeps no value. Its stack has a byte per level, so no depth overflows it.
///
///   value ── scalar ──→ after ── ',' ──→ value | name     name ── string ':' ──→ value
///     └── '[' → value_or_end   └── ']' '}' → after          '{' → name_or_end
class checker {
public:
  checker(std::string_view text, std::size_t max_depth) : text_{text}, max_depth_{max_depth} {}

  [[nodiscard]] std::optional<fault> run() {
    while (!found_ && !done_) step();
    return found_;
  }
  [[nodiscard]] bool is_array() const { return is_array_; }
  [[nodiscard]] std::vector<std::string_view> items() && { return std::move(items_); }

private:
  enum class want { value, value_or_end, name, name_or_end, after };

  [[nodiscard]] bool ended() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return ended() ? '\0' : text_[at_]; }
  void fail(std::string_view what) {
    if (!found_) found_ = fault{at_, what};
  }

  void step() {
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    if (want_ == want::after) return after();
    if (ended()) return fail(stack_.empty() ? "a value is expected" : "the text ends before its value is complete");
    if (want_ == want::value || want_ == want::value_or_end) return value();
    name();
  }

  void value() {
    const char c = peek();
    if (c == ']' && want_ == want::value_or_end) return close();
    if (stack_ == "[") item_begins_ = at_;
    if (c == '{' || c == '[') return open(c);
    if (c == '"')
      string();
    else if (c == '-' || is_digit(c))
      number();
    else
      word();
    end_value();
  }

  void name() {
    if (peek() == '}' && want_ == want::name_or_end) return close();
    if (peek() != '"') return fail("a name in double quotes is expected");
    string();
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
    if (found_) return;
    if (peek() != ':') return fail("':' is expected");
    ++at_;
    want_ = want::value;
  }

  void after() {
    if (stack_.empty()) {
      done_ = ended();
      if (!done_) fail("nothing may follow the value");
      return;
    }
    const bool in_array = stack_.back() == '[';
    const char c = peek();
    if (c == (in_array ? ']' : '}')) return close();
    if (c != ',')
      return fail(ended()    ? "the text ends before its value is complete"
                  : in_array ? "',' or ']' is expected"
                             : "',' or '}' is expected");
    ++at_;
    want_ = in_array ? want::value : want::name;
  }

  void open(char bracket) {
    if (stack_.size() >= max_depth_) return fail("the text is nested too deeply");
    if (stack_.empty()) is_array_ = bracket == '[';
    stack_.push_back(bracket);
    want_ = bracket == '[' ? want::value_or_end : want::name_or_end;
    ++at_;
  }

  void close() {
    stack_.pop_back();
    ++at_;
    end_value();
  }

  void end_value() {
    if (stack_ == "[") items_.push_back(text_.substr(item_begins_, at_ - item_begins_));
    want_ = want::after;
  }

  void string() {
    for (++at_; !found_;) {
      if (ended()) return fail("the text ends within a string");
      const char c = peek();
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character must be escaped");
      if (c == '\\') {
        escape();
        continue;
      }
      const auto bytes = character_bytes(text_.substr(at_));
      if (bytes == 0) return fail("the text is not valid UTF-8");
      at_ += bytes;
      if (c == '"') return;
    }
  }

  void escape() {
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (kind == 'u') {
      const auto digits = text_.substr(at_ + 2, 4);
      if (digits.size() < 4 || !std::ranges::all_of(digits, is_hex)) return fail("an escape is malformed");
      at_ += 6;
    } else if (kind != '\0' && std::string_view{"\"\\/bfnrt"}.find(kind) != std::string_view::npos) {
      at_ += 2;
    } else {
      fail("an escape is malformed");
    }
  }

  void digits() {
    if (!is_digit(peek())) return fail("a digit is expected");
    while (is_digit(peek())) ++at_;
  }

  void number() {
    if (peek() == '-') ++at_;
    if (peek() == '0')
      ++at_;
    else
      digits();
    if (is_digit(peek())) return fail("a number must not begin with 0");
    if (peek() == '.') {
      ++at_;
      digits();
    }
    if (found_ || (peek() != 'e' && peek() != 'E')) return;
    ++at_;
    if (peek() == '+' || peek() == '-') ++at_;
    digits();
  }

  void word() {
    for (const std::string_view known : {"true", "false", "null"})
      if (text_.substr(at_).starts_with(known)) {
        at_ += known.size();
        return;
      }
    fail("a value is expected");
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
  std::string stack_;
  want want_ = want::value;
  bool done_ = false;
  bool is_array_ = false;
  std::size_t item_begins_ = 0;
  std::vector<std::string_view> items_;
  std::optional<fault> found_;
};

}  // namespace

text_position behind(text_position from, std::string_view passed) {
  const auto last = passed.rfind('\n');
  const auto characters = [](std::string_view line) {
    return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return !continues(c); }));
  };
  if (last == std::string_view::npos) return {from.line, from.column + characters(passed)};
  return {from.line + static_cast<std::size_t>(std::ranges::count(passed, '\n')),
          1 + characters(passed.substr(last + 1))};
}

std::optional<fault> find_fault(std::string_view text, std::size_t max_depth) { return checker{text, max_depth}.run(); }

std::string describe_fault(std::string_view text, const fault& found, text_position from) {
  const auto [line, column] = behind(from, text.substr(0, found.offset_bytes));
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + std::string{found.what};
}

std::optional<std::vector<std::string_view>> array_items(std::string_view text) {
  checker reader{text, SIZE_MAX};
  if (reader.run() || !reader.is_array()) return std::nullopt;
  return std::move(reader).items();
}

result<document> parse_at(std::string_view text, text_position from) {
  auto parsed = document::parse(text);
  if (parsed || text.empty()) return parsed;
  if (const auto found = find_fault(text)) return fail(errc::malformed_body, describe_fault(text, *found, from));
  return parsed;
}

}  // namespace im::json
