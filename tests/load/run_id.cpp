#include "tests/load/run_id.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace im::load {

namespace {

constexpr std::size_t number_digits = 12;
constexpr std::size_t prefix_chars = std::tuple_size_v<uuid_text> - number_digits;

}  // namespace

run_id::run_id(const uuid& seed) { std::ranges::copy(seed.str(), prefix_.begin()); }

uuid_text run_id::text(std::uint64_t n) const {
  auto text = prefix_;
  for (auto digit = text.size(); digit-- > prefix_chars; n >>= 4U) text[digit] = "0123456789abcdef"[n & 15U];
  return text;
}

std::optional<std::uint64_t> run_id::number(std::string_view id) const {
  if (id.size() < prefix_.size()) return std::nullopt;
  id.remove_prefix(id.size() - prefix_.size());
  if (!id.starts_with(view(prefix_).substr(0, prefix_chars))) return std::nullopt;
  std::uint64_t n = 0;
  const auto [stop, code] = std::from_chars(id.data() + prefix_chars, id.data() + id.size(), n, 16);
  if (code != std::errc{} || stop != id.data() + id.size()) return std::nullopt;
  return n;
}

}  // namespace im::load
