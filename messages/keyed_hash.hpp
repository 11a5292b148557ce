#pragma once
/// Hashes for tables whose keys callers choose. The key of the hash is drawn once per process, so that nobody outside can choose ids
/// that all fall into one bucket. The same value has another hash in another process: nothing that is stored or sent may depend on it.

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

namespace im {

namespace detail {

/// Random, never zero; the same until the process ends.
extern const std::array<std::uint64_t, 2> hash_key;

/// Both halves of the 128-bit product: each bit of the factors reaches each bit of it.
[[nodiscard]] inline std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
  __extension__ typedef unsigned __int128 wide;  // NOLINT(modernize-use-using): `using` takes no __extension__
  const auto product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

/// Of 16 bytes, and what was hashed before them.
[[nodiscard]] inline std::uint64_t keyed_step(std::uint64_t before, const void* bytes) noexcept {
  std::array<std::uint64_t, 2> words{};
  std::memcpy(words.data(), bytes, sizeof words);
  return folded_product(words[0] ^ hash_key[0], words[1] ^ hash_key[1] ^ before);
}

[[nodiscard]] std::uint64_t keyed_hash_of(std::string_view text) noexcept;

}  // namespace detail

/// For maps: an id is hashed by `std::hash`, which is keyed for our ids, a text by its bytes.
template <class Key>
struct keyed_hash : std::hash<Key> {};

template <>
struct keyed_hash<std::string> {
  using is_avalanching = void;  ///< boost::unordered need not mix it again
  std::size_t operator()(std::string_view text) const noexcept { return detail::keyed_hash_of(text); }
};

}  // namespace im
