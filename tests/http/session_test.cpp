/// What one connection does, over real sockets.

#include <pthread.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <thread>

#include "telemetry/log.hpp"
#include "tests/http/support.hpp"

namespace {

using namespace im::http;
using namespace im::http::testing;

std::string get(std::string_view path, std::string_view more = "") {
  return "GET " + std::string{path} + " HTTP/1.1\r\nHost: h\r\n" + std::string{more} + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
  return "POST " + std::string{path} + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string{more} + "\r\n" + std::string{body};
}

TEST_CASE("a connection carries many requests") {
  test_server server;
  auto peer = server.connect();
  for (int i = 0; i < 3; ++i) {
    const auto r = peer.send(get("/hello")).read();
    CHECK(r.code == 200);
    CHECK(r.body == "hello");
    CHECK(r.header("Connection").empty());
    CHECK(r.header("Server") == "llm-incident-manager");
    CHECK(r.header("X-Content-Type-Options") == "nosniff");
    CHECK(r.header("Content-Type") == "text/plain");
    CHECK(r.header("Date").ends_with(" GMT"));
  }
}

TEST_CASE("a request may come byte by byte") {
  test_server server;
  auto peer = server.connect();
  for (const char c : post("/echo", "slow and steady")) peer.send({&c, 1});
  CHECK(peer.read().body == "slow and steady");
}

TEST_CASE("path parameters, query and route reach the handler") {
  test_server server;
  auto peer = server.connect();
  CHECK(peer.send(get("/items/a%20b?q=1%2B1")).read().body == "a b|1+1|/items/{id}");
}

TEST_CASE("an answer leaves in the order of its request") {
  test_server server;
  auto peer = server.connect();
  peer.send(get("/held/a") + get("/held/b") + get("/hello"));
  auto first = server.waiting().take();
  auto second = server.waiting().take();
  second.answer(text(status::ok, "b"));
  first.answer(text(status::ok, "a"));
  CHECK(peer.read().body == "a");
  CHECK(peer.read().body == "b");
  CHECK(peer.read().body == "hello");
}

TEST_CASE("more requests than may be handled at once wait, and none is lost") {
  test_server server{{.max_pipelined_requests = 2}};
  auto peer = server.connect();
  std::string all;
  for (int i = 0; i < 50; ++i) all += i % 2 == 0 ? get("/held/" + std::to_string(i)) : post("/echo", std::to_string(i));
  peer.send(all);
  for (int i = 0; i < 50; ++i) {
    if (i % 2 == 0) {
      auto h = server.waiting().take();
      h.answer(text(status::ok, std::string{*h.req.params.get("name")}));
    }
    CHECK(peer.read().body == std::to_string(i));
  }
}

TEST_CASE("answers may come from many threads at once") {
  test_server server{{.io_threads = 2, .max_pipelined_requests = 16}};
  std::deque<raw_peer> peers;
  for (int i = 0; i < 4; ++i) peers.emplace_back(server.port());
  for (auto& peer : peers) {
    std::string all;
    for (int i = 0; i < 16; ++i) all += get("/held/" + std::to_string(i));
    peer.send(all);
  }
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 16; ++i) {
        auto h = server.waiting().take();
        h.answer(text(status::ok, std::string{*h.req.params.get("name")}));
      }
    });
  }
  for (auto& peer : peers)
    for (int i = 0; i < 16; ++i) CHECK(peer.read().body == std::to_string(i));
}

TEST_CASE("a chunked body arrives whole") {
  test_server server;
  auto peer = server.connect();
  peer.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: "
      "v\r\n\r\n");
  CHECK(peer.read().body == "abcde");
  CHECK(peer.send(get("/hello")).read().code == 200);
}

