#pragma once
/// From C++ values to JSON and back. Each type has one `describe(visitor, value)` beside its declaration, which names
/// its fields once, for both directions:
///
///   template <class V> void describe(V& v, like<affected_resource> auto& x) {
///     v.required("type", x.type);      // absent: REQUIRED
///     v.optional("metadata", x.metadata);   // absent or null: keeps its default; empty: not written
///   }
///
/// A decode names all bad fields at once; unknown members are passed over.

#include <charconv>
#include <concepts>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "messages/enums.hpp"
#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "messages/json/node.hpp"
#include "messages/json/text.hpp"
#include "messages/json/writer.hpp"
#include "messages/limits.hpp"
#include "messages/shared_value.hpp"
#include "messages/time.hpp"

namespace im::json {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_shared : std::false_type {};
template <class T>
struct is_shared<shared_value<T>> : std::true_type {};
template <class T>
struct is_strong_id : std::false_type {};
template <class Tag>
struct is_strong_id<strong_id<Tag>> : std::true_type {};

// ---- Writing

template <class T>
void write(writer& out, const T& value);

/// The visitor that writes.
class object_writer {
public:
  explicit object_writer(writer& out) : out_{out} {}

  template <class T>
  void required(std::string_view name, const T& value) {
    out_.key(name);
    write(out_, value);
  }

  template <class T>
  void optional(std::string_view name, const T& value) {
    if constexpr (is_optional<T>::value) {
      if (value) required(name, *value);
    } else if constexpr (requires { value.empty(); }) {
      if (!value.empty()) required(name, value);
    } else {
      required(name, value);
    }
  }

  /// A variant of described types, each with a `tag`; its members stand beside the tag.
  template <class... Ts>
  void tagged(std::string_view name, const std::variant<Ts...>& value) {
    std::visit(
        [&](const auto& alternative) {
          required(name, std::string_view{std::decay_t<decltype(alternative)>::tag});
          describe(*this, alternative);
        },
        value);
  }

private:
  writer& out_;
};

template <class T>
void write_list(writer& out, const T& values) {
  out.begin_array();
  for (const auto& value : values) write(out, value);
  out.end_array();
}

template <class T>
void write(writer& out, const T& value) {
  if constexpr (is_shared<T>::value)
    write(out, *value);
  else if constexpr (std::same_as<T, bool>)
    out.boolean(value);
  else if constexpr (std::integral<T> || std::floating_point<T>)
    out.number(value);
  else if constexpr (std::convertible_to<const T&, std::string_view>)
    out.string(value);
  else if constexpr (wire_enum<T>)
    out.string(to_string(value));
  else if constexpr (is_strong_id<T>::value || std::same_as<T, uuid>)
    out.string(value.str());
  else if constexpr (std::same_as<T, time_point>)
    out.string(to_string(value));
  else if constexpr (std::same_as<T, object_text>)
    out.raw(value.empty() ? std::string_view{"{}"} : std::string_view{value.text});
  else if constexpr (requires { typename T::mapped_type; }) {
    out.begin_object();
    for (const auto& [key, mapped] : value) {
      out.key(key);
      write(out, mapped);
    }
    out.end_object();
  } else if constexpr (requires { value.begin(); })
    write_list(out, value);
  else {
    out.begin_object();
    object_writer visitor{out};
    describe(visitor, value);
    out.end_object();
  }
}

template <class T>
[[nodiscard]] std::string encode(const T& value) {
  writer out;
  write(out, value);
  return out.take();
}

// ---- Reading

/// How much of a document we take in. Callers are bounded by the limits; the store's own documents were bounded when
/// they were written.
struct read_bounds {
  std::size_t text_chars = limits::text_chars;
  std::size_t list_items = limits::list_items;
  std::size_t object_bytes = limits::raw_object_bytes;
  std::size_t depth = limits::json_depth;

  [[nodiscard]] static constexpr read_bounds stored() {
    return {SIZE_MAX, SIZE_MAX, SIZE_MAX, limits::stored_json_depth};
  }
};

/// Where a value stands; turned into text only when something is wrong with it.
struct path {
  const path* parent = nullptr;
  std::string_view name = {};
  std::optional<std::size_t> index = {};

  [[nodiscard]] std::string str() const;
};

struct read_state {
  read_bounds bounds;
  std::vector<field_error> errors = {};

