#pragma once
/// The only JSON writer: appends to one buffer, knows commas and escapes, and can splice text that is JSON already.
/// (Boost.JSON cannot splice without parsing again; free-form parts pass through us unread.)

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace im::json {

class writer {
public:
  writer() = default;
  writer(writer&& other) noexcept { *this = std::move(other); }
  /// They swap: one that was made from another leaves it as new.
  writer& operator=(writer&& other) noexcept {
    std::swap(out_, other.out_);
    std::swap(size_, other.size_);
    std::swap(comma_, other.comma_);
    return *this;
  }
  ~writer();

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);

  void string(std::string_view text);
  void boolean(bool value) { scalar(value ? "true" : "false"); }
  void null() { scalar("null"); }
  void number(double value);  ///< shortest text that reads back equal; NaN and infinities become null
  template <std::integral I>
  void number(I value) {
    if constexpr (std::signed_integral<I>)
      signed_number(static_cast<std::int64_t>(value));
    else
      unsigned_number(static_cast<std::uint64_t>(value));
  }
  /// Text that is a JSON value already.
  void raw(std::string_view json) { scalar(json); }

  /// What was written so far; good until more is.
  [[nodiscard]] std::string_view str() const { return {out_.data(), size_}; }
  /// What was written, with no room beside it: documents are kept for long. The writer starts anew.
  [[nodiscard]] std::string take() {
    comma_ = false;
    return {out_.data(), std::exchange(size_, 0)};
  }

private:
  /// Where the next `size` characters go.
  char* room(std::size_t size) {
    if (out_.size() - size_ < size) grow(size);
    return out_.data() + size_;
  }
  void grow(std::size_t size);
  void put(char c) {
    *room(1) = c;
    ++size_;
  }
  void put(std::string_view text);
  void separate();
  void open(char bracket);
  void close(char bracket);
  void scalar(std::string_view text);
  void quoted(std::string_view text);
  void escaped(unsigned char c);
  void signed_number(std::int64_t value);
  void unsigned_number(std::uint64_t value);

  /// Longer than what was written, as a rule: a document is many short pieces. Handed from writer to writer on a thread.
  std::string out_;
  std::size_t size_ = 0;
  bool comma_ = false;
};

}  // namespace im::json
