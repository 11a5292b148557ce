#pragma once
/// The only JSON reader. A document is validated whole (syntax, UTF-8, depth, number ranges, repeated keys) before
/// anything looks at it, so that a handler never acts on half a body. simdjson does the work behind these types.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "messages/error.hpp"
#include "messages/limits.hpp"

namespace im::json {

enum class kind : std::uint8_t { null, boolean, number, string, array, object };

/// A place in a document. Cheap to copy; valid while its document lives.
class node {
public:
  [[nodiscard]] kind type() const;
  [[nodiscard]] bool is(kind k) const { return type() == k; }
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] std::optional<std::int64_t> as_int() const;  ///< a number without fraction that fits
  [[nodiscard]] std::optional<double> as_double() const;
  [[nodiscard]] std::optional<std::string_view> as_string() const;

  /// A member of an object; nothing when absent or when this is no object.
  [[nodiscard]] std::optional<node> find(std::string_view key) const;
  /// A member that must be a string, or nothing.
  [[nodiscard]] std::optional<std::string_view> find_string(std::string_view key) const;
  [[nodiscard]] std::size_t size() const;  ///< of an array or object; 0 otherwise
  void each_item(const std::function<void(std::size_t, node)>& visit) const;
  void each_member(const std::function<void(std::string_view, node)>& visit) const;

  /// The text of this value, minified.
  [[nodiscard]] std::string text() const;
  /// The text with keys sorted and no spaces: equal values have equal canonical text.
  [[nodiscard]] std::string canonical() const;

private:
  friend class document;
  struct raw;
  explicit node(const raw& r);
  [[nodiscard]] const raw& get() const;

  alignas(8) unsigned char storage_[16]{};
};

/// A parsed body. Movable; owns what its nodes point into.
class document {
public:
  /// `errc::malformed_body` with where and why for anything that is no single, complete JSON value.
  [[nodiscard]] static result<document> parse(std::string_view text, std::size_t max_depth = limits::json_depth);

  document(document&&) noexcept;
  document& operator=(document&&) noexcept;
  ~document();

  [[nodiscard]] node root() const;

private:
  struct impl;
  explicit document(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

}  // namespace im::json
