#include "messages/json/node.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include <openssl/rand.h>
#include <simdjson.h>

#include "messages/assert.hpp"
#include "messages/hash.hpp"
#include "messages/json/fault.hpp"
#include "messages/json/writer.hpp"
#include "messages/limits.hpp"

namespace im::json {

namespace dom = simdjson::dom;

struct node::raw {
  dom::element element;
};

namespace {

/// Parsers keep their buffers; each thread reuses its own. The bound keeps a burst of nested documents from staying.
constexpr std::size_t parsers_kept = 4;

std::vector<std::unique_ptr<dom::parser>>& idle_parsers() {
  thread_local std::vector<std::unique_ptr<dom::parser>> parsers;
  return parsers;
}

std::unique_ptr<dom::parser> borrow_parser() {
  auto& idle = idle_parsers();
  if (idle.empty()) return std::make_unique<dom::parser>();
  auto parser = std::move(idle.back());
  idle.pop_back();
  return parser;
}

/// simdjson's DOM refuses a document for a number that neither 64 bits nor a double can hold. Such a number stands in the DOM as a
/// string: a mark, which has this secret in it, and then its own text. The secret is never written, and a text that holds it is refused,
/// so that no caller's string can be taken for a number.
const std::string& number_secret() {
  static const std::string secret = [] {
    std::array<unsigned char, 8> bytes{};
    IM_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }();
  return secret;
}

/// As it stands in a text.
const std::string& number_mark() {
  static const auto mark = "\\u0001" + number_secret();
  return mark;
}

/// So that a process that never met such a number need not look for the mark.
std::atomic<bool>& mark_was_used() {
  static std::atomic<bool> used{false};
  return used;
}

/// The text of a number that was marked.
std::optional<std::string_view> marked_number(const dom::element& element) {
  std::string_view text;
  if (!mark_was_used().load(std::memory_order_relaxed) || element.get(text) || !text.starts_with('\x01'))
    return std::nullopt;
  const auto& secret = number_secret();
  if (!text.substr(1).starts_with(secret)) return std::nullopt;
  return text.substr(1 + secret.size());
}

/// JSON text without marks.
std::string unmarked(std::string text) {
  if (!mark_was_used().load(std::memory_order_relaxed)) return text;
  const auto quoted = '"' + number_mark();
  auto found = text.find(quoted);
  if (found == std::string::npos) return text;
  std::string out;
  std::size_t from = 0;
  for (; found != std::string::npos; found = text.find(quoted, from)) {
    const auto end = text.find('"', found + 1);
    out.append(text, from, found - from).append(text, found + quoted.size(), end - found - quoted.size());
    from = end + 1;
  }
  return out.append(text, from);
}

constexpr std::size_t small_object = 16;  // below this, comparing all pairs beats sorting

bool has_repeated_key(const dom::object& object) {
  std::vector<std::string_view> keys;
  keys.reserve(small_object);
  for (auto field : object) {
    if (keys.size() < small_object && std::ranges::find(keys, field.key) != keys.end()) return true;
    keys.push_back(field.key);
  }
  if (keys.size() <= small_object) return false;
  std::ranges::sort(keys);
  return std::ranges::adjacent_find(keys) != keys.end();
}

/// The depth is bounded by the parser, so this recursion is too.
bool repeats_a_key(const dom::element& element) {
  if (element.is_object()) {
    const dom::object object = element.get_object().value_unsafe();
    if (has_repeated_key(object)) return true;
    return std::ranges::any_of(object, [](const auto& field) { return repeats_a_key(field.value); });
  }
  if (element.is_array()) {
    const dom::array array = element.get_array().value_unsafe();  // a name, since the loop would not keep it alive
    for (auto item : array)
      if (repeats_a_key(item)) return true;
  }
  return false;
}

std::string explain(simdjson::error_code code) {
  switch (code) {
    case simdjson::EMPTY: return "the body is empty";
    case simdjson::CAPACITY: return "the body is too large";
    default: return "the body is not one complete JSON value";
  }
}

void write_canonical(const dom::element& element, writer& out) {
  if (element.is_object()) {
    std::vector<std::pair<std::string_view, dom::element>> fields;
    const dom::object object = element.get_object().value_unsafe();
    for (auto field : object) fields.emplace_back(field.key, field.value);
    std::ranges::sort(fields, {}, &std::pair<std::string_view, dom::element>::first);
    out.begin_object();
    for (const auto& [key, value] : fields) {
      out.key(key);
      write_canonical(value, out);
    }
    out.end_object();
  } else if (element.is_array()) {
    out.begin_array();
    const dom::array array = element.get_array().value_unsafe();
    for (auto item : array) write_canonical(item, out);
    out.end_array();
  } else if (const auto number = marked_number(element)) {
    out.raw(*number);
  } else if (element.is_string()) {
    out.string(element.get_string().value_unsafe());
  } else if (element.is_bool()) {
    out.boolean(element.get_bool().value_unsafe());
  } else if (element.is_int64()) {
    out.number(element.get_int64().value_unsafe());
  } else if (element.is_uint64()) {
    out.number(element.get_uint64().value_unsafe());
  } else if (element.is_double()) {
    out.number(element.get_double().value_unsafe());
  } else {
    out.null();
  }
}

}  // namespace

node::node(const raw& r) {
  static_assert(sizeof(raw) <= sizeof storage_ && alignof(raw) <= 8);
  static_assert(std::is_trivially_copyable_v<raw>);
  ::new (storage_) raw(r);
}

const node::raw& node::get() const { return *std::launder(reinterpret_cast<const raw*>(storage_)); }

kind node::type() const {
  switch (get().element.type()) {
    case dom::element_type::ARRAY: return kind::array;
    case dom::element_type::OBJECT: return kind::object;
    case dom::element_type::INT64:
    case dom::element_type::UINT64:
    case dom::element_type::DOUBLE: return kind::number;
    case dom::element_type::STRING: return marked_number(get().element) ? kind::number : kind::string;
    case dom::element_type::BOOL: return kind::boolean;
    case dom::element_type::NULL_VALUE: return kind::null;
  }
  return kind::null;
}

std::optional<bool> node::as_bool() const {
  bool value = false;
  return get().element.get(value) ? std::nullopt : std::optional{value};
}

std::optional<std::int64_t> node::as_int() const {
  std::int64_t value = 0;
  if (!get().element.get(value)) return value;
  constexpr double exact = 9007199254740992.0;  // 2^53: up to here a double is a whole number without doubt
  const auto real = as_double();
  if (!real || std::abs(*real) > exact || std::trunc(*real) != *real) return std::nullopt;
  return static_cast<std::int64_t>(*real);
}

std::optional<double> node::as_double() const {
  double value = 0;
  if (!get().element.get(value)) return value;
  const auto number = marked_number(get().element);
  if (!number) return std::nullopt;
  value = std::strtod(std::string{*number}.c_str(), nullptr);
  return std::isfinite(value) ? std::optional{value} : std::nullopt;
}

std::optional<std::string_view> node::as_string() const {
  std::string_view value;
  return get().element.get(value) || marked_number(get().element) ? std::nullopt : std::optional{value};
}

std::optional<node> node::find(std::string_view key) const {
  dom::object object;
  dom::element found;
  if (get().element.get(object) || object.at_key(key).get(found)) return std::nullopt;
  return node{raw{found}};
}

std::optional<std::string_view> node::find_string(std::string_view key) const {
  const auto found = find(key);
  return found ? found->as_string() : std::nullopt;
}

std::size_t node::size() const {
  dom::array array;
  if (!get().element.get(array)) return array.size();
  dom::object object;
  return get().element.get(object) ? 0 : object.size();
}

void node::each_item(const std::function<void(std::size_t, node)>& visit) const {
  dom::array array;
  if (get().element.get(array)) return;
  std::size_t index = 0;
  for (auto item : array) visit(index++, node{raw{item}});
}

void node::each_member(const std::function<void(std::string_view, node)>& visit) const {
  dom::object object;
  if (get().element.get(object)) return;
  for (auto field : object) visit(field.key, node{raw{field.value}});
}

std::string node::text() const { return unmarked(simdjson::minify(get().element)); }

std::string node::canonical() const {
  writer out;
  write_canonical(get().element, out);
  return out.take();
}

struct document::impl {
  std::unique_ptr<dom::parser> parser = borrow_parser();
  dom::element root{};

