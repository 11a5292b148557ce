#include "http/message.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

#include "http/auth.hpp"
#include "http/limits.hpp"
#include "http/origin.hpp"
#include "http/request_writer.hpp"
#include "http/responder.hpp"

namespace {

using namespace im::http;

TEST_CASE("header fields are found in any case of letters") {
  header_fields fields;
  fields.add("Content-Type", "text/plain");
  fields.add("X-A", "1");
  fields.add("x-a", "2");
  CHECK(fields.get("content-TYPE") == "text/plain");
  CHECK(fields.get("X-A") == "1");
  CHECK(fields.count("X-a") == 2);
  CHECK_FALSE(fields.get("X"));
  CHECK(fields.at(2) == std::pair<std::string_view, std::string_view>{"x-a", "2"});
}

TEST_CASE("a query is decoded") {
  const auto q = query_params::parse("a=1&b=x+y%26z&a=2&&flag&=v");
  REQUIRE(q);
  CHECK(q->get("a") == "1");
  CHECK(q->all("a") == std::vector<std::string_view>{"1", "2"});
  CHECK(q->get("b") == "x y&z");
  CHECK(q->get("flag") == "");
  CHECK_FALSE(q->get("none"));
}

TEST_CASE("a query with a broken escape or too many parameters is refused") {
  CHECK_FALSE(query_params::parse("a=%f"));
  CHECK_FALSE(query_params::parse("a=%00"));
  std::string many = "a";
  for (std::size_t i = 1; i < limits::query_params; ++i) many += "&a";
  CHECK(query_params::parse(many));
  CHECK_FALSE(query_params::parse(many + "&a"));
}

TEST_CASE("what was percent-encoded decodes to itself") {
  const std::string all = "a/b c?d=e&f%g+\xc3\xa9~";
  CHECK(percent_decode(percent_encode(all)) == all);
  CHECK(percent_decode(percent_encode(all), plus_sign::space) == all);
}

TEST_CASE("a correlation id is sane or minted anew") {
  CHECK(is_correlation_id("abc-DEF_1.2:3"));
  CHECK_FALSE(is_correlation_id(""));
  CHECK_FALSE(is_correlation_id("a b"));
  CHECK_FALSE(is_correlation_id("a\nb"));
  CHECK_FALSE(is_correlation_id(std::string(limits::correlation_id_chars + 1, 'a')));
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto id = mint_correlation_id();
    CHECK(is_correlation_id(id));
    seen.insert(id);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("a bearer token is read from one Authorization field alone") {
  request req;
  CHECK_FALSE(bearer_token(req));
  req.headers.add("authorization", "bearer  s3cret ");
  CHECK(bearer_token(req) == "s3cret");
  req.headers.add("Authorization", "Bearer other");
  CHECK_FALSE(bearer_token(req));
  request basic;
  basic.headers.add("Authorization", "Basic s3cret");
  CHECK_FALSE(bearer_token(basic));
  request empty;
  empty.headers.add("Authorization", "Bearer ");
  CHECK_FALSE(bearer_token(empty));
}

TEST_CASE("texts of equal length are compared to their end") {
  CHECK(constant_time_equal("", ""));
  CHECK(constant_time_equal("abc", "abc"));
  CHECK_FALSE(constant_time_equal("abd", "abc"));
  CHECK_FALSE(constant_time_equal("abcabc", "abc"));
  CHECK_FALSE(constant_time_equal("ab", "abc"));
  CHECK_FALSE(constant_time_equal("", "abc"));
  CHECK_FALSE(constant_time_equal("abc", ""));
}

template <class T>
concept streamable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <class T>
concept comparable = requires(const T& a, const T& b) {
  a == b;
};

TEST_CASE("a secret cannot be streamed or compared, and leaves nothing where it was moved from") {
  static_assert(!streamable<secret>);
  static_assert(!comparable<secret>);
  static_assert(!std::is_convertible_v<secret, std::string_view>);
  secret first{"short"};
  const secret second{std::move(first)};
  CHECK(second.reveal() == "short");
  CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}

TEST_CASE("a responder answers once, and 500 when it is destroyed unanswered") {
  std::vector<status> answers;
  const auto take = [&](response&& r) { answers.push_back(r.code); };
  {
    auto answer = responder::into(take);
    CHECK(answer);
    answer({.code = status::created});
    CHECK_FALSE(answer);
    answer({.code = status::ok});
  }
  CHECK(answers == std::vector{status::created});
  { const auto answer = responder::into(take); }
  CHECK(answers == std::vector{status::created, status::internal_server_error});
  auto first = responder::into(take);
  first = responder::into(take);
  CHECK(answers.size() == 3);
  auto second = std::move(first);
  second({});
  CHECK(answers.back() == status::ok);
  CHECK(answers.size() == 4);
}

TEST_CASE("an origin is read from a URL") {
  const auto plain = origin::parse("http://localhost:8081/base/");
  REQUIRE(plain);
  CHECK_FALSE(plain->tls);
  CHECK(plain->host == "localhost");
  CHECK(plain->port == 8081);
  CHECK(plain->base == "/base");
  CHECK(plain->to_string() == "http://localhost:8081/base");
  const auto tls = origin::parse("https://example.org");
  REQUIRE(tls);
  CHECK(tls->tls);
  CHECK(tls->port == 443);
  CHECK(tls->authority() == "example.org");
  const auto six = origin::parse("http://[::1]:80");
  REQUIRE(six);
  CHECK(six->host == "::1");
  CHECK(six->authority() == "[::1]");
}

TEST_CASE("what is no origin is refused, and a password in it not repeated") {
  for (const auto* url :
       {"", "localhost:80", "ftp://a", "http://", "http://a:99999", "http://a/?q", "http://a#f", "http://a b"}) {
    CAPTURE(url);
    CHECK_FALSE(origin::parse(url));
  }
  const auto with_password = origin::parse("http://user:hunter2@host/");
  REQUIRE_FALSE(with_password);
  CHECK(with_password.error().find("hunter2") == std::string::npos);
}

TEST_CASE("a request is written with its frame, and refused where it would break it") {
  const origin to{.tls = false, .host = "h", .port = 81, .base = "/b"};
  const auto text =
      write_request(to, {.method = verb::post, .target = "/x?y=1", .headers = {{"X-A", "1"}}, .body = "{}"});
  REQUIRE(text);
  CHECK(*text ==
        "POST /b/x?y=1 HTTP/1.1\r\nHost: h:81\r\nUser-Agent: llm-incident-manager\r\nX-A: 1\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  CHECK_FALSE(write_request(to, {.target = "/a b"}));
  CHECK_FALSE(write_request(to, {.target = "/a\r\nX: y"}));
  CHECK_FALSE(write_request(to, {.target = "a"}));
  CHECK_FALSE(write_request(to, {.headers = {{"X-A", "1\r\nX-B: 2"}}}));
  CHECK_FALSE(write_request(to, {.headers = {{"X A", "1"}}}));
  CHECK(write_request(to, {.headers = {{"content-length", "7"}}})->find("content-length") == std::string::npos);
}

}  // namespace
