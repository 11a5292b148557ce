#include "http/content_coding.hpp"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>

#include "http/uri.hpp"

namespace im::http {

namespace {

using decoded = std::expected<std::string, coding_fault>;

constexpr std::size_t step_bytes = std::size_t{64} * 1024;  // how much the text grows by

/// Room for the next part of a text, never beyond its limit.
class growing_text {
public:
  explicit growing_text(std::size_t limit_bytes) : limit_{limit_bytes} {}

  /// One byte more than the limit, so that a text of just the limit is told from a longer one.
  [[nodiscard]] bool grow() {
    text_.resize(std::min(used_ + step_bytes, limit_ + 1));
    return used_ < text_.size();
  }
  [[nodiscard]] char* free_begin() { return text_.data() + used_; }
  [[nodiscard]] std::size_t free_bytes() const { return text_.size() - used_; }
  void use(std::size_t bytes) { used_ += bytes; }
  [[nodiscard]] bool is_too_long() const { return used_ > limit_; }
  [[nodiscard]] std::string take() {
    text_.resize(used_);
    return std::move(text_);
  }

private:
  std::string text_;
  std::size_t used_ = 0;
  std::size_t limit_;
};

// ---- zlib

constexpr int gzip_form = 16 + MAX_WBITS;
constexpr int zlib_form = MAX_WBITS;
constexpr int bare_form = -MAX_WBITS;

/// RFC 1950: the method is 8, and the first two bytes are a multiple of 31.
bool has_zlib_header(std::string_view body) {
  if (body.size() < 2) return false;
  const auto first = static_cast<unsigned char>(body[0]);
  const auto second = static_cast<unsigned char>(body[1]);
  return (first & 0x0fU) == 8 && (first * 256U + second) % 31 == 0;
}

decoded inflate_body(std::string_view body, int form, std::size_t limit_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, form) != Z_OK) throw std::bad_alloc{};
  const std::unique_ptr<z_stream, void (*)(z_stream*)> ended{&stream, [](z_stream* s) { inflateEnd(s); }};
  // zlib does not write to its input.
  stream.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  stream.avail_in = static_cast<uInt>(body.size());
  growing_text text{limit_bytes};
  while (text.grow()) {
    stream.next_out = reinterpret_cast<Bytef*>(text.free_begin());
    stream.avail_out = static_cast<uInt>(text.free_bytes());
    const auto before = stream.avail_out;
    const auto told = inflate(&stream, Z_NO_FLUSH);
    text.use(before - stream.avail_out);
    if (text.is_too_long()) return std::unexpected{coding_fault::too_large};
    if (told == Z_STREAM_END) {
      if (stream.avail_in == 0) return text.take();
      if (form != gzip_form || inflateReset(&stream) != Z_OK) return std::unexpected{coding_fault::damaged};
    } else if (told != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return std::unexpected{coding_fault::damaged};
    }
  }
  return std::unexpected{coding_fault::too_large};
}

// ---- zstd

decoded unpack_zstd(std::string_view body, std::size_t limit_bytes) {
  constexpr int window_log_max = 23;  // 8 MB, as RFC 9659 bounds it for HTTP
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context{ZSTD_createDCtx(), &ZSTD_freeDCtx};
  if (!context) throw std::bad_alloc{};
  if (ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_max)) != 0)
    return std::unexpected{coding_fault::damaged};
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  growing_text text{limit_bytes};
  while (text.grow()) {
    ZSTD_outBuffer out{text.free_begin(), text.free_bytes(), 0};
    const auto told = ZSTD_decompressStream(context.get(), &out, &in);
    text.use(out.pos);
    if (ZSTD_isError(told) != 0) return std::unexpected{coding_fault::damaged};
    if (text.is_too_long()) return std::unexpected{coding_fault::too_large};
    if (in.pos == in.size) {
      if (told == 0) return text.take();
      if (out.pos < out.size) return std::unexpected{coding_fault::damaged};  // cut off
    }
  }
  return std::unexpected{coding_fault::too_large};
}

}  // namespace

bool is_identity(std::string_view coding) noexcept { return coding.empty() || iequals(coding, "identity"); }

bool is_known_coding(std::string_view coding) noexcept {
  return is_identity(coding) || std::ranges::any_of(std::array{"gzip", "x-gzip", "deflate", "zstd"},
                                                    [&](const char* known) { return iequals(coding, known); });
}

decoded decode_body(std::string_view coding, std::string_view body, std::size_t limit_bytes) {
  if (iequals(coding, "zstd")) return unpack_zstd(body, limit_bytes);
  if (iequals(coding, "deflate")) return inflate_body(body, has_zlib_header(body) ? zlib_form : bare_form, limit_bytes);
  return inflate_body(body, gzip_form, limit_bytes);
}

}  // namespace im::http
