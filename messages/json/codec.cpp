#include "messages/json/codec.hpp"

#include <cmath>

namespace im::json {

std::string path::str() const {
  std::string text = parent ? parent->str() : std::string{};
  if (index) return text + '[' + std::to_string(*index) + ']';
  if (!text.empty() && !name.empty()) text += '.';
  return text.append(name);
}

void read_state::report(field_error::kind code, const path& where, std::string message, const node* value) {
  if (errors.size() >= limits::field_errors) return;
  field_error entry{where.str(), code, {}, {}};
  entry.message = (entry.field.empty() ? "the body" : entry.field) + ' ' + message;
  if (value && !value->is(kind::object) && !value->is(kind::array)) {
    auto shown = value->as_string() ? std::string{*value->as_string()} : value->text();
    if (shown.size() > limits::error_value_chars) {
      auto end = limits::error_value_chars;
      while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U)  // not inside a character
        --end;
      shown.resize(end);
    }
    entry.value = std::move(shown);
  }
  errors.push_back(std::move(entry));
}

namespace {

constexpr auto invalid_type = field_error::kind::invalid_type;
constexpr auto invalid_value = field_error::kind::invalid_value;

template <class T, class Read>
void take(read_state& state, const node& from, const path& where, T& to, Read read_as, const char* wanted) {
  if (auto value = read_as(from))
    to = T{*value};
  else
    state.report(invalid_type, where, wanted, &from);
}

}  // namespace

void read_scalar(read_state& state, const node& from, const path& where, std::string& to) {
  const auto text = from.as_string();
  if (!text) return state.report(invalid_type, where, "must be a string", &from);
  if (text->size() > state.bounds.text_chars)
    return state.report(invalid_value, where, "is longer than " + std::to_string(state.bounds.text_chars) + " bytes");
  to = *text;
}

void read_scalar(read_state& state, const node& from, const path& where, bool& to) {
  take(
      state, from, where, to, [](const node& n) { return n.as_bool(); }, "must be true or false");
}

void read_scalar(read_state& state, const node& from, const path& where, double& to) {
  take(
      state, from, where, to, [](const node& n) { return n.as_double(); }, "must be a number");
}

void read_scalar(read_state& state, const node& from, const path& where, std::int64_t& to) {
  take(
      state, from, where, to, [](const node& n) { return n.as_int(); }, "must be a whole number");
}

void read_scalar(read_state& state, const node& from, const path& where, time_point& to) {
  const auto text = from.as_string();
  if (!text) return state.report(invalid_type, where, "must be an ISO 8601 time", &from);
  if (const auto at = parse_time(*text))
    to = *at;
  else
    state.report(invalid_value, where, "must be an ISO 8601 time such as 2026-11-22T01:00:00.000Z", &from);
}

void read_scalar(read_state& state, const node& from, const path& where, uuid& to) {
  const auto text = from.as_string();
  if (!text) return state.report(invalid_type, where, "must be a UUID", &from);
  if (const auto id = uuid::parse(*text))
    to = *id;
  else
    state.report(invalid_value, where, "must be a UUID", &from);
}

void read_scalar(read_state& state, const node& from, const path& where, object_text& to) {
  if (!from.is(kind::object)) return state.report(invalid_type, where, "must be an object", &from);
  auto text = from.text();
  if (text.size() > state.bounds.object_bytes)
    return state.report(invalid_value, where, "is larger than " + std::to_string(state.bounds.object_bytes) + " bytes");
  to.text = std::move(text);
}

void report_unknown_word(read_state& state, const node& from, const path& where, const std::string_view* words,
                         std::size_t count) {
  if (!from.is(kind::string)) return state.report(invalid_type, where, "must be a string", &from);
  std::string message = "must be one of ";
  for (std::size_t i = 0; i < count; ++i) message.append(i == 0 ? "" : ", ").append(words[i]);
  state.report(invalid_value, where, std::move(message), &from);
}

bool expect(read_state& state, const node& from, const path& where, kind wanted) {
  if (!from.is(wanted)) {
    state.report(invalid_type, where, wanted == kind::array ? "must be an array" : "must be an object", &from);
    return false;
  }
  if (wanted == kind::array && from.size() > state.bounds.list_items) {
    state.report(invalid_value, where, "has more than " + std::to_string(state.bounds.list_items) + " entries");
    return false;
  }
  return true;
}

error validation_error(std::vector<field_error> fields) {
  std::string message = fields.empty() ? "the input is not valid" : fields.front().message;
  if (fields.size() > 1) message += " (and " + std::to_string(fields.size() - 1) + " more)";
  return {errc::validation_error, std::move(message), std::move(fields)};
}

}  // namespace im::json
