#include "http/auth.hpp"

namespace im::http {

secret& secret::operator=(const secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

secret::secret(secret&& other) noexcept : text_{std::move(other.text_)} { other.wipe(); }

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    other.wipe();
  }
  return *this;
}

void secret::wipe() noexcept {
  // Volatile: the compiler may not drop stores to memory that is about to be freed. The whole capacity: a move of a short
  // string copies it and leaves the old bytes behind.
  text_.resize(text_.capacity());
  volatile char* bytes = text_.data();
  for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = 0;
  text_.clear();
}

bool constant_time_equal(std::string_view given, std::string_view expected) noexcept {
  if (expected.empty()) return given.empty();
  volatile unsigned char difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto a = static_cast<unsigned char>(given[i]);
    const auto b = static_cast<unsigned char>(expected[i % expected.size()]);
    difference = static_cast<unsigned char>(difference | (a ^ b));
  }
  return difference == 0;
}

std::optional<std::string_view> bearer_token(const request& req) noexcept {
  constexpr std::string_view scheme = "Bearer ";
  const auto value = req.header("Authorization");
  if (!value || req.headers.count("Authorization") != 1) return std::nullopt;
  if (value->size() <= scheme.size() || !iequals(value->substr(0, scheme.size()), scheme)) return std::nullopt;
  const auto token = trim(value->substr(scheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

}  // namespace im::http
