#include "messages/json/fault.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

using namespace im;

std::string told(std::string_view text) {
  const auto found = json::find_fault(text);
  const auto doc = json::document::parse(text);
  if (!found) return doc ? "valid" : "disagree";
  return doc ? "disagree" : json::describe_fault(text, *found);
}

}  // namespace

TEST_CASE("what is malformed is named with its line and its column") {
  CHECK(told("{\n  \"a\": 1,\n  \"b\": tru\n}") == "line 3, column 8: a value is expected");
  CHECK(told("{\"é€😀\":1 \"b\"}") == "line 1, column 10: ',' or '}' is expected");
  CHECK(told("[1 2]") == "line 1, column 4: ',' or ']' is expected");
  CHECK(told("[1,]") == "line 1, column 4: a value is expected");
  CHECK(told("{a:1}") == "line 1, column 2: a name in double quotes is expected");
  CHECK(told("{\"a\":1,}") == "line 1, column 8: a name in double quotes is expected");
  CHECK(told("{\"a\" 1}") == "line 1, column 6: ':' is expected");
  CHECK(told("{\"a\":[1") == "line 1, column 8: the text ends before its value is complete");
  CHECK(told("[\"ab") == "line 1, column 5: the text ends within a string");
  CHECK(told("[\"a\tb\"]") == "line 1, column 4: a control character must be escaped");
  CHECK(told("[\"\\x\"]") == "line 1, column 3: an escape is malformed");
  CHECK(told("[\"\\u12g4\"]") == "line 1, column 3: an escape is malformed");
  CHECK(told("[\"\xC3(\"]") == "line 1, column 3: the text is not valid UTF-8");
  CHECK(told("[01]") == "line 1, column 3: a number must not begin with 0");
  CHECK(told("[1.]") == "line 1, column 4: a digit is expected");
  CHECK(told("{}\n{}") == "line 2, column 1: nothing may follow the value");
  CHECK(told(std::string(33, '[') + '1' + std::string(33, ']')) == "line 1, column 33: the text is nested too deeply");
  CHECK(told("{123456789012345678901234567890:1}") == "line 1, column 2: a name in double quotes is expected");
}

TEST_CASE("the parser and the search for faults agree") {
  for (const std::string_view text : {"0",
                                      "-0",
                                      "1e5",
                                      "-1.5E-3",
                                      "\"\"",
                                      "true",
                                      "null",
                                      "[[],{}]",
                                      "{\"a\":{\"b\":[1,2,{}]}}",
                                      "1e400",
                                      "[\"\\ud83d\"]",
                                      "\"\\u00e9\\/\\b\"",
                                      "\"\xF0\x9F\x98\x80\"",
                                      "-",
                                      "+1",
                                      ".5",
                                      "1e",
                                      "1e+",
                                      "nul",
                                      "nulll",
                                      "\"",
                                      "[",
                                      "]",
                                      "{\"a\"}",
                                      "[,]",
                                      "\"\xED\xA0\x80\"",
                                      "\"\xC0\xAF\"",
                                      "\"\xF5\x80\x80\x80\"",
                                      "\"\xE2\x82\"",
                                      "[1]x",
                                      "--1",
                                      "00",
                                      "\x80",
                                      "\"\\u12\""}) {
    CAPTURE(text);
    CHECK(told(text) != "disagree");
  }
}

TEST_CASE("a valid array is taken apart, however deep its items are") {
  const auto deep = std::string(100'000, '[') + std::string(100'000, ']');
  const auto text = "[ {\"a\":1,\"a\":2} ,\n" + deep + ",\"],[\", [] ]";
  const auto items = json::array_items(text);
  REQUIRE(items);
  REQUIRE(items->size() == 4);
  CHECK(items->at(0) == "{\"a\":1,\"a\":2}");
  CHECK(items->at(1).size() == deep.size());
  CHECK(items->at(2) == "\"],[\"");
  CHECK(items->at(3) == "[]");
  CHECK(json::array_items("[]")->empty());
  for (const auto* other : {"{}", "1", "[1", "[1,]", ""}) CHECK_FALSE(json::array_items(other));
}

TEST_CASE("a part of a body names its place in the body") {
  const auto place = json::behind({}, "[1,\né ");
  CHECK(place.line == 2);
  CHECK(place.column == 3);
  CHECK(json::parse_at("{\"a\"}", place).error().message == "line 2, column 7: ':' is expected");
  CHECK(json::parse_at("{\n}}", place).error().message == "line 3, column 2: nothing may follow the value");
}
