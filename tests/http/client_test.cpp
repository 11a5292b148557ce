/// The client's pool, over real sockets: against our own server, and against peers that misbehave by script.

#include "http/client.hpp"

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <functional>
#include <thread>

#include "http/io_thread.hpp"
#include "http/sync_client.hpp"
#include "tests/http/support.hpp"

namespace {

using namespace im::http;
using namespace im::http::testing;
using tcp = boost::asio::ip::tcp;

/// Serves one connection after the other, the nth by the nth script; what a script throws ends its connection.
class scripted_server {
public:
  using script = std::function<void(tcp::socket&)>;

  explicit scripted_server(std::vector<script> scripts)
      : acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}}, port_{acceptor_.local_endpoint().port()} {
    thread_ = std::jthread{[this, all = std::move(scripts)] {
      for (const auto& run : all) {
        boost::system::error_code ec;
        tcp::socket socket{io_};
        acceptor_.accept(socket, ec);
        if (ec) return;
        try {
          run(socket);
        } catch (const boost::system::system_error&) {
        }
      }
    }};
  }
  ~scripted_server() { ::shutdown(acceptor_.native_handle(), SHUT_RDWR); }  // wakes accept()

  [[nodiscard]] origin to() const { return {.tls = false, .host = "127.0.0.1", .port = port_, .base = {}}; }

  /// Reads to the end of a request's headers.
  static void read_request(tcp::socket& socket) {
    std::string buffer;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(buffer), "\r\n\r\n");
  }
  static void write(tcp::socket& socket, std::string_view text) {
    boost::asio::write(socket, boost::asio::buffer(text.data(), text.size()));
  }
  /// Reads until the peer closes.
  static void await_end(tcp::socket& socket) {
    char byte = 0;
    while (true) std::ignore = socket.read_some(boost::asio::buffer(&byte, 1));
  }

private:
  boost::asio::io_context io_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::jthread thread_;
};

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

client_result get(sync_client& c, std::string_view target = "/hello", std::chrono::milliseconds timeout = 10s) {
  return c.request(verb::get, target, {}, {}, timeout);
}

client_error_kind kind_of(const client_result& r) {
  REQUIRE_FALSE(r.has_value());
  return r.error().kind;
}

TEST_CASE("a response has its status, headers and body") {
  test_server server;
  sync_client c{server.to()};
  const auto r = c.request(verb::post, "/echo?a=b", "{}", {{"X-Correlation-Id", "c-1"}});
  REQUIRE(r);
  CHECK(r->status_code == 200);
  CHECK(r->body == "{}");
  CHECK(r->header("x-correlation-id") == "c-1");
  CHECK(c.request(verb::head, "/hello")->body.empty());
  CHECK(get(c, "/large")->body.size() == 1 << 20);
  CHECK(c.request(verb::post, "/echo", "x", {{"Content-Type", "image/png"}})->status_code == 415);
}

TEST_CASE("a connection is used again") {
  std::atomic<int> opened{0};
  test_server server{{}, {.on_connection_opened = [&] { ++opened; }}};
  sync_client c{server.to()};
  for (int i = 0; i < 10; ++i) REQUIRE(get(c));
  CHECK(opened == 1);
}

TEST_CASE("requests beyond the connections wait, all are answered, and no more connections are opened than allowed") {
  std::atomic<int> opened{0};
  test_server server{{}, {.on_connection_opened = [&] { ++opened; }}};
  io_thread io;
  client c{io.executor(), server.to(), {.max_connections = 3}};
  channel<std::string> bodies;
  for (int i = 0; i < 100; ++i) {
    c.send({.method = verb::post, .target = "/echo", .body = std::to_string(i)}, 10s,
           [&](client_result r) { bodies.put(r ? r->body : r.error().message); });
  }
  std::vector<bool> seen(100);
  for (int i = 0; i < 100; ++i) seen.at(std::stoul(bodies.take())) = true;
  CHECK(std::count(seen.begin(), seen.end(), true) == 100);
  CHECK(opened <= 3);
}

