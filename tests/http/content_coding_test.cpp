#include "http/content_coding.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/http/support.hpp"

namespace {

using namespace im::http;
using namespace im::http::testing;
using namespace std::string_literals;

constexpr std::string_view plain = R"({"a":1})";

// What gzip 1.12, zstd 1.5.4 and Python's zlib make of it.
const auto by_gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\xaf\xac\x1b\x56\x07\x00\x00\x00"s;
const auto by_zstd = "\x28\xb5\x2f\xfd\x04\x58\x39\x00\x00\x7b\x22\x61\x22\x3a\x31\x7d\x48\x8b\xfc\x32"s;
const auto by_zlib = "\x78\x9c\xab\x56\x4a\x54\xb2\x32\xac\x05\x00\x08\x2a\x02\x09"s;
const auto bare = "\xab\x56\x4a\x54\xb2\x32\xac\x05\x00"s;

struct sample {
  const char* coding;
  const std::string& body;
};

std::vector<sample> samples() {
  return {{"gzip", by_gzip}, {"X-GZIP", by_gzip}, {"deflate", by_zlib}, {"deflate", bare}, {"zstd", by_zstd}};
}

std::string post(std::string_view coding, std::string_view body) {
  return "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nContent-Encoding: " + std::string{coding} + "\r\n\r\n" + std::string{body};
}

}  // namespace

TEST_CASE("a body is what it was before it was compressed") {
  for (const auto& [coding, body] : samples()) {
    INFO(coding);
    CHECK(is_known_coding(coding));
    CHECK(decode_body(coding, body, 1000) == std::string{plain});
    CHECK(decode_body(coding, body, plain.size()) == std::string{plain});
  }
  CHECK(decode_body("gzip", by_gzip + by_gzip, 1000) == std::string{plain} + std::string{plain});
  CHECK(decode_body("zstd", by_zstd + by_zstd, 1000) == std::string{plain} + std::string{plain});
}

TEST_CASE("a body that is cut off, has something behind its end or is none is damaged") {
  for (const auto& [coding, body] : samples()) {
    INFO(coding);
    for (std::size_t size = 0; size < body.size(); ++size) {
      CAPTURE(size);
      CHECK(decode_body(coding, body.substr(0, size), 1000) == std::unexpected{coding_fault::damaged});
    }
    CHECK(decode_body(coding, body + "x", 1000) == std::unexpected{coding_fault::damaged});
  }
  CHECK(decode_body("gzip", plain, 1000) == std::unexpected{coding_fault::damaged});
  CHECK(decode_body("zstd", plain, 1000) == std::unexpected{coding_fault::damaged});
}

TEST_CASE("a body that unpacks to more than the limit is not unpacked beyond it") {
  for (const auto& [coding, body] : samples()) {
    INFO(coding);
    CHECK(decode_body(coding, body, plain.size() - 1) == std::unexpected{coding_fault::too_large});
  }
  std::string bomb;
  for (int i = 0; i < 1000; ++i) bomb += by_gzip;
  CHECK(decode_body("gzip", bomb, 1000) == std::unexpected{coding_fault::too_large});
  CHECK(decode_body("gzip", bomb, 7000)->size() == 7000);
}

TEST_CASE("a handler sees a compressed body as it was, and the connection goes on after one that cannot be read") {
  test_server server;
  auto peer = server.connect();
  CHECK(peer.send(post("gzip", by_gzip)).read().body == plain);
  CHECK(peer.send(post("identity", plain)).read().body == plain);
  CHECK(peer.send(post("gzip", plain)).read().code == 400);
  const auto unknown = peer.send(post("br", plain)).read();
  CHECK(unknown.code == 415);
  CHECK(unknown.header("Accept-Encoding") == known_codings);
  CHECK(peer.send(post("gzip, zstd", by_gzip)).read().code == 415);
  CHECK(peer.send(post("zstd", by_zstd)).read().body == plain);
}

TEST_CASE("a bomb is 413, and its connection goes on") {
  // A thousand letters a.
  const auto bomb =
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x4c\x1c\x05\xa3\x60\x14\x0c\x77\x00\x00\x03\xda\x38\x9a\xe8\x03\x00\x00"s;
  server_config config;
  config.body_limit_bytes = 100;
  test_server server{config};
  auto peer = server.connect();
  CHECK(peer.send(post("gzip", bomb)).read().code == 413);
  CHECK(peer.send(post("gzip", by_gzip)).read().body == plain);
}
