#include "telemetry/log_line.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <limits>
#include <set>
#include <type_traits>
#include <vector>

#include "http/auth.hpp"
#include "messages/json/node.hpp"
#include "telemetry/limits.hpp"

using namespace im;
using log::field;

namespace {

constexpr auto at = time_point{milliseconds{1'763'773'200'123}};

std::string rendered(log::format as, std::string_view message, const std::vector<field>& fields = {},
                     log::level level = log::level::info) {
  return log::render(as, {at, level, log::event::incident_opened, message, fields});
}

json::document parsed(const std::string& text) {
  INFO(text);
  auto document = json::document::parse(text);
  REQUIRE(document);
  return std::move(*document);
}

/// What an odd text is after a JSON line was written and read.
std::string through_json(std::string_view odd) {
  const auto document = parsed(rendered(log::format::json, "m", {{"odd", odd}}));
  return std::string{document.root().find_string("odd").value()};
}

const std::string bad = "\xEF\xBF\xBD";

}  // namespace

static_assert(!std::is_constructible_v<field, log::field_name, http::secret>, "a secret cannot be logged");
static_assert(!std::is_constructible_v<field, log::field_name, const http::secret&>);
static_assert(!std::is_constructible_v<field, log::field_name, int*>, "a pointer is no truth");
static_assert(!std::is_constructible_v<field, log::field_name, char>, "a character is no number");
static_assert(!std::is_constructible_v<log::field_name, std::string>, "a name is a literal");

TEST_CASE("a JSON line has its time, level, event and message first, then the fields as they were typed") {
  const auto id = incident_id::parse("0193e5a0-0000-7000-8000-000000000001").value();
  CHECK(rendered(log::format::json, "opened",
                 {{"incident_id", id},
                  {"severity", severity::p1},
                  {"sequence", 7},
                  {"most", std::numeric_limits<std::uint64_t>::max()},
                  {"least", std::numeric_limits<std::int64_t>::min()},
                  {"score", 0.25},
                  {"nan", std::numeric_limits<double>::quiet_NaN()},
                  {"dry_run", false},
                  {"source", std::string{"llm-sentinel"}},
                  {"note", "text"}},
                 log::level::warn) ==
        R"({"ts":"2025-11-22T01:00:00.123Z","level":"warn","event":"incident_opened","msg":"opened",)"
        R"("incident_id":"0193e5a0-0000-7000-8000-000000000001","severity":"P1","sequence":7,)"
        R"("most":18446744073709551615,"least":-9223372036854775808,"score":0.25,"nan":null,"dry_run":false,)"
        R"("source":"llm-sentinel","note":"text"})");
}

TEST_CASE("a text line reads as a sentence with names and values") {
  CHECK(rendered(log::format::text, "an incident opened",
                 {{"severity", severity::p0}, {"title", "disk is full"}, {"n", 3}}) ==
        "2025-11-22T01:00:00.123Z INFO  incident_opened: an incident opened severity=P0 title=\"disk is full\" n=3");
}

TEST_CASE("a JSON line parses whatever characters it is given") {
  CHECK(through_json("quote \" backslash \\ slash /") == "quote \" backslash \\ slash /");
  CHECK(through_json("line\nbreak\r\ttab") == "line\nbreak\r\ttab");
  CHECK(through_json(std::string_view{"nul\0end", 7}) == std::string_view{"nul\0end", 7});
  CHECK(through_json("\x01\x1f\x1b[31mred") == "\x01\x1f\x1b[31mred");
  CHECK(through_json("größe 東京 🔥") == "größe 東京 🔥");
  CHECK(through_json("\u2028\u2029") == "\u2028\u2029");
}

TEST_CASE("what is no UTF-8, or a control character that terminals obey, becomes a replacement character") {
  CHECK(through_json("a\xFFz") == "a" + bad + "z");
  CHECK(through_json("cut \xC3") == "cut " + bad);
  CHECK(through_json("cut \xE6\x9D") == "cut " + bad + bad);
  CHECK(through_json("overlong \xC0\xAF") == "overlong " + bad + bad);
  CHECK(through_json("overlong \xE0\x80\xAF") == "overlong " + bad + bad + bad);
  CHECK(through_json("surrogate \xED\xA0\x80") == "surrogate " + bad + bad + bad);
  CHECK(through_json("beyond \xF4\x90\x80\x80") == "beyond " + bad + bad + bad + bad);
  CHECK(through_json("delete \x7F") == "delete " + bad);
  CHECK(through_json("csi \xC2\x9B") == "csi " + bad);
}

TEST_CASE("every single byte leaves one line that parses, as a message and as a value") {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string odd(1, static_cast<char>(byte));
    const auto line = rendered(log::format::json, odd, {{"odd", odd}});
    CAPTURE(byte);
    CHECK(line.find('\n') == line.npos);
    CHECK(json::document::parse(line));
    CHECK(rendered(log::format::text, odd, {{"odd", odd}}).find_first_of("\n\r\x1b\x7f") == std::string::npos);
  }
}

TEST_CASE("a text line cannot be forged by a message or a value") {
  const auto line =
      rendered(log::format::text, "bad\n2025 INFO service_started: hello", {{"title", "x severity=P0\n"}});
  CHECK(line ==
        "2025-11-22T01:00:00.123Z INFO  incident_opened: \"bad\\n2025 INFO service_started: hello\" "
        "title=\"x severity=P0\\n\"");
  CHECK(rendered(log::format::text, "m", {{"a", ""}, {"b", "x=y"}}).ends_with(": m a=\"\" b=\"x=y\""));
}

TEST_CASE("a long text is cut at a character, not in one") {
  const std::string ascii(limits::log_text_bytes + 100, 'x');
  CHECK(through_json(ascii) == std::string(limits::log_text_bytes, 'x') + "…");
  const std::string exact(limits::log_text_bytes, 'x');
  CHECK(through_json(exact) == exact);
  std::string wide = "x";
  while (wide.size() < 2 * limits::log_text_bytes) wide += "ö";
  const auto cut = through_json(wide);
  CHECK(cut.ends_with("ö…"));
  CHECK(cut.size() <= limits::log_text_bytes + std::string_view{"…"}.size());
}

TEST_CASE("fields beyond the bound are left out") {
  const std::vector<field> many(limits::log_fields + 5, field{"n", 1});
  const auto line = rendered(log::format::text, "m", many);
  CHECK(line.ends_with(" n=1"));
  CHECK(static_cast<std::size_t>(std::ranges::count(line, '=')) == limits::log_fields);
}

TEST_CASE("every event has a word of its own and a meaning") {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < log::event_count; ++i) {
    const auto e = static_cast<log::event>(i);
    CHECK(words.insert(to_string(e)).second);
    CHECK_FALSE(meaning_of(e).empty());
  }
  CHECK(to_string(log::event::service_started) == "service_started");
}