TEST_CASE("a large body goes both ways") {
  test_server server;
  auto peer = server.connect();
  const std::string body(900'000, 'b');
  CHECK(peer.send(post("/echo", body)).read().body == body);
  CHECK(peer.send(get("/large") + get("/hello") + get("/large")).read().body.size() == 1 << 20);
  CHECK(peer.read().body == "hello");
  CHECK(peer.read().body.size() == 1 << 20);
}

TEST_CASE("100 Continue is told when the headers are acceptable") {
  test_server server;
  auto peer = server.connect();
  peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(peer.read().code == 100);
  peer.send("abc");
  const auto r = peer.read();
  CHECK(r.code == 200);
  CHECK(r.body == "abc");
  CHECK(peer.send(get("/hello")).read().code == 200);
}

TEST_CASE("100 Continue waits for the answers before it") {
  test_server server;
  auto peer = server.connect();
  peer.send(get("/held/a") + "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  server.waiting().take().answer(text(status::ok, "a"));
  CHECK(peer.read().body == "a");
  CHECK(peer.read().code == 100);
  CHECK(peer.send("abc").read().body == "abc");
}

TEST_CASE("instead of 100 Continue comes the final status when the headers are not acceptable") {
  struct row {
    const char* line;
    const char* more;
    unsigned code;
  };
  const auto [line, more, code] =
      GENERATE(row{"POST /nowhere", "Content-Length: 3\r\n", 404}, row{"PUT /echo", "Content-Length: 3\r\n", 405},
               row{"POST /small", "Content-Length: 11\r\n", 413},
               row{"POST /echo", "Content-Length: 3\r\nContent-Type: image/png\r\n", 415});
  test_server server;
  auto peer = server.connect();
  peer.send(std::string{line} + " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n" + more + "\r\n");
  const auto r = peer.read();
  CHECK(r.code == code);
  CHECK(r.header("Connection") == "close");
  CHECK(peer.closed());
}

TEST_CASE("another expectation is answered 417") {
  test_server server;
  auto peer = server.connect();
  CHECK(peer.send(post("/echo", "abc", "Expect: the unexpected\r\n")).read().code == 417);
  CHECK(peer.closed());
}

TEST_CASE("HEAD is GET without the body") {
  test_server server;
  auto peer = server.connect();
  const auto r = peer.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n").read(true);
  CHECK(r.code == 200);
  CHECK(r.header("Content-Length") == "5");
  CHECK(peer.send(get("/hello")).read().body == "hello");
}

TEST_CASE("OPTIONS is answered 204 with the methods") {
  test_server server;
  auto peer = server.connect();
  const auto r = peer.send("OPTIONS /echo HTTP/1.1\r\nHost: h\r\n\r\n").read();
  CHECK(r.code == 204);
  CHECK(r.header("Allow") == "OPTIONS, POST");
  CHECK(r.header("Content-Length").empty());
  CHECK(peer.send("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 204);
}

TEST_CASE("an unknown path is 404, a known one with another method 405 and Allow; the connection stays") {
  test_server server;
  auto peer = server.connect();
  const auto missing = peer.send(post("/nowhere", "a body that is read and dropped")).read();
  CHECK(missing.code == 404);
  CHECK(missing.body == "NOT_FOUND");
  CHECK(missing.header("Connection").empty());
  const auto wrong = peer.send(post("/hello", "x")).read();
  CHECK(wrong.code == 405);
  CHECK(wrong.body == "METHOD_NOT_ALLOWED");
  CHECK(wrong.header("Allow") == "GET, HEAD, OPTIONS");
  CHECK(peer.send("BREW /hello HTTP/1.1\r\nHost: h\r\n\r\n").read().code == 405);
  CHECK(peer.send(get("/hello")).read().code == 200);
}

TEST_CASE("a body of another content type is 415, the connection stays") {
  test_server server;
  auto peer = server.connect();
  const auto r = peer.send(post("/echo", "abc", "Content-Type: image/png\r\n")).read();
  CHECK(r.code == 415);
  CHECK(r.body == "UNSUPPORTED_MEDIA_TYPE");
  CHECK(peer.send(post("/echo", "abc", "Content-Type: text/plain;charset=utf-8\r\n")).read().body == "abc");
  CHECK(peer.send(post("/echo", "", "Content-Type: image/png\r\n")).read().code == 200);
}

TEST_CASE("a connection is usable after a handler's 4xx") {
  test_server server;
  auto peer = server.connect();
  CHECK(peer.send(get("/conflict")).read().code == 409);
  CHECK(peer.send(get("/hello")).read().code == 200);
}

TEST_CASE("an answer without a body says so") {
  test_server server;
  auto peer = server.connect();
  const auto r = peer.send(get("/empty")).read();
  CHECK(r.code == 204);
  CHECK(r.header("Content-Type").empty());
  CHECK(peer.send(get("/hello")).read().code == 200);
}

TEST_CASE("a handler cannot inject a header or lie about the length") {
  test_server server;
  auto peer = server.connect();
  const auto r = peer.send(get("/split")).read();
  CHECK(r.header("X-Evil") == "a  X-Injected: yes");
  CHECK(r.header("X-Injected").empty());
  CHECK(r.headers.count("Content-Length") == 1);
  CHECK(r.body == "x");
}

TEST_CASE("a request without an answer is 500, and so is a handler that throws") {
  channel<std::string> failures;
  test_server server{{}, {.on_handler_failed = [&](std::string_view id, std::string_view what) {
                       failures.put(std::string{id} + ": " + std::string{what});
                     }}};
  auto peer = server.connect();
  const auto dropped = peer.send(get("/dropped")).read();
  CHECK(dropped.code == 500);
  CHECK(dropped.body == "INTERNAL_ERROR");
  const auto thrown = peer.send(get("/thrown", "X-Correlation-Id: t-1\r\n")).read();
  CHECK(thrown.code == 500);
  CHECK(thrown.body == "INTERNAL_ERROR");
  CHECK(failures.take() == "t-1: a handler's bug");
  peer.send(get("/held/x"));
  { const auto lost = server.waiting().take(); }
  CHECK(peer.read().code == 500);
  CHECK(peer.send(get("/hello")).read().code == 200);
}

TEST_CASE("a sane correlation id is kept, another replaced, and every answer has one") {
  test_server server;
  auto peer = server.connect();
  const auto given = peer.send(get("/id", "X-Correlation-Id: abc-1\r\nX-Request-Id: other\r\n")).read();
  CHECK(given.body == "abc-1");
  CHECK(given.header("X-Correlation-Id") == "abc-1");
  CHECK(peer.send(get("/id", "X-Request-Id: req-2\r\n")).read().body == "req-2");
  const auto minted = peer.send(get("/id", "X-Correlation-Id: a b\r\n")).read();
  CHECK(minted.body.size() == 32);
  CHECK(minted.header("X-Correlation-Id") == minted.body);
  CHECK(peer.send(get("/nowhere", "X-Correlation-Id: abc-3\r\n")).read().header("X-Correlation-Id") == "abc-3");
  CHECK(is_correlation_id(peer.send("nonsense\r\n\r\n").read().header("X-Correlation-Id")));
}

TEST_CASE("Connection: close is kept to, and HTTP/1.0 closes by itself") {
  test_server server;
  auto closing = server.connect();
  const auto r = closing.send(get("/hello", "Connection: close\r\n") + get("/hello")).read();
  CHECK(r.header("Connection") == "close");
  CHECK(closing.closed());
  auto old = server.connect();
  CHECK(old.send("GET /hello HTTP/1.0\r\n\r\n").read().header("Connection") == "close");
  CHECK(old.closed());
  auto keeping = server.connect();
  const std::string ask = "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  CHECK(keeping.send(ask).read().header("Connection") == "keep-alive");
  CHECK(keeping.send(ask).read().code == 200);
}

TEST_CASE("a peer that has finished sending still gets its answers") {
  test_server server;
  auto peer = server.connect();
  peer.send(get("/held/a") + get("/hello")).end();
  server.waiting().take().answer(text(status::ok, "a"));
  CHECK(peer.read().body == "a");
  CHECK(peer.read().body == "hello");
  CHECK(peer.closed());
}

TEST_CASE("an answer for a connection that is gone is dropped") {
  channel<bool> closed;
  test_server server{{}, {.on_connection_closed = [&] { closed.put(true); }}};
  std::optional<held> late;
  {
    auto peer = server.connect();
    peer.send(get("/held/a"));
    late = server.waiting().take();
    peer.send("G").end();  // an error on top, so that the server need not wait for the answer
    CHECK(late->answer);
    late->answer(text(status::ok, "a"));
    CHECK(peer.read().code == 200);
    CHECK(peer.read().code == 400);
  }
  CHECK(closed.take());
  auto peer = server.connect();
  peer.send(get("/held/b"));
  auto orphan = server.waiting().take();
  server.get().stop();
  orphan.answer(text(status::ok, "nobody hears"));
}

TEST_CASE("the observers see each request once") {
  struct seen {
    std::string route;
    status code;
    std::size_t in;
    std::size_t out;
    std::string id;
  };
  channel<seen> done;
  test_server server{{}, {.on_request_done = [&](const request_summary& s) {
                       done.put({std::string{s.route}, s.code, s.bytes_in, s.bytes_out, std::string{s.correlation_id}});
                     }}};
  auto peer = server.connect();
  peer.send(post("/echo", "abc", "X-Correlation-Id: c1\r\n") + get("/items/7") + get("/nowhere"));
  const auto first = done.take();
  CHECK(first.route == "/echo");
  CHECK(first.code == status::ok);
  CHECK(first.in == 3);
  CHECK(first.out == 3);
  CHECK(first.id == "c1");
  CHECK(done.take().route == "/items/{id}");
  const auto third = done.take();
  CHECK(third.route.empty());
  CHECK(third.code == status::not_found);
}

TEST_CASE("an exception on an io thread closes its connection alone and is logged") {
  channel<std::string> lines;
  im::log::config config{.sink = [&](std::string_view line) { lines.put(std::string{line}); }};
  const auto logging = im::log::start(config);
  test_server server{{}, {.on_request_done = [](const request_summary& s) {
                       if (s.route == "/id") throw std::runtime_error{"an observer's bug"};
                     }}};
  auto other = server.connect();
  CHECK(other.send(get("/hello")).read().code == 200);
  auto peer = server.connect();
  CHECK(peer.send(get("/id")).closed());
  const auto line = lines.take();
  CHECK(line.find("an observer's bug") != std::string::npos);
  CHECK(other.send(get("/hello")).read().body == "hello");
  CHECK(server.connect().send(get("/hello")).read().body == "hello");
}

TEST_CASE("an exception on an io thread over an answer from another thread closes its connection alone") {
  test_server server{{}, {.on_request_done = [](const request_summary& s) {
                       if (s.route == "/patient") throw std::runtime_error{"an observer's bug"};
                     }}};
  auto peer = server.connect();
  peer.send(get("/patient"));
  server.waiting().take().answer(text(status::ok, "late"));
  CHECK(peer.closed());
  CHECK(server.connect().send(get("/hello")).read().body == "hello");
}

TEST_CASE("a server whose threads cannot be made says so and ends") {
  pthread_attr_t before{};
  pthread_getattr_default_np(&before);
  pthread_attr_t huge{};
  pthread_attr_init(&huge);
  REQUIRE(pthread_attr_setstacksize(&huge, std::size_t{1} << 47) == 0);  // more than an address space has
  REQUIRE(pthread_setattr_default_np(&huge) == 0);
  {
    server unable{{}, router{}};
    CHECK_THROWS_AS(unable.start(), std::system_error);
  }
  CHECK(pthread_setattr_default_np(&before) == 0);
  pthread_attr_destroy(&huge);
  pthread_attr_destroy(&before);
}

}  // namespace
