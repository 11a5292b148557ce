#include "telemetry/trace.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <set>
#include <string>

using namespace im;

namespace {

constexpr std::string_view good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace

TEST_CASE("a good traceparent is read and written back") {
  const auto found = trace::parse_traceparent(good);
  REQUIRE(found);
  CHECK(trace::to_string(found->trace) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(trace::to_string(found->span) == "00f067aa0ba902b7");
  CHECK(found->sampled());
  CHECK(trace::format_traceparent(*found) == good);
}

TEST_CASE("a traceparent is accepted or refused as the specification says") {
  struct row {
    std::string_view header;
    bool accepted;
  };
  static constexpr std::array rows{
      row{good, true},
      row{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true},
      row{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true},          // unknown flags
      row{"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true},          // a later version
      row{"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-is", true},  // with more to say
      row{"cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what", false},
      row{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-is", false},
      row{"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      row{"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
      row{"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
      row{"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
      row{"00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false},
      row{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", false},
      row{"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false},
      row{"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false},
      row{"00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", false},
      row{" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      row{"0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
      row{"", false},
      row{"-", false},
  };
  for (const auto& [header, accepted] : rows) {
    CAPTURE(header);
    CHECK(trace::parse_traceparent(header).has_value() == accepted);
  }
}

TEST_CASE("flags that we do not know are not passed on") {
  const auto found = trace::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff");
  REQUIRE(found);
  CHECK(trace::format_traceparent(*found).ends_with("-03"));
}

TEST_CASE("a child is in its parent's trace and has a span of its own") {
  const auto parent = trace::parse_traceparent(good).value();
  const auto child = trace::child_of(parent, {1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(trace::format_traceparent(child) == "00-4bf92f3577b34da6a3ce929d0e0e4736-0102030405060708-01");
  const auto minted = trace::continue_or_start(good);
  CHECK(minted.trace == parent.trace);
  CHECK(minted.span != parent.span);
  CHECK(minted.sampled());
}

TEST_CASE("a caller without a usable traceparent starts a new trace") {
  const auto a = trace::continue_or_start("");
  const auto b = trace::continue_or_start("00-bad");
  CHECK(a.trace != b.trace);
  CHECK_FALSE(a.sampled());
  CHECK(trace::parse_traceparent(trace::format_traceparent(a)) == a);
}

TEST_CASE("minted ids do not repeat") {
  std::set<trace::span_id> seen;
  for (int i = 0; i < 1000; ++i) CHECK(seen.insert(trace::mint_span_id()).second);
}