  impl() = default;
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;
  ~impl() {
    if (idle_parsers().size() < parsers_kept && parser->capacity() <= limits::body_bytes)
      idle_parsers().push_back(std::move(parser));
  }
};

document::document(std::unique_ptr<impl> i) : impl_{std::move(i)} {}
document::document(document&&) noexcept = default;
document& document::operator=(document&&) noexcept = default;
document::~document() = default;

result<document> document::parse(std::string_view given, std::size_t max_depth) {
  const auto text = without_mark(given);
  if (text.contains(number_secret())) return fail(errc::malformed_body, "the text holds a secret of this process");
  auto doc = std::make_unique<impl>();
  // simdjson counts the root as a level of its own.
  const std::size_t depth = max_depth + 1;
  const std::size_t capacity = std::max<std::size_t>(text.size(), 4096);
  if (doc->parser->capacity() < capacity || doc->parser->max_depth() != depth)
    if (doc->parser->allocate(capacity, depth))
      return fail(errc::overloaded, "there is not enough memory to read the body");
  if (auto code = doc->parser->parse(text.data(), text.size()).get(doc->root)) {
    if (code == simdjson::EMPTY) return fail(errc::malformed_body, explain(code));
    if (const auto found = find_fault(text, max_depth)) return fail(errc::malformed_body, describe_fault(text, *found));
    if (const auto held = within_range(text, number_mark())) {
      mark_was_used().store(true, std::memory_order_relaxed);
      code = doc->parser->parse(held->data(), held->size()).get(doc->root);
    }
    if (code) return fail(errc::malformed_body, explain(code));
  }
  if (repeats_a_key(doc->root)) return fail(errc::malformed_body, "an object names the same key twice");
  return document{std::move(doc)};
}

node document::root() const {
  IM_ASSERT(impl_);  // a document that was moved from has none
  return node{node::raw{impl_->root}};
}

}  // namespace im::json
