#include "messages/keyed_hash.hpp"

#include <random>

namespace im::detail {

namespace {

std::uint64_t drawn() {
  std::random_device device;
  const std::uint64_t high = device();
  return ((high << 32U) | device()) | 1U;
}

}  // namespace

const std::array<std::uint64_t, 2> hash_key{drawn(), drawn()};

std::uint64_t keyed_hash_of(std::string_view text) noexcept {
  constexpr std::size_t step = 16;
  std::uint64_t hash = text.size();
  for (; text.size() > step; text.remove_prefix(step)) hash = keyed_step(hash, text.data());
  std::array<char, step> rest{};
  if (!text.empty()) std::memcpy(rest.data(), text.data(), text.size());
  return keyed_step(hash, rest.data());
}

}  // namespace im::detail
