#include "telemetry/trace.hpp"

#include <algorithm>
#include <random>
#include <span>

namespace im::trace {
namespace {

constexpr std::size_t header_chars = 55;  // 2 + 1 + 32 + 1 + 16 + 1 + 2

/// Lower case only, as the specification asks.
std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return std::nullopt;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> into) {
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto high = digit(text[2 * i]);
    const auto low = digit(text[2 * i + 1]);
    if (!high || !low) return false;
    into[i] = static_cast<std::uint8_t>(*high << 4U | *low);
  }
  return true;
}

void append_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  for (const unsigned byte : bytes) {
    out.push_back(digits[byte >> 4U]);
    out.push_back(digits[byte & 15U]);
  }
}

bool is_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](auto b) { return b == 0; });
}

template <class Id>
Id mint() {
  thread_local std::mt19937_64 engine{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }()};
  Id id{};
  do {
    for (std::size_t i = 0; i < id.size(); i += 8) {
      auto bits = engine();
      for (std::size_t j = 0; j < 8; ++j, bits >>= 8U) id[i + j] = static_cast<std::uint8_t>(bits & 255U);
    }
  } while (is_zero(id));
  return id;
}

}  // namespace

std::optional<context> parse_traceparent(std::string_view header) {
  if (header.size() < header_chars) return std::nullopt;
  if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  context found;
  if (!read_hex(header, version) || !read_hex(header.substr(3), found.trace) ||
      !read_hex(header.substr(36), found.span) || !read_hex(header.substr(53), flags))
    return std::nullopt;
  if (version[0] == 0xFF || is_zero(found.trace) || is_zero(found.span)) return std::nullopt;
  if (header.size() > header_chars && (version[0] == 0 || header[header_chars] != '-')) return std::nullopt;
  found.flags = static_cast<std::uint8_t>(flags[0] & (sampled_flag | random_flag));
  return found;
}

std::string format_traceparent(const context& where) {
  std::string out;
  out.reserve(header_chars);
  out += "00-";
  append_hex(out, where.trace);
  out += '-';
  append_hex(out, where.span);
  out += '-';
  append_hex(out, std::span{&where.flags, 1});
  return out;
}

context child_of(const context& parent, span_id own) { return {parent.trace, own, parent.flags}; }

std::string to_string(const trace_id& id) {
  std::string out;
  append_hex(out, id);
  return out;
}

std::string to_string(const span_id& id) {
  std::string out;
  append_hex(out, id);
  return out;
}

trace_id mint_trace_id() { return mint<trace_id>(); }
span_id mint_span_id() { return mint<span_id>(); }

context continue_or_start(std::string_view header) {
  if (const auto caller = parse_traceparent(header)) return child_of(*caller, mint_span_id());
  return {mint_trace_id(), mint_span_id(), random_flag};
}

}  // namespace im::trace