TEST_CASE("a request beyond the queue's bound fails at once, unsent") {
  test_server server;
  io_thread io;
  client c{io.executor(), server.to(), {.max_connections = 1, .max_queued_requests = 1}};
  channel<client_result> results;
  const auto put = [&](client_result r) { results.put(std::move(r)); };
  c.send({.target = "/held/a"}, 10s, put);
  auto h = server.waiting().take();
  c.send({.target = "/hello"}, 10s, put);
  c.send({.target = "/hello"}, 10s, put);
  const auto refused = results.take();
  CHECK(kind_of(refused) == client_error_kind::queue_full);
  CHECK_FALSE(refused.error().maybe_sent);
  h.answer(text(status::ok, "a"));
  CHECK(results.take()->body == "a");
  CHECK(results.take()->body == "hello");
}

TEST_CASE("a deadline ends a request in flight and one that waits, and says which may have been acted on") {
  test_server server;
  io_thread io;
  client c{io.executor(), server.to(), {.max_connections = 1}};
  channel<client_result> results;
  const auto put = [&](client_result r) { results.put(std::move(r)); };
  c.send({.target = "/held/a"}, 10s, put);
  auto h = server.waiting().take();
  c.send({.target = "/hello"}, 10ms, put);
  const auto waited = results.take();
  CHECK(kind_of(waited) == client_error_kind::timeout);
  CHECK_FALSE(waited.error().maybe_sent);
  h.answer(text(status::ok, "a"));
  CHECK(results.take().has_value());
  c.send({.target = "/held/b"}, 10ms, put);
  const auto flew = results.take();
  CHECK(kind_of(flew) == client_error_kind::timeout);
  CHECK(flew.error().maybe_sent);
  c.send({.target = "/hello"}, 10s, put);  // not over the connection that owes an answer
  CHECK(results.take()->body == "hello");
}

TEST_CASE("a refused connection is a connect error, unsent") {
  std::uint16_t port = 0;
  {
    const test_server gone;
    port = gone.port();
  }
  sync_client c{{.tls = false, .host = "127.0.0.1", .port = port, .base = {}}};
  const auto r = get(c);
  CHECK(kind_of(r) == client_error_kind::connect);
  CHECK_FALSE(r.error().maybe_sent);
  sync_client nowhere{{.tls = false, .host = "no.such.host.invalid", .port = 80, .base = {}}};
  CHECK(kind_of(get(nowhere)) == client_error_kind::connect);
}

TEST_CASE("a failed connect fails no request that another connection will serve") {
  boost::asio::io_context serving;
  tcp::acceptor acceptor{serving, {boost::asio::ip::address_v4::loopback(), 0}};
  const origin to{.tls = false, .host = "127.0.0.1", .port = acceptor.local_endpoint().port(), .base = {}};
  io_thread io;
  client c{io.executor(), to, {.max_connections = 2}};
  channel<client_result> first;
  channel<client_result> second;
  channel<client_result> impatient;
  c.send({.target = "/first"}, 10s, [&](client_result r) { first.put(std::move(r)); });
  tcp::socket only{serving};
  acceptor.accept(only);
  scripted_server::read_request(only);
  acceptor.close();  // from now on a connect is refused
  c.send({.target = "/second"}, 10s, [&](client_result r) { second.put(std::move(r)); });
  c.send({.target = "/impatient"}, 50ms, [&](client_result r) { impatient.put(std::move(r)); });
  const auto late = impatient.take();  // by now connects have failed
  CHECK(kind_of(late) == client_error_kind::timeout);
  CHECK_FALSE(late.error().maybe_sent);
  scripted_server::write(only, ok);
  CHECK(first.take()->body == "ok");
  scripted_server::read_request(only);
  scripted_server::write(only, ok);
  CHECK(second.take()->body == "ok");
}

