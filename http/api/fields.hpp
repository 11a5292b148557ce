#pragma once
/// Kinds of fields that the bodies of this API are made of, beyond those that `messages/json/codec.hpp` reads itself.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "messages/incident.hpp"
#include "messages/json/codec.hpp"

namespace im::api {

/// Text of 1 to `Max` bytes.
template <std::size_t Max>
struct bounded_text {
  std::string value;
};

void read_bounded(json::read_state& state, const json::node& from, const json::path& where, std::string& to,
                  std::size_t max_bytes);

template <std::size_t Max>
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, bounded_text<Max>& to) {
  read_bounded(state, from, where, to.value, Max);
}

/// A name or an id that a caller gave: what can be asked for in a URL.
struct name_text {
  std::string value;
};
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, name_text& to);

/// Whether a text has no control character.
[[nodiscard]] bool is_name(std::string_view text);

using title_text = bounded_text<limits::title_chars>;  ///< one line
using long_text = bounded_text<limits::text_chars>;    ///< a comment, a reason, a description

/// `P0`..`P4`, or critical, high, medium, low, info, in any case of letters.
struct any_severity {
  im::severity value = severity::p4;
};
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, any_severity& to);
[[nodiscard]] std::optional<severity> severity_from_word(std::string_view word);

/// Any JSON value, as its minified text.
struct any_json {
  std::string text;
  [[nodiscard]] bool empty() const { return text.empty(); }
};
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, any_json& to);

/// Tags or labels: `{name: text}`; numbers and booleans are taken as their text. A list of `name:value`, `name=value` or
/// `name` will do too, as Sentinel sends it.
struct tag_map {
  string_map value;
};
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, tag_map& to);

/// 0..1, a confidence.
struct fraction {
  double value = 0;
};
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, fraction& to);

/// A whole number from 0, or from `Least`.
template <int Least = 0>
struct count_of {
  int value = Least;
};
template <int Least>
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, count_of<Least>& to) {
  const auto before = state.errors.size();
  json::read(state, from, where, to.value);
  if (state.errors.size() == before && to.value < Least)
    state.report(field_error::kind::invalid_value, where, "must be " + std::to_string(Least) + " or more", &from);
}

/// The plain value of a wrapped field that may be absent.
template <class Wrapped>
[[nodiscard]] auto plain(std::optional<Wrapped> field) {
  using value_type = decltype(field->value);
  return field ? std::optional<value_type>{std::move(field->value)} : std::nullopt;
}

/// The first `max_bytes` of a text, not cut inside a character. For what detectors write: they are not to lose a signal
/// over a long title.
[[nodiscard]] std::string clip(std::string_view text, std::size_t max_bytes);
/// The same, of a text that is there already.
void bound(std::string& text, std::size_t max_bytes);

/// ASCII letters in lower case, and without `_`, `-` and spaces: `LatencySpike`, `latency_spike` → `latencyspike`.
[[nodiscard]] std::string fold_word(std::string_view word);

}  // namespace im::api
