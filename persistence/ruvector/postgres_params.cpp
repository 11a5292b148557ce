#include "persistence/ruvector/postgres_params.hpp"

#include <utility>

namespace im::ruvector::postgres {

namespace {

void append_big_endian(std::string& to, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) to += static_cast<char>(value >> shift & 0xffU);
}

}  // namespace

void append_binary(std::string& to, std::int64_t value) { append_big_endian(to, static_cast<std::uint64_t>(value), 8); }

void append_binary(std::string& to, std::string_view text) { to += text; }

void append_binary(std::string& to, const uuid& id) {
  to.append(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
}

void append_binary(std::string& to, const packed_document& document) { to += document.bytes; }

void column::append_item(std::string_view bytes) {
  append_big_endian(items_, bytes.size(), 4);
  items_ += bytes;
  ++size_;
}

void column::append_null() {
  append_big_endian(items_, 0xffffffffU, 4);
  nulls_ = true;
  ++size_;
}

type column::array_type() const {
  switch (element_) {
    case type::bytea: return type::bytea_array;
    case type::int8: return type::int8_array;
    case type::uuid: return type::uuid_array;
    case type::text:
    case type::bytea_array:
    case type::int8_array:
    case type::text_array:
    case type::uuid_array: break;
  }
  return type::text_array;
}

/// Dimensions, whether there are nulls, the type; then for the one dimension its size and where it begins.
std::string column::take() {
  std::string all;
  all.reserve(items_.size() + 20);
  append_big_endian(all, 1, 4);
  append_big_endian(all, nulls_ ? 1 : 0, 4);
  append_big_endian(all, static_cast<std::uint32_t>(element_), 4);
  append_big_endian(all, size_, 4);
  append_big_endian(all, 1, 4);
  all += items_;
  items_ = {};
  return all;
}

std::vector<const char*> parameters::values() const {
  std::vector<const char*> all;
  for (const auto& value : values_) all.push_back(value ? value->data() : nullptr);
  return all;
}

std::vector<int> parameters::lengths() const {
  std::vector<int> all;
  for (const auto& value : values_) all.push_back(value ? static_cast<int>(value->size()) : 0);
  return all;
}

}  // namespace im::ruvector::postgres