TEST_CASE("when no connection is left, a failed connect fails all that wait") {
  boost::asio::io_context serving;
  tcp::acceptor acceptor{serving, {boost::asio::ip::address_v4::loopback(), 0}};
  const origin to{.tls = false, .host = "127.0.0.1", .port = acceptor.local_endpoint().port(), .base = {}};
  acceptor.close();
  io_thread io;
  client c{io.executor(), to, {.max_connections = 1}};
  channel<client_result> results;
  for (int i = 0; i < 3; ++i) c.send({.target = "/x"}, 10s, [&](client_result r) { results.put(std::move(r)); });
  for (int i = 0; i < 3; ++i) CHECK(kind_of(results.take()) == client_error_kind::connect);
}

TEST_CASE("a completion that throws costs no other request") {
  test_server server;
  io_thread io;
  client c{io.executor(), server.to(), {.max_connections = 1}};
  channel<client_result> results;
  c.send({.target = "/hello"}, 10s, [](const client_result&) { throw std::runtime_error{"a completion's bug"}; });
  c.send({.target = "/hello"}, 10s, [&](client_result r) { results.put(std::move(r)); });
  CHECK(results.take()->body == "hello");
}

TEST_CASE("an idempotent request is sent again when the server had closed the kept-alive connection") {
  std::atomic<int> served{0};
  const auto one_then_close = [&](tcp::socket& s) {
    scripted_server::read_request(s);
    ++served;  // before the answer, which lets the client go on
    scripted_server::write(s, ok);
    scripted_server::read_request(s);  // and closes, having said nothing
  };
  scripted_server server{{one_then_close, one_then_close}};
  sync_client c{server.to()};
  REQUIRE(get(c));
  const auto again = get(c);
  REQUIRE(again);
  CHECK(again->body == "ok");
  CHECK(served == 2);
}

TEST_CASE("what is not idempotent is sent again only if marked so") {
  const bool retry_safe = GENERATE(false, true);
  const auto one_then_close = [&](tcp::socket& s) {
    scripted_server::read_request(s);
    scripted_server::write(s, ok);
    scripted_server::read_request(s);
  };
  scripted_server server{{one_then_close, one_then_close}};
  sync_client c{server.to()};
  REQUIRE(get(c));
  const auto r = c.request({.method = verb::post, .target = "/", .body = "{}", .retry_safe = retry_safe});
  CHECK(r.has_value() == retry_safe);
  if (!r) {
    CHECK(r.error().kind == client_error_kind::reset);
    CHECK(r.error().maybe_sent);
  }
}

TEST_CASE("a fresh connection that ends without a response is not tried again") {
  const auto close_at_once = [](tcp::socket& s) { scripted_server::read_request(s); };
  scripted_server server{{close_at_once, [](tcp::socket& s) { scripted_server::write(s, ok); }}};
  sync_client c{server.to()};
  CHECK(kind_of(get(c)) == client_error_kind::reset);
}

TEST_CASE("a truncated response is a reset, and not tried again") {
  const auto* part = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 200 OK\r\nConte",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc");
  std::atomic<int> requests{0};
  const auto truncate = [&](tcp::socket& s) {
    scripted_server::read_request(s);
    ++requests;
    scripted_server::write(s, part);
  };
  const auto first_whole = [&](tcp::socket& s) {
    scripted_server::read_request(s);
    scripted_server::write(s, ok);
    truncate(s);
  };
  scripted_server server{{first_whole, truncate}};
  sync_client c{server.to()};
  REQUIRE(get(c));
  const auto r = get(c);
  CHECK(kind_of(r) == client_error_kind::reset);
  CHECK(r.error().maybe_sent);
  CHECK(requests == 1);
}

