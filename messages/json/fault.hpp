#pragma once
/// Where a text stops being JSON, for the errors that say so. Read only when the parser has refused a text.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/json/node.hpp"

namespace im::json {

/// Both count from 1; a column is a character, not a byte.
struct text_position {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// The position behind `passed`, which begins at `from`.
[[nodiscard]] text_position behind(text_position from, std::string_view passed);

struct fault {
  std::size_t offset_bytes = 0;
  std::string_view what;  ///< a clause, as in "a value is expected"
};

/// The first place where `text` is not one complete JSON value in UTF-8, or nests too deeply. Nothing where it is valid, whatever
/// the size of its numbers.
[[nodiscard]] std::optional<fault> find_fault(std::string_view text, std::size_t max_depth = limits::json_depth);

/// `line 3, column 14: a value is expected`, for a text that begins at `from`.
[[nodiscard]] std::string describe_fault(std::string_view text, const fault& found, text_position from = {});

/// The texts of the items of a valid array, however deep they nest; nothing where `text` is not a valid array.
[[nodiscard]] std::optional<std::vector<std::string_view>> array_items(std::string_view text);

/// `document::parse` for a part of a body that begins at `from`: its errors name the place in the body.
[[nodiscard]] result<document> parse_at(std::string_view text, text_position from);

/// Without the byte order mark that some senders put before their text.
[[nodiscard]] constexpr std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

/// `text`, which must be valid JSON that simdjson cannot hold, in a form that it can: a number beyond its range becomes a string that begins with
/// `mark`, and half of a surrogate pair becomes U+FFFD. Nothing where there is nothing of the kind.
[[nodiscard]] std::optional<std::string> within_range(std::string_view text, std::string_view mark);

}  // namespace im::json
