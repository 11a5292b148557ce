#include "persistence/ruvector/store.hpp"

#include <algorithm>
#include <charconv>

#include "messages/hash.hpp"

namespace im::ruvector {

namespace {

template <class N>
std::optional<N> whole_number(std::string_view text) {
  N value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

text_key key_of(std::string_view text) {
  // In any other spelling a UUID is a text like others: "A…" and "a…" are two request ids.
  if (const auto id = uuid::parse(text); id && id->str() == text) return *id;
  const auto digest = sha256(text);
  uuid::bytes_type bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return uuid{bytes};
}

text_key request_key(std::string_view id) { return key_of(id).at_time_in(id); }

std::optional<list_cursor> list_cursor::parse(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto ms = whole_number<std::int64_t>(text.substr(0, dot));
  const auto id = uuid::parse(text.substr(dot + 1));
  if (!ms || !id) return std::nullopt;
  return list_cursor{time_point{milliseconds{*ms}}, *id};
}

std::string list_cursor::str() const { return std::to_string(at.time_since_epoch().count()) + '.' + id.str(); }

std::optional<event_cursor> event_cursor::parse(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto ms = whole_number<std::int64_t>(text.substr(0, dot));
  const auto row = whole_number<std::int64_t>(text.substr(dot + 1));
  if (!ms || !row) return std::nullopt;
  return event_cursor{time_point{milliseconds{*ms}}, *row};
}

std::string event_cursor::str() const {
  return std::to_string(at.time_since_epoch().count()) + '.' + std::to_string(row);
}

std::optional<feed_cursor> feed_cursor::parse(std::string_view text) {
  const auto dot = text.find('.');
  const auto row = whole_number<std::int64_t>(text.substr(0, dot));
  if (!row || *row < 0) return std::nullopt;
  if (dot == std::string_view::npos) return feed_cursor{*row, whole_event};
  const auto actions = whole_number<std::uint32_t>(text.substr(dot + 1));
  if (!actions) return std::nullopt;
  return feed_cursor{*row, *actions};
}

std::string feed_cursor::str() const {
  return actions == whole_event ? std::to_string(row) : std::to_string(row) + '.' + std::to_string(actions);
}

}  // namespace im::ruvector
