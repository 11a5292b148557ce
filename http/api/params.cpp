#include "http/api/params.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "http/uri.hpp"
#include "messages/json/codec.hpp"
#include "messages/limits.hpp"

namespace im::api {

namespace {

/// How many letters have to be put in, taken out or changed to make one of the other.
std::size_t edits(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const auto changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

}  // namespace

result<params> params::open(const http::request& request) {
  params opened;
  opened.take_query(request.query);
  if (request.method == http::verb::post && !request.body.empty())
    if (auto wrong = opened.take_body(request.body)) return std::unexpected{std::move(*wrong)};
  return opened;
}

void params::take_query(const http::query_params& query) {
  for (const auto& [name, value] : query.items()) {
    if (value.size() > limits::name_chars)
      reject(name, "is longer than " + std::to_string(limits::name_chars) + " bytes");
    else if (!values_.emplace(name, value).second)
      reject(name, "is given twice");
    else
      in_query_.push_back(name);
  }
}

std::optional<error> params::take_body(std::string_view body) {
  const auto parsed = json::document::parse(body);
  if (!parsed) return parsed.error();
  const auto root = parsed->root();
  if (!root.is(json::kind::object))
    return json::validation_error({{"", field_error::kind::invalid_type, "the body must be an object", {}}});
  root.each_member([&](std::string_view name, json::node value) {
    if (value.is(json::kind::null) || name.size() > limits::name_chars) return;
    if (value.is(json::kind::object) || value.is(json::kind::array)) {
      errors_.push_back({std::string{name},
                         field_error::kind::invalid_type,
                         std::string{name} + " must be a string, a number or a boolean",
                         {}});
      return;
    }
    auto text = value.as_string() ? std::string{*value.as_string()} : value.text();
    if (text.size() > limits::name_chars)
      reject(name, "is longer than " + std::to_string(limits::name_chars) + " bytes");
    else if (std::ranges::any_of(text, http::is_control))
      reject(name, "holds a control character");
    else
      values_.insert_or_assign(std::string{name}, std::move(text));
  });
  return std::nullopt;
}

void params::allow(std::initializer_list<std::string_view> names) {
  for (const auto name : names) asked_.emplace(name);
}

std::optional<std::string> params::get(std::string_view name) const {
  asked_.emplace(name);
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional{found->second};
}

std::uint64_t params::number(std::string_view name, std::uint64_t least, std::uint64_t most, std::uint64_t otherwise) {
  const auto text = get(name);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const auto end = text->data() + text->size();
  const auto [at, failure] = std::from_chars(text->data(), end, value);
  if (failure == std::errc{} && at == end && value >= least && value <= most) return value;
  auto wanted = "must be a whole number from " + std::to_string(least);
  if (most != UINT64_MAX) wanted += " to " + std::to_string(most);
  reject(name, std::move(wanted));
  return otherwise;
}

bool params::are_words(std::string_view list, bool (*known)(std::string_view)) {
  for (;;) {
    const auto comma = list.find(',');
    if (!known(list.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

void params::boolean(std::string_view name) {
  const auto text = get(name);
  if (text && *text != "true" && *text != "false") reject(name, "must be true or false");
}

void params::require(std::string_view name) {
  errors_.push_back({std::string{name}, field_error::kind::required, std::string{name} + " is required", {}});
}

void params::reject(std::string_view name, std::string message) {
  if (errors_.size() >= limits::field_errors) return;
  const auto given = values_.find(name);
  auto shown = given == values_.end() ? std::nullopt : std::optional{given->second};
  if (shown && shown->size() > limits::error_value_chars) shown.reset();
  errors_.push_back({std::string{name}, field_error::kind::invalid_value, std::string{name}.append(" ").append(message),
                     std::move(shown)});
}

void params::reject_unknown() {
  const auto known = asked_;
  constexpr std::size_t shown_bytes = 64;  // of a name that may be as long as the whole query
  for (auto& name : std::exchange(in_query_, {})) {
    if (known.contains(name)) continue;
    name.resize(std::min(name.size(), shown_bytes));
    const auto nearest = std::ranges::min_element(known, {}, [&](const auto& other) { return edits(name, other); });
    std::string message = "is not known here";
    if (nearest != known.end() && edits(name, *nearest) <= name.size() / 2)
      message.append("; did you mean ").append(*nearest).append("?");
    reject(name, std::move(message));
  }
}

std::optional<error> params::verdict() {
  reject_unknown();
  if (errors_.empty()) return std::nullopt;
  return json::validation_error(errors_);
}

string_map read_filters(params& given, const list_filters& known) {
  for (const auto check : known.checks) check(given);
  string_map filters;
  const auto take = [&](std::string_view name) {
    if (auto value = given.get(name)) filters.emplace(std::string{name}, std::move(*value));
  };
  for (const auto name : known.texts) take(name);
  take("cursor");
  filters.insert_or_assign("limit", std::to_string(given.number("limit", 1, limits::page_max, limits::page_default)));
  return filters;
}

seconds read_wait(params& given) {
  const auto most = static_cast<std::uint64_t>(limits::gate_wait_max.count());
  return seconds{static_cast<seconds::rep>(given.number("wait", 0, most, 0))};
}

}  // namespace im::api
