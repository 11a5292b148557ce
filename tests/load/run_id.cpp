#include "tests/load/run_id.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace im::load {

namespace {

constexpr std::size_t number_digits = 12;
constexpr std::size_t prefix_chars = std::tuple_size_v<uuid_text> - number_digits;
constexpr std::uint64_t numbers_a_ms = 8;  // about as fast as one generator goes

void put_hex(uuid_text& to, std::size_t from, std::size_t end, std::uint64_t bits) {
  for (auto at = end; at-- > from;) {
    if (to[at] == '-') continue;
    to[at] = "0123456789abcdef"[bits & 15U];
    bits >>= 4U;
  }
}

}  // namespace

run_id::run_id(const uuid& seed) {
  std::ranges::copy(seed.str(), prefix_.begin());
  for (std::size_t i = 0; i < 6; ++i) begun_ms_ = begun_ms_ << 8U | seed.bytes()[i];
}

uuid_text run_id::text(std::uint64_t n) const {
  auto text = prefix_;
  put_hex(text, 0, 13, begun_ms_ + n / numbers_a_ms);
  put_hex(text, prefix_chars, text.size(), n);
  return text;
}

std::optional<std::uint64_t> run_id::number(std::string_view id) const {
  if (id.size() < prefix_.size()) return std::nullopt;
  id.remove_prefix(id.size() - prefix_.size());
  std::uint64_t n = 0;
  const auto [stop, code] = std::from_chars(id.data() + prefix_chars, id.data() + id.size(), n, 16);
  if (code != std::errc{} || stop != id.data() + id.size() || view(text(n)) != id) return std::nullopt;
  return n;
}

}  // namespace im::load
