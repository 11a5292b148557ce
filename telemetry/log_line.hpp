#pragma once
/// What a log line consists of, and how it becomes text. Pure.

#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "messages/enums.hpp"
#include "messages/ids.hpp"
#include "telemetry/log_events.hpp"

namespace im::log {

/// `off` is a threshold only; no line has it.
enum class level : std::uint8_t { trace, debug, info, warn, error, off };

/// `json`: one object a line, for machines. `text`: for eyes.
enum class format : std::uint8_t { text, json };

}  // namespace im::log

namespace im {
IM_WIRE_WORDS(log::level, off, "trace", "debug", "info", "warn", "error", "off");
IM_WIRE_WORDS(log::format, json, "text", "json");
}  // namespace im

namespace im::log {

/// The name of a field: a literal in snake_case, checked by the compiler. So neither data nor a secret ever is a name, and no
/// name repeats one of the line's own (`ts`, `level`, `event`, `msg`).
class field_name {
public:
  template <std::size_t Size>
  consteval field_name(const char (&literal)[Size]) : text_{literal, Size - 1} {  // NOLINT: implicit on purpose
    if (text_.empty() || text_ == "ts" || text_ == "level" || text_ == "event" || text_ == "msg")
      throw "a log field needs a name of its own";
    for (const char c : text_)
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) throw "a log field's name is in snake_case";
  }
  [[nodiscard]] constexpr std::string_view str() const { return text_; }

private:
  std::string_view text_;
};

/// A name and a value of a log line: text, a number, a truth, an id, or a word of one of our enums. Nothing else converts, least of all
/// `http::secret`. Refers to the text it was made from, so it is made in the call that logs it.
class field {
public:
  using value_type = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool, uuid>;

  template <std::convertible_to<std::string_view> T>
  constexpr field(field_name name, const T& text) : name_{name.str()}, value_{std::string_view{text}} {}
  constexpr field(field_name name, std::same_as<bool> auto flag) : name_{name.str()}, value_{flag} {}
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  constexpr field(field_name name, T number) : name_{name.str()}, value_{widest(number)} {}
  constexpr field(field_name name, std::floating_point auto number)
      : name_{name.str()}, value_{static_cast<double>(number)} {}
  constexpr field(field_name name, const uuid& id) : name_{name.str()}, value_{id} {}
  template <class Tag>
  constexpr field(field_name name, const strong_id<Tag>& id) : name_{name.str()}, value_{id.value()} {}
  template <wire_enum E>
  constexpr field(field_name name, E word) : name_{name.str()}, value_{im::to_string(word)} {}

  [[nodiscard]] constexpr std::string_view name() const { return name_; }
  [[nodiscard]] constexpr const value_type& value() const { return value_; }

private:
  template <std::integral T>
  static constexpr auto widest(T number) {
    if constexpr (std::signed_integral<T>)
      return static_cast<std::int64_t>(number);
    else
      return static_cast<std::uint64_t>(number);
  }

  std::string_view name_;
  value_type value_;
};

/// One line, before it is text.
struct line {
  time_point at;
  level severity = level::info;
  log::event event = log::event::service_started;
  std::string_view message;
  std::span<const field> fields;
};

/// The text of a line, without a line break at its end or in it. Bad UTF-8 becomes U+FFFD, control characters are escaped, and
/// long texts are cut, whatever the caller passed.
[[nodiscard]] std::string render(format as, const line& what);

/// Reads a level in any case of letters; `warning` is `warn`, too.
[[nodiscard]] std::optional<level> parse_level(std::string_view word);

/// The one level that a `RUST_LOG` comes down to for us: what it says of `target` (the most talkative, if it says several things
/// of its modules), else its directive without a target. Nothing if it speaks only of others. The error is a sentence.
[[nodiscard]] std::expected<std::optional<level>, std::string> parse_rust_log(
    std::string_view directives, std::string_view target = "llm-incident-manager");

}  // namespace im::log
