#pragma once
/// W3C trace context, level 1 and 2 (https://www.w3.org/TR/trace-context-2/): the `traceparent` header. Pure but for the mint functions.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace im::trace {

/// 16 bytes, not all zero: the whole trace.
using trace_id = std::array<std::uint8_t, 16>;
/// 8 bytes, not all zero: one step of it.
using span_id = std::array<std::uint8_t, 8>;

/// The flags we pass on; others are zero, as the specification asks.
inline constexpr std::uint8_t sampled_flag = 0x01;
inline constexpr std::uint8_t random_flag = 0x02;

/// Where in a trace we are.
struct context {
  trace_id trace{};
  span_id span{};  ///< of the caller after parsing; our own in a child
  std::uint8_t flags = 0;

  [[nodiscard]] bool sampled() const { return (flags & sampled_flag) != 0; }
  bool operator==(const context&) const = default;
};

/// Reads a `traceparent`. Nothing for an id of zeros, capitals, version ff, a wrong length; a newer version is read as far as 00 goes.
[[nodiscard]] std::optional<context> parse_traceparent(std::string_view header);

/// `00-{trace}-{span}-{flags}`.
[[nodiscard]] std::string format_traceparent(const context& where);

/// The same trace, one step on.
[[nodiscard]] context child_of(const context& parent, span_id own);

/// Lower-case hex: the form of `trace_id`, `span_id` and `parent_span_id` in a DecisionEvent and in the log.
[[nodiscard]] std::string to_string(const trace_id& id);
[[nodiscard]] std::string to_string(const span_id& id);

/// New ids, never zero. Any thread.
[[nodiscard]] trace_id mint_trace_id();
[[nodiscard]] span_id mint_span_id();

/// The context to work in: a child of the caller's if `header` is good, else a new trace (not sampled: nobody asked for it).
[[nodiscard]] context continue_or_start(std::string_view header);

}  // namespace im::trace
