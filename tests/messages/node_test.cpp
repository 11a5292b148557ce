#include "messages/json/node.hpp"

#include <catch2/catch_test_macros.hpp>

#include "messages/limits.hpp"

namespace {

using namespace im;
using json::document;

bool reads(std::string_view text) {
  const auto doc = document::parse(text);
  if (!doc) {
    CHECK(doc.error().code == errc::malformed_body);
    CHECK_FALSE(doc.error().message.empty());
  }
  return doc.has_value();
}

std::string canonical(std::string_view text) {
  const auto doc = document::parse(text);
  REQUIRE(doc);
  return doc->root().canonical();
}

TEST_CASE("only one complete JSON value is a document") {
  for (const auto* good : {"{}", "[]", " 1 ", "\"x\"", "null", "true", "{\"a\":[1,{\"b\":null}]}"}) CHECK(reads(good));
  for (const auto* bad : {"",        " ",       "{",     "}",      "{}{}", "[1,]",     "{\"a\":}", "{a:1}", "'x'",
                          "01",      "+1",      "1.",    ".5",     "NaN",  "Infinity", "nul",      "tru",   "\"\t\"",
                          "\"\\x\"", "// c\n1", "[1 2]", "\"open", "-",    "1e",       "{1e999:1}"}) {
    CAPTURE(bad);
    CHECK_FALSE(reads(bad));
  }
  using namespace std::string_view_literals;
  CHECK_FALSE(reads("{}\0"sv));
  CHECK_FALSE(reads("\"a\0b\""sv));
}

TEST_CASE("text must be UTF-8") {
  CHECK(reads("\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\""));
  for (const auto* bad :
       {"\"\xC3\"", "\"\xFF\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xE2\x82\""})
    CHECK_FALSE(reads(bad));
}

TEST_CASE("an object that repeats a key is refused, however deep and however written") {
  CHECK_FALSE(reads(R"({"a":1,"a":1})"));
  CHECK_FALSE(reads(R"({"a":1,"b":{"c":[{"d":1,"e":2,"d":3}]}})"));
  CHECK_FALSE(reads(R"({"a":1,"\u0061":2})"));
  CHECK(reads(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"));
  std::string many = "{";
  for (int i = 0; i < 100; ++i) many += "\"key" + std::to_string(i) + "\":0,";
  CHECK(reads(many + "\"last\":0}"));
  CHECK_FALSE(reads(many + "\"key3\":0}"));
  CHECK_FALSE(reads(many + "\"key99\":0}"));
}

TEST_CASE("nesting is bounded") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + "1" + std::string(depth, ']'); };
  CHECK(reads(nested(limits::json_depth)));
  CHECK_FALSE(reads(nested(limits::json_depth + 1)));
  CHECK_FALSE(reads(nested(100'000)));
  CHECK(reads(nested(limits::json_depth)));  // and the parser is as good as before
}

TEST_CASE("a large body after a small one, and many parsers at once, read well") {
  const std::string large = "[\"" + std::string(3 << 20, 'x') + "\"]";
  CHECK(reads("1"));
  CHECK(reads(large));
  CHECK(reads("1"));
  std::vector<document> alive;
  for (int i = 0; i < 10; ++i) {
    auto doc = document::parse("{\"i\":" + std::to_string(i) + "}");
    REQUIRE(doc);
    alive.push_back(std::move(*doc));
  }
  for (int i = 0; i < 10; ++i) CHECK(alive[static_cast<std::size_t>(i)].root().find("i")->as_int() == i);
}

TEST_CASE("numbers keep their value, and are integers only when they are") {
  const auto doc =
      document::parse(R"([9223372036854775807,-9223372036854775808,9223372036854775808,18446744073709551615,
                                       1.0,1.5,1e3,9007199254740993.0,-0.0,"1",true])");
  REQUIRE(doc);
  std::vector<std::optional<std::int64_t>> whole;
  doc->root().each_item([&](std::size_t, json::node n) { whole.push_back(n.as_int()); });
  CHECK(whole == std::vector<std::optional<std::int64_t>>{
                     INT64_MAX, INT64_MIN, {}, {}, 1, {}, 1000, 9007199254740992, 0, {}, {}});
  std::vector<bool> real;
  doc->root().each_item([&](std::size_t, json::node n) { real.push_back(n.as_double().has_value()); });
  CHECK(real == std::vector<bool>{true, true, true, true, true, true, true, true, true, false, false});
  CHECK(canonical("18446744073709551615") == "18446744073709551615");
  CHECK(canonical("1e29") == "1e+29");
}

TEST_CASE("a number beyond 64 bits or a double keeps its text, and its document is read") {
  constexpr std::string_view text =
      R"({"a":[123456789012345678901234567890,-9223372036854775809,1e400,-1E+400,0e99999999999999999999],"b":1e-400,"c":"x"})";
  const auto doc = document::parse(text);
  REQUIRE(doc);
  const auto root = doc->root();
  const auto list = *root.find("a");
  CHECK(list.text() == "[123456789012345678901234567890,-9223372036854775809,1e400,-1E+400,0e99999999999999999999]");
  CHECK(root.canonical().starts_with(R"({"a":[123456789012345678901234567890,-9223372036854775809,1e400,-1E+400,)"));
  CHECK(canonical(root.canonical()) == root.canonical());
  list.each_item([](std::size_t, json::node n) {
    CHECK(n.is(json::kind::number));
    CHECK(n.as_int().value_or(0) == 0);
    CHECK_FALSE(n.as_string());
  });
  std::vector<std::optional<double>> values;
  list.each_item([&](std::size_t, json::node n) { values.push_back(n.as_double()); });
  CHECK(values ==
        std::vector<std::optional<double>>{123456789012345678901234567890.0, -9223372036854775809.0, {}, {}, 0});
  CHECK(root.find_string("c") == "x");
  // What callers write cannot be taken for such a number.
  const auto forged = document::parse(R"({"n":1e400,"s":"\u00010123456789abcdef1,\"x\":2"})");
  REQUIRE(forged);
  CHECK(forged->root().find("s")->is(json::kind::string));
  CHECK(forged->root().size() == 2);
}

TEST_CASE("half of a surrogate pair becomes U+FFFD") {
  CHECK(canonical(R"(["\ud83d"])") == "[\"\xEF\xBF\xBD\"]");
  CHECK(canonical(R"(["a\uDE00b","\ud83d\ud83d\ude00","\\ud83d"])") ==
        "[\"a\xEF\xBF\xBD"
        "b\",\"\xEF\xBF\xBD\xF0\x9F\x98\x80\",\"\\\\ud83d\"]");
  CHECK(canonical(R"({"\ud83d":1})") == "{\"\xEF\xBF\xBD\":1}");
}

TEST_CASE("a byte order mark before the document is skipped") {
  CHECK(canonical("\xEF\xBB\xBF{\"a\":1}") == R"({"a":1})");
  CHECK_FALSE(reads("\xEF\xBB\xBF"));
}

TEST_CASE("canonical text does not depend on spaces, escapes or the order of keys") {
  const auto* expected = R"({"a":[1,{"x":null,"y":true}],"b":"é","c":0.5})";
  CHECK(canonical(R"({"a":[1,{"x":null,"y":true}],"b":"é","c":0.5})") == expected);
  CHECK(canonical(R"( { "c" : 5e-1, "b":"\u00e9","a":[ 1 ,{"y":true,"x":null}]} )") == expected);
  CHECK(canonical("[2,1]") != canonical("[1,2]"));
  CHECK(canonical(R"({"a":1,"A":2,"":3})") == R"({"":3,"A":2,"a":1})");
  CHECK(canonical("\"\\u0001\\b\\n\\/\"") == "\"\\u0001\\u0008\\n/\"");
}

TEST_CASE("a node answers for what it is, and with nothing for what it is not") {
  const auto doc = document::parse(R"({"s":"x","n":1,"a":[1,2],"o":{"k":"v"},"z":null})");
  REQUIRE(doc);
  const auto root = doc->root();
  CHECK(root.size() == 5);
  CHECK(root.find_string("s") == "x");
  CHECK_FALSE(root.find_string("n"));
  CHECK_FALSE(root.find("missing"));
  CHECK(root.find("z")->is(json::kind::null));
  CHECK(root.find("a")->size() == 2);
  CHECK_FALSE(root.find("a")->find("k"));
  CHECK(root.find("o")->text() == R"({"k":"v"})");
  CHECK_FALSE(root.find("s")->as_bool());
  int visited = 0;
  root.find("n")->each_item([&](std::size_t, json::node) { ++visited; });
  root.find("a")->each_member([&](std::string_view, json::node) { ++visited; });
  CHECK(visited == 0);
}

}  // namespace
