#pragma once
/// The parts of RFC 3986 that a server needs on its hot path: percent-decoding, and the query.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace im::http {

/// Whether an ASCII character is a control character.
[[nodiscard]] constexpr bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Whether two texts are equal but for the case of ASCII letters (header names, tokens).
[[nodiscard]] bool iequals(std::string_view a, std::string_view b) noexcept;

/// `text` without leading and trailing spaces and tabs.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

enum class plus_sign { literal, space };

/// Undoes percent-encoding. Nothing for a malformed escape or one that hides a control character (NUL and line breaks have
/// no business in an id, and a log line should not be split by one).
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, plus_sign plus = plus_sign::literal);

/// Encodes everything but RFC 3986's unreserved characters, for one path segment or one query value.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// The decoded parameters of a query, in their order.
class query_params {
public:
  query_params() = default;

  /// Reads what stands after '?'. Nothing for a malformed escape or more than `limits::query_params` of them.
  [[nodiscard]] static std::optional<query_params> parse(std::string_view query);

  /// The first value given for `name`.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// Every value given for `name`.
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& items() const noexcept { return items_; }
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }

private:
  std::vector<std::pair<std::string, std::string>> items_;
};

/// The decoded `{name}` parts of a path.
class path_params {
public:
  /// Nothing if the route's pattern has no such part.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
  void add(std::string name, std::string value) { items_.emplace_back(std::move(name), std::move(value)); }

private:
  std::vector<std::pair<std::string, std::string>> items_;
};

}  // namespace im::http
