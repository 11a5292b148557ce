#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "http/limits.hpp"
#include "messages/assert.hpp"

namespace im::http {

void header_fields::add(std::string_view name, std::string_view value) {
  entries_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size())});
  text_.append(name).append(value);
}

void header_fields::clear() noexcept {
  text_.clear();
  entries_.clear();
}

void header_fields::reserve(std::size_t bytes, std::size_t count) {
  text_.reserve(bytes);
  entries_.reserve(count);
}

std::string_view header_fields::name_of(const entry& e) const noexcept {
  return std::string_view{text_}.substr(e.offset, e.name_size);
}

std::string_view header_fields::value_of(const entry& e) const noexcept {
  return std::string_view{text_}.substr(e.offset + e.name_size, e.value_size);
}

std::optional<std::string_view> header_fields::get(std::string_view name) const noexcept {
  for (const auto& e : entries_)
    if (e.name_size == name.size() && iequals(name_of(e), name)) return value_of(e);
  return std::nullopt;
}

std::size_t header_fields::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const entry& e) { return iequals(name_of(e), name); }));
}

std::pair<std::string_view, std::string_view> header_fields::at(std::size_t index) const noexcept {
  IM_ASSERT(index < entries_.size());
  return {name_of(entries_[index]), value_of(entries_[index])};
}

std::optional<std::string_view> response::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (iequals(key, name)) return std::string_view{value};
  return std::nullopt;
}

bool is_correlation_id(std::string_view text) noexcept {
  constexpr auto sane = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == ':' || c == '-';
  };
  return !text.empty() && text.size() <= limits::correlation_id_chars && std::all_of(text.begin(), text.end(), sane);
}

std::string mint_correlation_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }();
  std::array<char, 32> text{};
  for (std::size_t half = 0; half < 2; ++half) {
    auto bits = generator();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4U) text[half * 16 + i] = digits[bits & 15U];
  }
  return {text.data(), text.size()};
}

std::string_view media_type(std::string_view content_type) noexcept {
  return trim(content_type.substr(0, content_type.find(';')));
}

}  // namespace im::http
