#include "messages/hash.hpp"

#include <memory>
#include <span>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace im {

namespace {

std::string hex_of(std::span<const std::uint8_t> digest) {
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

/// Algorithm and context are looked up once each: EVP_Digest does it for every call, which costs more than the digest of
/// something short.
class algorithm {
public:
  explicit algorithm(const char* name) : found_{EVP_MD_fetch(nullptr, name, nullptr)} {}

  template <std::size_t Size>
  [[nodiscard]] std::array<std::uint8_t, Size> digest(std::string_view data, std::string_view more = {}) const {
    thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(),
                                                                                       EVP_MD_CTX_free};
    std::array<std::uint8_t, Size> out{};
    if (found_ == nullptr || EVP_MD_get_size(found_) != int{Size} || !context ||
        EVP_DigestInit_ex2(context.get(), found_, nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), data.data(), data.size()) != 1 ||
        EVP_DigestUpdate(context.get(), more.data(), more.size()) != 1 ||
        EVP_DigestFinal_ex(context.get(), out.data(), nullptr) != 1)
      throw std::runtime_error{"a digest is not available in this OpenSSL"};
    return out;
  }

private:
  const EVP_MD* found_;  // never freed: there is one of each for the whole run
};

}  // namespace

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text(bytes.size() * 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text[2 * i] = digits[byte >> 4];
    text[2 * i + 1] = digits[byte & 15];
  }
  return text;
}

std::array<std::uint8_t, 32> sha256(std::string_view data) {
  static const algorithm with{"SHA256"};
  return with.digest<32>(data);
}

std::array<std::uint8_t, 20> sha1(std::string_view first, std::string_view second) {
  static const algorithm with{"SHA1"};
  return with.digest<20>(first, second);
}

std::string sha256_hex(std::string_view data) { return hex_of(sha256(data)); }

std::string hmac_sha256_hex(std::string_view key, std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(data.data()),
           data.size(), digest.data(), &size) == nullptr)
    throw std::runtime_error{"HMAC-SHA-256 is not available in this OpenSSL"};
  return hex_of(std::span{digest}.first(size));
}

}  // namespace im
