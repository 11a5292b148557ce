#include <boost/asio/buffer.hpp>
#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "messages/json/node.hpp"
#include "tests/load/answer_parser.hpp"
#include "tests/load/bodies.hpp"
#include "tests/load/request_bytes.hpp"

using namespace im;
using namespace im::load;

namespace {

const time_point some_moment{std::chrono::hours{500'000}};
const target local{"localhost:8080", "/base", {}};

std::string replaced(std::string text, std::string_view mark, std::string_view by) {
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark)) text.replace(at, mark.size(), by);
  return text;
}

/// Feeds an answer in pieces of `step` bytes; what the parser made of it.
std::pair<unsigned, std::string> parsed(const std::string& text, std::size_t step) {
  std::string body;
  answer_parser parser{body};
  std::string waiting;
  for (std::size_t at = 0; at < text.size() && !parser.is_done(); at += step) {
    waiting += text.substr(at, step);
    boost::system::error_code failed;
    while (!waiting.empty() && !parser.is_done() && !failed)
      waiting.erase(0, parser.put(boost::asio::buffer(waiting), failed));
    REQUIRE((!failed || failed == boost::beast::http::error::need_more));
  }
  REQUIRE(parser.is_done());
  return {parser.status(), body};
}

}  // namespace

TEST_CASE("a request says where it goes, how long it is, and what was put into its places") {
  request_bytes r{local, "POST", "/incidents/XXXX/close", "application/json", R"({"id":"XXXX","n":"YY"})"};
  const auto x = r.add_slot("XXXX");
  const auto y = r.add_slot("YY");
  r.set(x, "1234");
  r.set(y, "ab");
  CHECK(r.bytes() ==
        "POST /base/incidents/1234/close HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"
        "Content-Length: 22\r\n\r\n{\"id\":\"1234\",\"n\":\"ab\"}");
  r.set(x, 1, "5678");
  CHECK(r.bytes().ends_with(R"({"id":"5678","n":"ab"})"));
  CHECK(r.bytes().starts_with("POST /base/incidents/1234/close"));
  CHECK_THROWS_AS(r.add_slot("nowhere"), std::logic_error);
}

TEST_CASE("a key is sent as a bearer token, and a GET has no body") {
  const request_bytes r{{"store:9", "", "secret"}, "GET", "/x"};
  CHECK(r.bytes() == "GET /x HTTP/1.1\r\nHost: store:9\r\nAuthorization: Bearer secret\r\n\r\n");
}

TEST_CASE("bodies are JSON with a place for each operation") {
  const auto id = std::string(operation_mark.size(), 'a');
  const auto event = event_body(subject::service, "medium", some_moment);
  const auto own = json::document::parse(replaced(event_body(subject::itself, "low", some_moment), operation_mark, id));
  REQUIRE(own);
  CHECK(own->root().find_string("execution_id") == id);
  CHECK(own->root().find("payload")->find_string("title")->ends_with(id));
  const auto list = json::document::parse(batch_body(event, 3, false));
  REQUIRE(list);
  CHECK(list->root().size() == 3);
  const auto lines = batch_body(event, 3, true);
  CHECK(std::ranges::count(lines, '\n') == 3);
  CHECK(json::document::parse(lines.substr(0, lines.find('\n'))).has_value());
  CHECK(json::document::parse(evaluation_body(some_moment, true))->root().find("dry_run")->as_bool() == true);
  CHECK_FALSE(json::document::parse(evaluation_body(some_moment, false))->root().find("dry_run"));
}

TEST_CASE("an answer is read however its bytes arrive") {
  const std::string plain =
      "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"a\":\"b c\"}";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwait\r\n3\r\ned!\r\n0\r\n\r\n";
  const std::string empty = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
  for (const std::size_t step : {1U, 7U, 1000U}) {
    CAPTURE(step);
    CHECK(parsed(plain, step) == std::pair{202U, std::string{"{\"a\":\"b c\"}"}});
    CHECK(parsed(chunked, step) == std::pair{200U, std::string{"waited!"}});
    CHECK(parsed(empty, step) == std::pair{503U, std::string{}});
  }
}

TEST_CASE("a text member is found by its name alone") {
  constexpr std::string_view body = R"({"id":"no","incident_id":7,"text":"incident_id","incident_id":"abc"})";
  CHECK(text_member(body, "\"incident_id\"") == "abc");
  CHECK(text_member(body, "\"status\"").empty());
  CHECK(text_member("", "\"status\"").empty());
}
