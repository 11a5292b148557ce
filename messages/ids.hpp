#pragma once
/// Strong identifiers. A UUID names what is stored; a request id is the text a caller retries with.

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "messages/keyed_hash.hpp"
#include "messages/time.hpp"

namespace im {

/// 128 bits in network order, any RFC 9562 version.
class uuid {
public:
  using bytes_type = std::array<std::uint8_t, 16>;

  constexpr uuid() = default;
  constexpr explicit uuid(bytes_type bytes) : bytes_{bytes} {}

  /// Reads the 36-character form, in either case. Nothing for anything else.
  [[nodiscard]] static std::optional<uuid> parse(std::string_view text);
  /// Time-ordered id: `at` in the top 48 bits, the rest random. Never the same twice.
  [[nodiscard]] static uuid v7(time_point at);
  /// The same name in the same space is always the same id (SHA-1 based, RFC 9562 §5.5).
  [[nodiscard]] static uuid v5(const uuid& space, std::string_view name);
  /// As `v5`, but behind the time of the last version 7 id that stands in `name`, if there is one: what is derived from ids
  /// of one moment lies together wherever ids are sorted (RFC 9562 §5.8). 74 bits of the hash remain.
  [[nodiscard]] static uuid v8(const uuid& space, std::string_view name);
  /// This, with the 48 bits of the time that the last version 7 id in `text` names; itself if there is none.
  [[nodiscard]] uuid at_time_in(std::string_view text) const;

  [[nodiscard]] std::string str() const;
  [[nodiscard]] constexpr const bytes_type& bytes() const { return bytes_; }
  [[nodiscard]] constexpr bool is_nil() const { return bytes_ == bytes_type{}; }

  constexpr auto operator<=>(const uuid&) const = default;
  /// By two words: tables of ids compare them all the time.
  constexpr bool operator==(const uuid& other) const {
    const auto a = words();
    const auto b = other.words();
    return a[0] == b[0] && a[1] == b[1];
  }

private:
  [[nodiscard]] constexpr std::array<std::uint64_t, 2> words() const {
    return std::bit_cast<std::array<std::uint64_t, 2>>(bytes_);
  }

  bytes_type bytes_{};
};

/// A UUID that names one kind of thing, so that an incident's id is never taken for a gate's.
template <class Tag>
class strong_id {
public:
  constexpr strong_id() = default;
  constexpr explicit strong_id(uuid value) : value_{value} {}

  [[nodiscard]] static std::optional<strong_id> parse(std::string_view text) {
    auto parsed = uuid::parse(text);
    return parsed ? std::optional{strong_id{*parsed}} : std::nullopt;
  }
  [[nodiscard]] static strong_id mint(time_point at) { return strong_id{uuid::v7(at)}; }

  [[nodiscard]] constexpr const uuid& value() const { return value_; }
  [[nodiscard]] std::string str() const { return value_.str(); }
  [[nodiscard]] constexpr bool is_nil() const { return value_.is_nil(); }

  constexpr auto operator<=>(const strong_id&) const = default;

private:
  uuid value_;
};

using incident_id = strong_id<struct incident_tag>;
using event_id = strong_id<struct event_tag>;  ///< a DecisionEvent's id, the idempotency key of its write
using approval_id = strong_id<struct approval_tag>;
using postmortem_id = strong_id<struct postmortem_tag>;
using execution_id = strong_id<struct execution_tag>;

/// What a caller retries with: an `Idempotency-Key`, an `execution_id`, a detector's event id.
using request_id = std::string;

/// The id of a DecisionEvent that `cause` led to. Two instances that take the same decision make the same id. Where the cause
/// names a version 7 id, as request ids do in practice, it sorts by that one's time.
[[nodiscard]] event_id derive_event_id(std::string_view cause);

/// A new incident's id. Its last byte is taken from the fingerprint, so that the registry shard that owns a
/// fingerprint also owns every incident that was opened for it.
[[nodiscard]] incident_id mint_incident_id(time_point at, std::string_view fingerprint);

/// Which of `shards` registry shards owns an incident; `shard_of(mint_incident_id(t, f), n) == shard_of(f, n)`.
[[nodiscard]] std::size_t shard_of(const incident_id& id, std::size_t shards);
[[nodiscard]] std::size_t shard_of_fingerprint(std::string_view fingerprint, std::size_t shards);

}  // namespace im

/// Keyed: callers choose ids. See messages/keyed_hash.hpp.
template <>
struct std::hash<im::uuid> {
  using is_avalanching = void;
  std::size_t operator()(const im::uuid& id) const noexcept {
    const auto& bytes = id.bytes();
    return im::detail::keyed_hash_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
};

template <class Tag>
struct std::hash<im::strong_id<Tag>> {
  using is_avalanching = void;
  std::size_t operator()(const im::strong_id<Tag>& id) const noexcept { return std::hash<im::uuid>{}(id.value()); }
};