TEST_CASE("a response without a length ends with its connection") {
  scripted_server server{{[](tcp::socket& s) {
    scripted_server::read_request(s);
    scripted_server::write(s, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
  }}};
  sync_client c{server.to()};
  CHECK(get(c)->body == "until the end");
}

TEST_CASE("a response beyond the bound is too large") {
  const auto* answer =
      GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nabcdefghijk",
               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n",
               "HTTP/1.1 200 OK\r\n\r\nabcdefghijk");
  scripted_server server{{[&](tcp::socket& s) {
    scripted_server::read_request(s);
    scripted_server::write(s, answer);
  }}};
  sync_client c{server.to(), {.max_response_bytes = 10}};
  CHECK(kind_of(get(c)) == client_error_kind::too_large);
}

TEST_CASE("what is not a response is malformed") {
  const auto* answer =
      GENERATE("SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n");
  scripted_server server{{[&](tcp::socket& s) {
    scripted_server::read_request(s);
    scripted_server::write(s, answer);
    scripted_server::await_end(s);
  }}};
  sync_client c{server.to()};
  CHECK(kind_of(get(c)) == client_error_kind::malformed);
}

TEST_CASE("interim responses are passed over") {
  scripted_server server{{[](tcp::socket& s) {
    scripted_server::read_request(s);
    scripted_server::write(s, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
    scripted_server::write(s, ok);
  }}};
  sync_client c{server.to()};
  const auto r = get(c);
  REQUIRE(r);
  CHECK(r->status_code == 200);
  CHECK_FALSE(r->header("Link"));
}

TEST_CASE("bytes after a response cost the connection, not the next request") {
  scripted_server server{{[](tcp::socket& s) {
                            scripted_server::read_request(s);
                            scripted_server::write(
                                s, std::string{ok} + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                            scripted_server::await_end(s);
                          },
                          [](tcp::socket& s) {
                            scripted_server::read_request(s);
                            scripted_server::write(s, ok);
                          }}};
  sync_client c{server.to()};
  CHECK(get(c)->body == "ok");
  CHECK(get(c)->body == "ok");
}

TEST_CASE("a request that would break its frame is malformed, unsent") {
  sync_client c{{.tls = false, .host = "127.0.0.1", .port = 1, .base = {}}};
  const auto r = c.request(verb::get, "/a b");
  CHECK(kind_of(r) == client_error_kind::malformed);
  CHECK_FALSE(r.error().maybe_sent);
}

TEST_CASE("an idle connection is closed after its time") {
  channel<bool> closed;
  test_server server{{}, {.on_connection_closed = [&] { closed.put(true); }}};
  io_thread io;
  client c{io.executor(), server.to(), {.idle_timeout = 10ms}};
  channel<bool> done;
  c.send({.target = "/hello"}, 10s, [&](const client_result& r) { done.put(r.has_value()); });
  CHECK(done.take());
  CHECK(closed.take());
}

TEST_CASE("a client that is destroyed cancels what waits and what is in flight") {
  test_server server;
  channel<client_result> results;
  std::optional<held> h;
  {
    io_thread io;
    client c{io.executor(), server.to(), {.max_connections = 1}};
    c.send({.target = "/held/a"}, 10s, [&](client_result r) { results.put(std::move(r)); });
    h = server.waiting().take();
    c.send({.target = "/hello"}, 10s, [&](client_result r) { results.put(std::move(r)); });
  }
  std::vector<bool> sent;
  for (int i = 0; i < 2; ++i) {
    const auto r = results.take();
    CHECK(kind_of(r) == client_error_kind::cancelled);
    sent.push_back(r.error().maybe_sent);
  }
  CHECK(sent == std::vector{false, true});
}

TEST_CASE("a completion may send the next request, from several threads") {
  test_server server{{.io_threads = 2}};
  io_thread io;
  client c{io.executor(), server.to(), {.max_connections = 4}};
  channel<bool> done;
  std::function<void(int)> next = [&](int left) {
    c.send({.target = "/hello"}, 10s, [&, left](const client_result& r) {
      if (!r || left == 0) return done.put(r.has_value());
      next(left - 1);
    });
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { next(50); });
  }
  for (int i = 0; i < 4; ++i) CHECK(done.take());
}

}  // namespace
