/// Bounds, timeouts and the end of connections, over real sockets. The timeouts are short; what waits, waits on its socket.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <thread>

#include "tests/http/support.hpp"

namespace {

using namespace im::http;
using namespace im::http::testing;

TEST_CASE("a body beyond the route's bound is 413 and ends the connection") {
  const auto* rest = GENERATE("Content-Length: 11\r\n\r\nabcdefghijk", "Content-Length: 1000000000000\r\n\r\n",
                              "Transfer-Encoding: chunked\r\n\r\nb\r\nabcdefghijk\r\n0\r\n\r\n",
                              "Transfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n");
  test_server server;
  auto peer = server.connect();
  const auto r = peer.send("POST /small HTTP/1.1\r\nHost: h\r\n" + std::string{rest}).read();
  CHECK(r.code == 413);
  CHECK(r.body == "PAYLOAD_TOO_LARGE");
  CHECK(r.header("Connection") == "close");
  CHECK(peer.closed());
}

TEST_CASE("a sender of 30 MB who reads only when all is sent reads the 413") {
  constexpr std::size_t bytes = 30'000'000;
  const auto* route = GENERATE("/small", "/echo", "/eight");
  const auto expect = GENERATE(std::string{}, std::string{"Expect: 100-continue\r\n"});
  test_server server;
  auto peer = server.connect();
  peer.send("POST " + std::string{route} + " HTTP/1.1\r\nHost: h\r\n" + expect +
            "Content-Length: " + std::to_string(bytes) + "\r\n\r\n");
  peer.send(std::string(bytes, 'x'));  // without the lingering close this would reset the connection
  const auto r = peer.read();
  CHECK(r.code == 413);
  CHECK(r.body == "PAYLOAD_TOO_LARGE");
  peer.end();
  CHECK(peer.closed());
}

TEST_CASE("a sender of 30 MB in chunks reads the 413") {
  constexpr std::size_t chunks = 300;
  const std::string chunk = "186a0\r\n" + std::string(100'000, 'x') + "\r\n";
  test_server server;
  auto peer = server.connect();
  peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (std::size_t i = 0; i < chunks; ++i) peer.send(chunk);
  peer.send("0\r\n\r\n");
  CHECK(peer.read().code == 413);
}

TEST_CASE("a sender who waits for 100 Continue is told 413 instead, before it sends the body") {
  test_server server;
  auto peer = server.connect();
  peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 30000000\r\n\r\n");
  CHECK(peer.read().code == 413);
}

TEST_CASE("headers and request lines beyond their bound are 431 and 414") {
  test_server server{{.header_limit_bytes = 1024}};
  auto headers = server.connect();
  CHECK(headers.send("GET /hello HTTP/1.1\r\nHost: h\r\nA: " + std::string(2000, 'x') + "\r\n\r\n").read().code == 431);
  CHECK(headers.closed());
  auto line = server.connect();
  CHECK(line.send("GET /" + std::string(2000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 414);
  CHECK(line.closed());
}

TEST_CASE("what is not HTTP is 400 and ends the connection") {
  const auto* nonsense = GENERATE("hello\r\n\r\n", "GET /hello HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
                                  "GET /items/%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  test_server server;
  auto peer = server.connect();
  const auto r = peer.send(nonsense).read();
  CHECK(r.code == 400);
  CHECK(r.body == "MALFORMED_REQUEST");
  CHECK(peer.closed());
}

TEST_CASE("the requests before a malformed one are answered") {
  test_server server;
  auto peer = server.connect();
  peer.send("GET /held/a HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n");
  server.waiting().take().answer(text(status::ok, "a"));
  CHECK(peer.read().body == "a");
  CHECK(peer.read().code == 400);
  CHECK(peer.closed());
}

TEST_CASE("a chunk's head without an end is 400") {
  test_server server{{.header_limit_bytes = 1024}};
  auto peer = server.connect();
  peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(3000, 'x'));
  CHECK(peer.read().code == 400);
}

TEST_CASE("a body that ends too early is 400") {
  test_server server;
  auto peer = server.connect();
  CHECK(peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc").end().read().code == 400);
  CHECK(peer.closed());
}

TEST_CASE(
    "large bodies beyond what may be read at once are told 503 before they are read, and there is room again after") {
  test_server server{{.large_bodies_bytes = 50'000}};
  const auto head = [](std::size_t bytes) {
    return "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
  };
  auto first = server.connect();
  first.send(head(30'000)).send(std::string(29'999, 'x'));
  auto second = server.connect();
  auto third = server.connect();
  CHECK(third.send(head(100)).send(std::string(100, 'x')).read().code == 200);  // a small one is not counted
  // The one io thread has judged the first before the third, whose connection is younger.
  const auto refused = second.send(head(30'000)).read();
  CHECK(refused.code == 503);
  CHECK(refused.header("Retry-After") == "1");
  CHECK(second.closed());
  CHECK(first.send("x").read().code == 200);
  CHECK(third.send(head(30'000)).send(std::string(30'000, 'x')).read().code == 200);
}

TEST_CASE("headers that come too slowly are 408") {
  test_server server{{.header_timeout = 30ms, .request_timeout = 1h, .idle_timeout = 1h}};
  auto peer = server.connect();
  const auto r = peer.send("GET /hello HTTP/1.1\r\nHos").read();
  CHECK(r.code == 408);
  CHECK(r.body == "REQUEST_TIMEOUT");
  CHECK(peer.closed());
}

TEST_CASE("a body that comes too slowly is 408") {
  test_server server{{.header_timeout = 1h, .request_timeout = 30ms, .idle_timeout = 1h}};
  auto peer = server.connect();
  CHECK(peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc").read().code == 408);
  CHECK(peer.closed());
}

TEST_CASE("a handler that takes too long is 503 and Retry-After, its late answer is dropped, the connection stays") {
  test_server server{{.request_timeout = 30ms}};
  auto peer = server.connect();
  peer.send("GET /held/a HTTP/1.1\r\nHost: h\r\n\r\n");
  auto late = server.waiting().take();
  const auto r = peer.read();
  CHECK(r.code == 503);
  CHECK(r.body == "TIMEOUT");
  CHECK(r.header("Retry-After") == "1");
  late.answer(text(status::ok, "too late"));
  CHECK(peer.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").read().body == "hello");
}

TEST_CASE("a route may wait longer than the others") {
  test_server server{{.request_timeout = 30ms}};
  auto patient = server.connect();
  auto other = server.connect();
  patient.send("GET /patient HTTP/1.1\r\nHost: h\r\n\r\n");
  auto h = server.waiting().take();
  other.send("GET /held/a HTTP/1.1\r\nHost: h\r\n\r\n");
  auto dropped = server.waiting().take();
  CHECK(other.read().code == 503);  // the common time is over, and was for the patient one before
  h.answer(text(status::ok, "at last"));
  CHECK(patient.read().body == "at last");
}

TEST_CASE("an idle connection is closed without a word") {
  test_server server{{.idle_timeout = 30ms}};
  auto fresh = server.connect();
  CHECK(fresh.closed());
  auto used = server.connect();
  CHECK(used.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 200);
  CHECK(used.closed());
}

TEST_CASE("a connection that waits for its handler is not idle") {
  test_server server{{.request_timeout = 1h, .idle_timeout = 20ms}};
  auto peer = server.connect();
  auto idle = server.connect();
  peer.send("GET /held/a HTTP/1.1\r\nHost: h\r\n\r\n");
  auto h = server.waiting().take();
  CHECK(idle.closed());
  h.answer(text(status::ok, "a"));
  CHECK(peer.read().body == "a");
}

TEST_CASE("a peer that does not take its answers is cut off") {
  channel<bool> closed;
  test_server server{{.write_timeout = 50ms}, {.on_connection_closed = [&] { closed.put(true); }}};
  auto peer = server.connect();
  for (int i = 0; i < 12; ++i) peer.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
  CHECK(closed.take());
}

TEST_CASE("a connection too many is told 503 and Retry-After, and there is room again when one leaves") {
  channel<bool> closed;
  channel<rejection> rejected;
  test_server server{
      {.max_connections = 1},
      {.on_connection_closed = [&] { closed.put(true); }, .on_rejected = [&](rejection r) { rejected.put(r); }}};
  {
    auto first = server.connect();
    CHECK(first.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 200);
    auto second = server.connect();
    const auto r = second.read();
    CHECK(r.code == 503);
    CHECK(r.body == "TOO_MANY_CONNECTIONS");
    CHECK(r.header("Retry-After") == "1");
    CHECK(second.closed());
    CHECK(rejected.take() == rejection::too_many_connections);
  }
  CHECK(closed.take());
  CHECK(closed.take());
  CHECK(server.connect().send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 200);
}

TEST_CASE("a drain answers what is in flight, closes what is idle, and takes nothing new") {
  channel<bool> closed;
  test_server server{{}, {.on_connection_closed = [&] { closed.put(true); }}};
  auto idle = server.connect();
  CHECK(idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 200);
  auto busy = server.connect();
  busy.send("GET /held/a HTTP/1.1\r\nHost: h\r\n\r\n");
  auto h = server.waiting().take();
  bool clean = false;
  std::jthread drainer{[&] { clean = server.get().drain(10s); }};
  CHECK(idle.closed());
  CHECK(closed.take());
  CHECK_THROWS(server.connect());
  h.answer(text(status::ok, "a"));
  const auto r = busy.read();
  CHECK(r.body == "a");
  CHECK(r.header("Connection") == "close");
  busy.end();
  CHECK(busy.closed());
  drainer.join();
  CHECK(clean);
}

TEST_CASE("a drain gives up at its deadline") {
  test_server server;
  auto peer = server.connect();
  peer.send("GET /held/a HTTP/1.1\r\nHost: h\r\n\r\n");
  auto h = server.waiting().take();
  CHECK_FALSE(server.get().drain(20ms));
  CHECK_THROWS(peer.read());
}

TEST_CASE("a request that is being sent when the drain begins is still answered") {
  channel<bool> closed;
  test_server server{{}, {.on_connection_closed = [&] { closed.put(true); }}};
  auto idle = server.connect();
  auto peer = server.connect();
  // The first answer proves that the second request's beginning has been read, too.
  CHECK(peer.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\nPOST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na")
            .read()
            .code == 200);
  CHECK(idle.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 200);
  std::jthread drainer{[&] { server.get().drain(10s); }};
  CHECK(closed.take());
  const auto r = peer.send("bc").read();
  CHECK(r.body == "abc");
  CHECK(r.header("Connection") == "close");
  peer.end();
}

TEST_CASE("a server can be stopped before it starts, twice, and while requests wait") {
  { server never{{}, router{}}; }
  test_server server{{.io_threads = 2}};
  auto peer = server.connect();
  peer.send("GET /held/a HTTP/1.1\r\nHost: h\r\n\r\n");
  auto h = server.waiting().take();
  server.get().stop();
  server.get().stop();
  CHECK_THROWS(peer.read());
}

TEST_CASE("an address that cannot be had is an exception") {
  test_server first;
  server second{{.port = first.port()}, router{}};
  CHECK_THROWS_AS(second.start(), std::system_error);
  server third{{.address = "nowhere"}, router{}};
  CHECK_THROWS_AS(third.start(), std::system_error);
}

}  // namespace
