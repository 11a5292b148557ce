#pragma once
/// Bearer tokens, and a type for what must never be logged.

#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "http/message.hpp"

namespace im::http {

/// A key or a password. It has no formatter, cannot be streamed or compared with ==, and wipes its memory when it dies:
/// whoever wants the text has to say `reveal()`, which a reviewer can search for.
class secret {
public:
  secret() = default;
  explicit secret(std::string text) noexcept : text_{std::move(text)} {}
  secret(const secret&) = default;
  secret& operator=(const secret& other);
  secret(secret&& other) noexcept;
  secret& operator=(secret&& other) noexcept;
  ~secret() { wipe(); }

  [[nodiscard]] std::string_view reveal() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  friend std::ostream& operator<<(std::ostream&, const secret&) = delete;
  bool operator==(const secret&) const = delete;

private:
  void wipe() noexcept;

  std::string text_;
};

/// Compares in a time that depends on the length of `given` alone, not on where the two differ.
[[nodiscard]] bool constant_time_equal(std::string_view given, std::string_view expected) noexcept;

/// The token of `Authorization: Bearer …`. Nothing without one, with another scheme, or with several Authorization fields.
[[nodiscard]] std::optional<std::string_view> bearer_token(const request& req) noexcept;

}  // namespace im::http
