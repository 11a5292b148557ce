#include "http/api/fields.hpp"

#include <algorithm>
#include <array>

#include "http/uri.hpp"

namespace im::api {

namespace {

constexpr auto invalid_type = field_error::kind::invalid_type;
constexpr auto invalid_value = field_error::kind::invalid_value;

/// The words that the platform's agents, Sentinel, Shield and Alertmanager's users write for a severity.
constexpr auto severity_words = std::to_array<std::pair<std::string_view, severity>>({
    {"p0", severity::p0},
    {"critical", severity::p0},
    {"p1", severity::p1},
    {"high", severity::p1},
    {"p2", severity::p2},
    {"medium", severity::p2},
    {"p3", severity::p3},
    {"low", severity::p3},
    {"p4", severity::p4},
    {"info", severity::p4},
    {"informational", severity::p4},
});

/// How much of a text fits, not cut inside a character.
std::size_t whole_characters(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text.size();
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0U) == 0x80U) --max_bytes;
  return max_bytes;
}

void read_tag_list(json::read_state& state, const json::node& from, const json::path& where, string_map& to) {
  if (!json::expect(state, from, where, json::kind::array)) return;
  from.each_item([&](std::size_t index, json::node item) {
    std::string tag;
    const json::path here{&where, {}, index};
    read_bounded(state, item, here, tag, limits::title_chars);
    const auto split = tag.find_first_of(":=");
    if (split == std::string::npos || split == 0)
      to.emplace(std::move(tag), "true");
    else
      to.emplace(tag.substr(0, split), tag.substr(split + 1));
  });
}

}  // namespace

void read_bounded(json::read_state& state, const json::node& from, const json::path& where, std::string& to,
                  std::size_t max_bytes) {
  const auto text = from.as_string();
  if (!text) return state.report(invalid_type, where, "must be a string", &from);
  if (text->empty()) return state.report(invalid_value, where, "must not be empty");
  if (text->size() > max_bytes)
    return state.report(invalid_value, where, "is longer than " + std::to_string(max_bytes) + " bytes");
  to = *text;
}

bool is_name(std::string_view text) { return std::ranges::none_of(text, http::is_control); }

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, name_text& to) {
  read_bounded(state, from, where, to.value, limits::name_chars);
  if (!is_name(to.value)) state.report(invalid_value, where, "must have no control character", &from);
}

std::optional<severity> severity_from_word(std::string_view word) {
  const auto folded = fold_word(word);
  const auto found =
      std::ranges::find(severity_words, std::string_view{folded}, &decltype(severity_words)::value_type::first);
  return found == severity_words.end() ? std::nullopt : std::optional{found->second};
}

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, any_severity& to) {
  const auto word = from.as_string();
  if (!word) return state.report(invalid_type, where, "must be a string", &from);
  if (const auto value = severity_from_word(*word))
    to.value = *value;
  else
    state.report(invalid_value, where, "must be P0, P1, P2, P3, P4, critical, high, medium, low or info", &from);
}

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, any_json& to) {
  auto text = from.text();
  if (text.size() > state.bounds.object_bytes)
    return state.report(invalid_value, where, "is larger than " + std::to_string(state.bounds.object_bytes) + " bytes");
  to.text = std::move(text);
}

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, tag_map& to) {
  to.value.clear();
  if (from.is(json::kind::array)) return read_tag_list(state, from, where, to.value);
  if (!json::expect(state, from, where, json::kind::object)) return;
  if (from.size() > limits::list_items)
    return state.report(invalid_value, where, "has more than " + std::to_string(limits::list_items) + " entries");
  from.each_member([&](std::string_view key, json::node item) {
    const json::path here{&where, key};
    if (key.empty() || key.size() > limits::name_chars)
      return state.report(invalid_value, where, "has a name that is empty or too long");
    if (item.is(json::kind::object) || item.is(json::kind::array))
      return state.report(invalid_type, here, "must be a string");
    auto text = item.as_string() ? std::string{*item.as_string()} : item.text();
    if (text.size() > limits::title_chars)
      return state.report(invalid_value, here, "is longer than " + std::to_string(limits::title_chars) + " bytes");
    to.value.emplace(std::string{key}, std::move(text));
  });
}

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, fraction& to) {
  const auto number = from.as_double();
  if (!number) return state.report(invalid_type, where, "must be a number", &from);
  if (!(*number >= 0 && *number <= 1)) return state.report(invalid_value, where, "must be from 0 to 1", &from);
  to.value = *number;
}

std::string clip(std::string_view text, std::size_t max_bytes) {
  return std::string{text.substr(0, whole_characters(text, max_bytes))};
}

void bound(std::string& text, std::size_t max_bytes) { text.resize(whole_characters(text, max_bytes)); }

std::string fold_word(std::string_view word) {
  std::string folded;
  folded.reserve(word.size());
  for (const char c : word) {
    if (c == '_' || c == '-' || c == ' ') continue;
    folded.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return folded;
}

}  // namespace im::api
