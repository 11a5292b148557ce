#include "messages/keyed_hash.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <random>

namespace im::detail {

namespace {

constexpr std::size_t secret_words = 48;  // of 4 bytes, as many as the library's own secret has
static_assert(secret_words * sizeof(std::uint32_t) >= XXH3_SECRET_SIZE_MIN);

using secret_type = std::array<std::uint32_t, secret_words>;

secret_type drawn() {
  std::random_device device;
  secret_type secret{};
  std::ranges::generate(secret, [&] { return device(); });
  return secret;
}

}  // namespace

std::uint64_t keyed_hash_of(std::string_view text) noexcept {
  static const auto secret = drawn();
  return XXH3_64bits_withSecret(text.data(), text.size(), secret.data(), sizeof secret);
}

}  // namespace im::detail
