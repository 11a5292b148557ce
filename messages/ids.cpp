#include "messages/ids.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <random>

#include "messages/hash.hpp"

namespace im {

namespace {

constexpr std::size_t text_size = 36;
constexpr std::size_t last_dash = 23;  // in that text
constexpr std::size_t time_bytes = 6;  // of a version 7 id, at its beginning

constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Random bits for ids; ids are names, not secrets, so a seeded generator a thread is enough.
std::uint64_t random_bits() {
  thread_local std::mt19937_64 generator{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }()};
  return generator();
}

uuid::bytes_type with_version(uuid::bytes_type bytes, unsigned version) {
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0FU) | (version << 4));
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3FU) | 0x80U);
  return bytes;
}

/// Namespaces of our derived ids; fixed forever, since other instances derive the same.
constexpr uuid decisions_space{
    {0x6c, 0x6c, 0x6d, 0x2d, 0x69, 0x6d, 0x50, 0x01, 0x80, 0x00, 0x64, 0x65, 0x63, 0x69, 0x73, 0x6e}};

std::uint8_t fingerprint_byte(std::string_view fingerprint) {
  std::uint64_t hash = 14695981039346656037ULL;  // FNV-1a: the same on every instance and in every release
  for (const char c : fingerprint) hash = (hash ^ static_cast<std::uint8_t>(c)) * 1099511628211ULL;
  return static_cast<std::uint8_t>(hash ^ (hash >> 32));
}

}  // namespace

std::optional<uuid> uuid::parse(std::string_view text) {
  if (text.size() != text_size) return std::nullopt;
  bytes_type bytes{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return std::nullopt;
      continue;
    }
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[at++] = static_cast<std::uint8_t>(high * 16 + low);
    i += 2;
  }
  return uuid{bytes};
}

std::string uuid::str() const {
  std::string text(text_size, '-');
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
    text[at++] = hex_digits[bytes_[i] >> 4];
    text[at++] = hex_digits[bytes_[i] & 15];
  }
  return text;
}

uuid uuid::v7(time_point at) {
  const auto ms = static_cast<std::uint64_t>(at.time_since_epoch().count());
  const std::uint64_t high = random_bits();
  const std::uint64_t low = random_bits();
  bytes_type bytes{};
  for (std::size_t i = 0; i < time_bytes; ++i) bytes[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(high);
  bytes[7] = static_cast<std::uint8_t>(high >> 8);
  std::memcpy(bytes.data() + 8, &low, sizeof low);
  return uuid{with_version(bytes, 7)};
}

uuid uuid::v5(const uuid& space, std::string_view name) {
  const auto digest = sha1({reinterpret_cast<const char*>(space.bytes().data()), space.bytes().size()}, name);
  bytes_type bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return uuid{with_version(bytes, 5)};
}

uuid uuid::v8(const uuid& space, std::string_view name) {
  return uuid{with_version(v5(space, name).at_time_in(name).bytes(), 8)};
}

uuid uuid::at_time_in(std::string_view text) const {
  auto bytes = bytes_;
  for (auto dash = text.rfind('-'); dash != std::string_view::npos && dash != 0; dash = text.rfind('-', dash - 1)) {
    if (dash < last_dash) break;
    const auto found = parse(text.substr(dash - last_dash, text_size));
    if (!found || found->bytes_[6] >> 4U != 7) continue;
    std::copy_n(found->bytes_.begin(), time_bytes, bytes.begin());
    break;
  }
  return uuid{bytes};
}

event_id derive_event_id(std::string_view cause) { return event_id{uuid::v8(decisions_space, cause)}; }

incident_id mint_incident_id(time_point at, std::string_view fingerprint) {
  auto bytes = uuid::v7(at).bytes();
  bytes.back() = fingerprint_byte(fingerprint);
  return incident_id{uuid{bytes}};
}

std::size_t shard_of(const incident_id& id, std::size_t shards) { return id.value().bytes().back() % shards; }

std::size_t shard_of_fingerprint(std::string_view fingerprint, std::size_t shards) {
  return fingerprint_byte(fingerprint) % shards;
}

}  // namespace im