  void report(field_error::kind code, const path& where, std::string message, const node* value = nullptr);
};

// Out of line, so that each described type costs little code.
void read_scalar(read_state& state, const node& from, const path& where, std::string& to);
void read_scalar(read_state& state, const node& from, const path& where, bool& to);
void read_scalar(read_state& state, const node& from, const path& where, double& to);
void read_scalar(read_state& state, const node& from, const path& where, std::int64_t& to);
void read_scalar(read_state& state, const node& from, const path& where, time_point& to);
void read_scalar(read_state& state, const node& from, const path& where, uuid& to);
void read_scalar(read_state& state, const node& from, const path& where, object_text& to);
void report_unknown_word(read_state& state, const node& from, const path& where, const std::string_view* words,
                         std::size_t count);
/// Whether `from` is of that kind and within the list bound; reports when not.
bool expect(read_state& state, const node& from, const path& where, kind wanted);

template <class T>
void read(read_state& state, const node& from, const path& where, T& to);

/// The visitor that reads.
class object_reader {
public:
  object_reader(read_state& state, const node& from, const path& where) : state_{state}, from_{from}, where_{where} {}

  template <class T>
  void required(std::string_view name, T& value) {
    if (!member(name, value)) state_.report(field_error::kind::required, {&where_, name}, "is required");
  }

  template <class T>
  void optional(std::string_view name, T& value) {
    (void)member(name, value);
  }

  template <class... Ts>
  void tagged(std::string_view name, std::variant<Ts...>& value) {
    const auto word = from_.find_string(name);
    const bool known = word && (... || select<Ts>(*word, value));
    if (!known) state_.report(field_error::kind::invalid_value, {&where_, name}, "names no known kind");
  }

private:
  template <class T>
  bool member(std::string_view name, T& value) {
    const auto found = from_.find(name);
    if (!found || found->is(kind::null)) return false;
    read(state_, *found, {&where_, name}, value);
    return true;
  }

  template <class T, class Variant>
  bool select(std::string_view word, Variant& value) {
    if (word != T::tag) return false;
    describe(*this, value.template emplace<T>());
    return true;
  }

  read_state& state_;
  const node& from_;
  const path& where_;
};

template <class T>
void read_integer(read_state& state, const node& from, const path& where, T& to) {
  std::int64_t wide = 0;
  const auto before = state.errors.size();
  read_scalar(state, from, where, wide);
  if (state.errors.size() != before) return;
  if (!std::in_range<T>(wide))
    state.report(field_error::kind::invalid_value, where, "is out of range", &from);
  else
    to = static_cast<T>(wide);
}

template <class T>
void read_list(read_state& state, const node& from, const path& where, std::vector<T>& to) {
  if (!expect(state, from, where, kind::array)) return;
  to.clear();
  to.reserve(from.size());
  from.each_item([&](std::size_t index, node item) {
    T value{};
    read(state, item, {&where, {}, index}, value);
    to.push_back(std::move(value));
  });
}

template <class T>
void read_map(read_state& state, const node& from, const path& where, T& to) {
  if (!expect(state, from, where, kind::object)) return;
  if (from.size() > state.bounds.list_items)
    return state.report(field_error::kind::invalid_value, where,
                        "has more than " + std::to_string(state.bounds.list_items) + " entries");
  to.clear();
  from.each_member([&](std::string_view key, node item) {
    typename T::mapped_type value{};
    read(state, item, {&where, key}, value);
    to.emplace(std::string{key}, std::move(value));
  });
}

template <class T>
void read(read_state& state, const node& from, const path& where, T& to) {
  if constexpr (is_optional<T>::value)
    read(state, from, where, to.emplace());
  else if constexpr (is_shared<T>::value)
    to.change([&](auto& value) { read(state, from, where, value); });
  else if constexpr (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, std::int64_t>)
    read_integer(state, from, where, to);
  else if constexpr (wire_enum<T>) {
    const auto word = from.as_string();
    if (const auto value = word ? from_string<T>(*word) : std::nullopt)
      to = *value;
    else
      report_unknown_word(state, from, where, enum_names<T>::names.data(), enum_names<T>::names.size());
  } else if constexpr (is_strong_id<T>::value) {
    uuid value;
    read_scalar(state, from, where, value);
    to = T{value};
  } else if constexpr (requires { read_scalar(state, from, where, to); })
    read_scalar(state, from, where, to);
  else if constexpr (requires { typename T::mapped_type; })
    read_map(state, from, where, to);
  else if constexpr (requires { to.push_back(std::declval<typename T::value_type>()); })
    read_list(state, from, where, to);
  else if (expect(state, from, where, kind::object)) {
    object_reader visitor{state, from, where};
    describe(visitor, to);
  }
}

/// The error that lists every bad field of an input.
[[nodiscard]] error validation_error(std::vector<field_error> fields);

template <class T>
[[nodiscard]] result<T> decode(const node& from, const read_bounds& bounds = {}) {
  read_state state{bounds};
  T value{};
  read(state, from, path{}, value);
  if (!state.errors.empty()) return std::unexpected{validation_error(std::move(state.errors))};
  return value;
}

template <class T>
[[nodiscard]] result<T> decode(std::string_view text, const read_bounds& bounds = {}) {
  const auto doc = document::parse(text, bounds.depth);
  if (!doc) return std::unexpected{doc.error()};
  return decode<T>(doc->root(), bounds);
}

}  // namespace im::json
