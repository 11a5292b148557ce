#include "http/request_parser.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#include <random>

namespace {

using namespace im::http;

struct outcome {
  parse_step last{parse_step::need_more};
  std::size_t consumed{0};
};

/// Feeds `text` in pieces that `next_size` gives, until the parser ends or the text does.
template <class NextSize>
outcome feed(request_parser& parser, std::string_view text, NextSize next_size) {
  outcome out;
  std::string unread;
  while (out.consumed + unread.size() < text.size()) {
    unread += text.substr(out.consumed + unread.size(), next_size());
    for (;;) {
      std::size_t used = 0;
      out.last = parser.feed(unread, used);
      unread.erase(0, used);
      out.consumed += used;
      if (out.last != parse_step::headers) break;
      parser.body(1000, true);
    }
    if (out.last != parse_step::need_more) return out;
  }
  return out;
}

outcome feed_whole(request_parser& parser, std::string_view text) {
  return feed(parser, text, [&] { return text.size(); });
}

constexpr std::string_view plain =
    "POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"a\":[1,2]}";
constexpr std::string_view chunked =
    "POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
    "5;ext=1\r\n{\"a\":\r\n6\r\n[1,2]}\r\n0\r\nX-Trailer: t\r\n\r\n";

TEST_CASE("a request reads the same however its bytes are cut") {
  const auto text = GENERATE(plain, chunked);
  const auto seed = GENERATE(range(1U, 50U));
  CAPTURE(seed);
  std::mt19937 generator{seed};
  request_parser parser{8192};
  const auto out = feed(parser, text, [&] { return 1 + generator() % 7; });
  REQUIRE(out.last == parse_step::complete);
  CHECK(out.consumed == text.size());
  CHECK(parser.message().method == verb::post);
  CHECK(parser.message().path == "/a/b");
  CHECK(parser.message().query.get("c") == "d");
  CHECK(parser.message().header("content-type") == "application/json");
  CHECK(parser.message().body == "{\"a\":[1,2]}");
  CHECK(parser.body_bytes() == 11);
  CHECK(parser.keep_alive());
}

TEST_CASE("a trailer is not a header") {
  request_parser parser{8192};
  REQUIRE(feed_whole(parser, chunked).last == parse_step::complete);
  CHECK_FALSE(parser.message().header("X-Trailer"));
}

TEST_CASE("reading stops where the next request begins") {
  request_parser parser{8192};
  const std::string two = std::string{plain} + "GET / HTTP/1.1\r\n";
  CHECK(feed_whole(parser, two).consumed == plain.size());
}

TEST_CASE("empty lines before a request are skipped") {
  request_parser parser{8192};
  const std::string text = "\r\n\r\n" + std::string{plain};
  CHECK(feed_whole(parser, text).last == parse_step::complete);
}

TEST_CASE("a slash at the end of a path makes no difference") {
  for (const auto& [target, path] :
       {std::pair{"/p/q/", "/p/q"}, std::pair{"/p/q/?x=1", "/p/q"}, std::pair{"/", "/"}, std::pair{"/p//", "/p/"}}) {
    INFO(target);
    request_parser parser{8192};
    const auto text = std::string{"GET "} + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
    REQUIRE(feed_whole(parser, text).last == parse_step::complete);
    CHECK(parser.message().path == path);
  }
}

TEST_CASE("the path is the same in all forms of a target") {
  const auto target = GENERATE(std::string{"/p/q?x=http://y"}, std::string{"http://host:81/p/q?x=http://y"});
  request_parser parser{8192};
  REQUIRE(feed_whole(parser, "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").last == parse_step::complete);
  CHECK(parser.message().path == "/p/q");
  CHECK(parser.message().query.get("x") == "http://y");
  CHECK(parser.message().target == target);
}

TEST_CASE("a request that two readers could read in two ways is malformed") {
  const auto* text =
      GENERATE("GET / HTTP/1.1\r\n\r\n",                                                          // no Host
               "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",                                    // two
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",  //
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",                 //
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",        //
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",             //
               "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",     //
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",                      //
               "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\n",    //
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",        //
               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",  //
               "GET / HTTP/1.1\r\nHost : a\r\n\r\n",                                            // space before ':'
               "GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET /\r\n\r\n",
               "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?a=%0 HTTP/1.1\r\nHost: a\r\n\r\n",
               "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 (TLS)\r\n\r\n");
  CAPTURE(text);
  request_parser parser{8192};
  CHECK(feed_whole(parser, text).last == parse_step::malformed);
}

TEST_CASE("the limits hold for line, headers, their number and the body") {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  std::string many = start;
  for (int i = 0; i < 101; ++i) many += "A: b\r\n";
  std::string long_in_sum = start;
  for (int i = 0; i < 20; ++i) long_in_sum += "A: " + std::string(100, 'x') + "\r\n";
  struct row {
    std::string text;
    parse_step step;
  };
  const auto [text, step] = GENERATE_COPY(
      row{"GET /" + std::string(2000, 'x'), parse_step::target_too_long},
      row{start + "A: " + std::string(2000, 'x'), parse_step::headers_too_large},
      row{long_in_sum, parse_step::headers_too_large}, row{many + "\r\n", parse_step::headers_too_large},
      row{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n",
          parse_step::need_more},  // the session compares this one
      row{"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\nx", parse_step::body_too_large},
      row{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", parse_step::body_too_large},
      row{"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
          parse_step::body_too_large});
  request_parser parser{1024};
  CHECK(feed_whole(parser, text).last == step);
}

TEST_CASE("a body that nobody wants is counted, not kept") {
  request_parser parser{8192};
  std::size_t used = 0;
  REQUIRE(parser.feed(plain, used) == parse_step::headers);
  parser.body(1000, false);
  REQUIRE(parser.feed(plain.substr(used), used) == parse_step::complete);
  CHECK(parser.message().body.empty());
  CHECK(parser.body_bytes() == 11);
}

TEST_CASE("HTTP/1.0 closes unless it asks not to") {
  request_parser closing{8192};
  REQUIRE(feed_whole(closing, "GET / HTTP/1.0\r\n\r\n").last == parse_step::complete);
  CHECK_FALSE(closing.keep_alive());
  request_parser keeping{8192};
  REQUIRE(feed_whole(keeping, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").last == parse_step::complete);
  CHECK(keeping.keep_alive());
}

}  // namespace
