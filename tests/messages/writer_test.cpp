#include "messages/json/writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <limits>

#include "messages/json/node.hpp"

namespace {

using namespace im;

template <class T>
std::string number(T value) {
  json::writer out;
  out.number(value);
  return out.take();
}

TEST_CASE("the writer knows its commas") {
  json::writer out;
  out.begin_object();
  out.key("a");
  out.begin_array();
  out.number(1);
  out.begin_object();
  out.end_object();
  out.begin_array();
  out.end_array();
  out.raw("{\"r\":1}");
  out.null();
  out.boolean(false);
  out.end_array();
  out.key("b");
  out.string("x");
  out.end_object();
  CHECK(out.take() == R"({"a":[1,{},[],{"r":1},null,false],"b":"x"})");
}

TEST_CASE("a writer that another was made from starts anew") {
  json::writer first;
  first.begin_array();
  first.number(1);
  json::writer second{std::move(first)};
  second.number(2);
  second.end_array();
  CHECK(second.take() == "[1,2]");
  first.string("x");  // NOLINT(bugprone-use-after-move): that it may be used is what is tested
  CHECK(first.take() == "\"x\"");
}

TEST_CASE("what must be escaped is found wherever it stands, and nothing else is") {
  for (const std::size_t size : {1, 7, 8, 9, 15, 16, 17, 24, 25, 39})
    for (int c = 0; c < 256; ++c)
      for (std::size_t at = 0; at < size; ++at) {
        const auto byte = static_cast<char>(c);
        std::string text(size, '\x7f');
        text[at] = byte;
        json::writer out;
        out.string(text);
        const bool escaped = c < 0x20 || byte == '"' || byte == '\\';
        const auto got = out.take();
        CHECK((got == '"' + text + '"') == !escaped);
        CHECK((got.find('\\') == at + 1) == escaped);
      }
}

TEST_CASE("every byte below the space, the quote and the backslash are escaped, and read back") {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  all += "\xC3\xA9\xF0\x9F\x98\x80";
  json::writer out;
  out.string(all);
  const auto doc = json::document::parse(out.str());
  REQUIRE(doc);
  CHECK(doc->root().as_string() == all);
  json::writer key;
  key.begin_object();
  key.key("a\"b\n");
  key.number(1);
  key.end_object();
  CHECK(key.str() == "{\"a\\\"b\\n\":1}");
}

TEST_CASE("numbers are written shortest, and read back equal") {
  CHECK(number(0.1) == "0.1");
  CHECK(number(3.0) == "3");
  CHECK(number(-0.5) == "-0.5");
  CHECK(number(-0.0) == "0");
  CHECK(number(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(number(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(number(std::nan("")) == "null");
  CHECK(number(std::numeric_limits<double>::infinity()) == "null");
  for (const double value : {1e300, 5e-324, 1.7976931348623157e308, 123456789.123456789, 1.0 / 3,
                             444446444444444444440.6, -9007199254740994.0}) {
    const auto doc = json::document::parse(number(value));
    REQUIRE(doc);
    CHECK(doc->root().as_double() == value);
  }
}

TEST_CASE("a writer tells only what it wrote itself, whatever room it was handed") {
  const auto list_of = [](std::size_t texts) {
    json::writer out;
    out.begin_array();
    for (std::size_t i = 0; i < texts; ++i) out.string("seven");
    out.end_array();
    return out.take();
  };
  CHECK(list_of(0) == "[]");
  const auto before = list_of(1000);
  CHECK(list_of(1) == R"(["seven"])");

  json::writer outer;
  outer.begin_array();
  outer.string("outer");
  CHECK(list_of(2) == R"(["seven","seven"])");  // while another is at work on this thread
  outer.end_array();
  CHECK(outer.str() == R"(["outer"])");
  CHECK(outer.take() == R"(["outer"])");
  outer.number(1);
  CHECK(outer.take() == "1");
  CHECK(before.size() == 1000 * 8 + 1);
  CHECK(before.ends_with(R"(,"seven"])"));
}

}  // namespace
