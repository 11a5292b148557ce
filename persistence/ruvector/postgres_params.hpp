#pragma once
/// Values on their way to PostgreSQL, in binary. Internal to the PostgreSQL store.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages/ids.hpp"
#include "messages/time.hpp"
#include "persistence/ruvector/document_codec.hpp"

namespace im::ruvector::postgres {

/// Numbers of types in `pg_type`; they never change.
enum class type : std::uint32_t {
  bytea = 17,
  int8 = 20,
  text = 25,
  uuid = 2950,
  bytea_array = 1001,
  int8_array = 1016,
  text_array = 1009,
  uuid_array = 2951
};

/// What a C++ value is there.
constexpr type type_of(std::int64_t) { return type::int8; }
constexpr type type_of(std::string_view) { return type::text; }
constexpr type type_of(const uuid&) { return type::uuid; }
inline type type_of(const packed_document&) { return type::bytea; }

/// The form that is sent.
template <std::integral I>
std::int64_t plain(I value) {
  return static_cast<std::int64_t>(value);
}
inline std::int64_t plain(time_point at) { return at.time_since_epoch().count(); }
inline std::string_view plain(std::string_view text) { return text; }
inline uuid plain(const uuid& id) { return id; }
inline const packed_document& plain(const packed_document& document) { return document; }
const packed_document& plain(packed_document&&) = delete;
template <class Tag>
uuid plain(const strong_id<Tag>& id) {
  return id.value();
}

void append_binary(std::string& to, std::int64_t value);
void append_binary(std::string& to, std::string_view text);
void append_binary(std::string& to, const uuid& id);
void append_binary(std::string& to, const packed_document& document);

/// One array parameter: a column of many rows.
class column {
public:
  /// Of bytea, int8, text or uuid.
  explicit column(type element) : element_{element} {}

  template <class T>
  void push(const T& value) {
    std::string bytes;
    append_binary(bytes, plain(value));
    append_item(bytes);
  }
  template <class T>
  void push(const std::optional<T>& value) {
    if (value)
      push(*value);
    else
      append_null();
  }
  [[nodiscard]] std::size_t size() const { return size_; }

private:
  friend class parameters;
  void append_item(std::string_view bytes);
  void append_null();
  [[nodiscard]] type array_type() const;
  [[nodiscard]] std::string take();

  type element_;
  std::uint32_t size_ = 0;
  bool nulls_ = false;
  std::string items_;
};

/// The parameters of one statement.
class parameters {
public:
  template <class... Args>
  [[nodiscard]] static parameters of(const Args&... args) {
    parameters all;
    (all.add(args), ...);
    return all;
  }

  void add(column&& values) { put(values.array_type(), values.take()); }
  template <class T>
  void add(const T& value) {
    std::string bytes;
    append_binary(bytes, plain(value));
    put(type_of(plain(value)), std::move(bytes));
  }
  /// An array of ids.
  template <class T>
  void add(const std::vector<T>& values) {
    column all{type::uuid};
    for (const auto& value : values) all.push(value);
    add(std::move(all));
  }
  template <class T>
  void add(const std::optional<T>& value) {
    if (value) return add(*value);
    using sent = std::remove_cvref_t<decltype(plain(std::declval<const T&>()))>;
    put(type_of(sent{}), std::nullopt);
  }

  // As libpq wants them.
  [[nodiscard]] int size() const { return static_cast<int>(values_.size()); }
  [[nodiscard]] const std::vector<std::uint32_t>& types() const { return types_; }
  [[nodiscard]] std::vector<const char*> values() const;
  [[nodiscard]] std::vector<int> lengths() const;

private:
  void put(type of, std::optional<std::string> bytes) {
    types_.push_back(static_cast<std::uint32_t>(of));
    values_.push_back(std::move(bytes));
  }

  std::vector<std::uint32_t> types_;
  std::vector<std::optional<std::string>> values_;
};

}  // namespace im::ruvector::postgres
