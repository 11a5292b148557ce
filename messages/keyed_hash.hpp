#pragma once
/// Hashes for tables whose keys callers choose. The key of the hash is drawn once per process, so that nobody outside can choose ids
/// that all fall into one bucket. The same value has another hash in another process: nothing that is stored or sent may depend on it.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace im {

namespace detail {

/// XXH3 under a secret of this process.
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
