#pragma once
/// Path and query parameters, read with all errors at once, as a body is.

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/search_words.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

class param_reader {
public:
  explicit param_reader(const http::request& req) : req_{req} {}

  /// An id that is part of the path.
  template <class Id>
  [[nodiscard]] Id path_id(std::string_view name) {
    const auto text = req_.params.get(name).value_or("");
    if (const auto id = Id::parse(text)) return *id;
    report(name, "must be a UUID", text);
    return {};
  }

  [[nodiscard]] std::optional<std::string> text(std::string_view name) {
    const auto value = req_.query.get(name);
    return value && !value->empty() ? std::optional{std::string{*value}} : std::nullopt;
  }

  /// Words to look for.
  [[nodiscard]] std::optional<std::string> search(std::string_view name) {
    auto value = text(name);
    if (value && words_in(*value, limits::query_words + 1).size() > limits::query_words)
      report(name, "must not have more than " + std::to_string(limits::query_words) + " words", *value);
    return value;
  }

  template <class Id>
  [[nodiscard]] std::optional<Id> id(std::string_view name) {
    return parsed<Id>(
        name, [](std::string_view t) { return Id::parse(t); }, "must be a UUID");
  }

  [[nodiscard]] std::optional<time_point> time(std::string_view name) {
    return parsed<time_point>(name, parse_time, "must be an ISO 8601 time");
  }

  [[nodiscard]] std::optional<list_cursor> cursor(std::string_view name) {
    return parsed<list_cursor>(name, list_cursor::parse, "is no cursor of a page given here");
  }

  [[nodiscard]] std::optional<bool> boolean(std::string_view name) {
    const auto parse = [](std::string_view t) {
      return t == "true" ? std::optional{true} : t == "false" ? std::optional{false} : std::nullopt;
    };
    return parsed<bool>(name, parse, "must be true or false");
  }

  /// A whole number from `least` to `most`.
  [[nodiscard]] std::uint64_t number(std::string_view name, std::uint64_t fallback, std::uint64_t least,
                                     std::uint64_t most) {
    const auto parse = [&](std::string_view t) -> std::optional<std::uint64_t> {
      std::uint64_t value = 0;
      const auto [end, failed] = std::from_chars(t.data(), t.data() + t.size(), value);
      if (failed != std::errc{} || end != t.data() + t.size() || value < least || value > most) return std::nullopt;
      return value;
    };
    return parsed<std::uint64_t>(name, parse,
                                 "must be a number from " + std::to_string(least) + " to " + std::to_string(most))
        .value_or(fallback);
  }

  [[nodiscard]] std::size_t limit(std::size_t fallback = limits::page_default) {
    return number("limit", fallback, 1, limits::page_max);
  }

  /// Words given once or often, or with commas between them.
  template <wire_enum E>
  [[nodiscard]] word_set<E> words(std::string_view name) {
    word_set<E> out;
    for (auto list : req_.query.all(name))
      while (!list.empty()) {
        const auto comma = list.find(',');
        const auto word = list.substr(0, comma);
        if (const auto value = from_string<E>(word))
          out.add(*value);
        else
          report(name, "is none of the known words", word);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
      }
    return out;
  }

  /// `value`, or the error that names all bad parameters.
  template <class T>
  [[nodiscard]] result<T> finish(T value) {
    if (errors_.empty()) return value;
    return std::unexpected{json::validation_error(std::move(errors_))};
  }
  [[nodiscard]] bool failed() const { return !errors_.empty(); }
  [[nodiscard]] error take_error() { return json::validation_error(std::move(errors_)); }

private:
  template <class T, class Parse>
  std::optional<T> parsed(std::string_view name, Parse parse, std::string_view message) {
    const auto text = req_.query.get(name);
    if (!text || text->empty()) return std::nullopt;
    auto value = parse(*text);
    if (!value) report(name, message, *text);
    return value;
  }

  void report(std::string_view name, std::string_view message, std::string_view value) {
    if (errors_.size() < limits::field_errors)
      errors_.push_back({std::string{name}, field_error::kind::invalid_value,
                         std::string{name} + ' ' + std::string{message},
                         std::string{value.substr(0, limits::error_value_chars)}});
  }

  const http::request& req_;
  std::vector<field_error> errors_;
};

}  // namespace im::ruvector
