#pragma once
/// What the HTTP tests share: a peer that speaks raw bytes, a server with a few routes, and responders that wait.
/// Nothing here sleeps; all waiting is on sockets and condition variables, with a bound after which a test fails.

#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "http/origin.hpp"
#include "http/server.hpp"

namespace im::http::testing {

using namespace std::chrono_literals;

inline constexpr auto patience = 10s;

/// A response as it came over the wire.
struct received {
  unsigned code{0};
  std::string status_line;
  header_fields headers;
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const { return std::string{headers.get(name).value_or("")}; }
};

/// A blocking TCP connection that sends and reads bytes as told.
class raw_peer {
public:
  explicit raw_peer(std::uint16_t port) : socket_{io_} {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  raw_peer& send(std::string_view text) {
    boost::asio::write(socket_, boost::asio::buffer(text.data(), text.size()));
    return *this;
  }
  raw_peer& end() {
    socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send);
    return *this;
  }

  /// The next response; throws if the connection ends or nothing comes. `to_head`: it has no body whatever it says.
  received read(bool to_head = false) {
    received out;
    out.status_line = line();
    out.code = static_cast<unsigned>(std::stoul(out.status_line.substr(9, 3)));
    for (auto text = line(); !text.empty(); text = line()) {
      const auto colon = text.find(':');
      out.headers.add(text.substr(0, colon), trim(std::string_view{text}.substr(colon + 1)));
    }
    const auto length = out.headers.get("Content-Length");
    if (to_head || !length) return out;
    const auto size = std::stoul(std::string{*length});
    while (buffer_.size() < size) fill();
    out.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return out;
  }

  /// Whether the peer has closed, cleanly, and sent nothing before that.
  bool closed() {
    boost::system::error_code ec;
    char byte = 0;
    if (!buffer_.empty()) return false;
    return socket_.read_some(boost::asio::buffer(&byte, 1), ec) == 0 && ec == boost::asio::error::eof;
  }

private:
  std::string line() {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n")) == std::string::npos) fill();
    auto text = buffer_.substr(0, end);
    buffer_.erase(0, end + 2);
    return text;
  }
  void fill() {
    char bytes[4096];
    const auto got = socket_.read_some(boost::asio::buffer(bytes));
    buffer_.append(bytes, got);
  }

  boost::asio::io_context io_;
  boost::asio::ip::tcp::socket socket_;
  std::string buffer_;
};

/// Values that one thread puts and another waits for.
template <class T>
class channel {
public:
  void put(T value) {
    const std::lock_guard lock{mutex_};
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  T take() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [this] { return !values_.empty(); }))
      throw std::runtime_error{"nothing came"};
    auto value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

inline response text(status code, std::string body) {
  return {.code = code, .body = std::move(body), .content_type = "text/plain"};
}

/// A request whose handler has returned without answering.
struct held {
  request req;
  responder answer;
};

/// A server on a free port of the loopback with routes for the tests.
class test_server {
public:
  explicit test_server(server_config config = {}, server_observers observers = {})
      : server_{quick(std::move(config)), routes(), render, std::move(observers)} {
    server_.start();
  }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }
  [[nodiscard]] raw_peer connect() const { return raw_peer{port()}; }
  [[nodiscard]] origin to() const { return {.tls = false, .host = "127.0.0.1", .port = port(), .base = {}}; }
  channel<held>& waiting() { return waiting_; }
  server& get() { return server_; }

  static response render(status code, std::string_view reason, std::string_view message, std::string_view) {
    auto answer = text(code, std::string{reason});
    answer.headers.emplace_back("X-Message", message);
    return answer;
  }

private:
  static server_config quick(server_config config) {
    config.tick = 5ms;
    return config;
  }

  router routes() {
    router table;
    table.add(verb::get, "/hello", [](request&&, responder&& answer) { answer(text(status::ok, "hello")); });
    table.add(verb::post, "/echo",
              [](request&& req, responder&& answer) { answer(text(status::ok, std::move(req.body))); },
              {.content_types = {"application/json", "text/plain"}});
    table.add(verb::post, "/small",
              [](request&& req, responder&& answer) { answer(text(status::ok, std::move(req.body))); },
              {.max_body_bytes = 10, .content_types = {"*/*"}});
    table.add(verb::post, "/eight",
              [](request&& req, responder&& answer) { answer(text(status::ok, std::move(req.body))); },
              {.max_body_bytes = 8 << 20, .content_types = {"*/*"}});
    table.add(verb::get, "/items/{id}", [](request&& req, responder&& answer) {
      answer(text(status::ok, std::string{*req.params.get("id")} + "|" + std::string{req.query.get("q").value_or("-")} +
                                  "|" + std::string{req.route}));
    });
    table.add(verb::get, "/id",
              [](request&& req, responder&& answer) { answer(text(status::ok, req.correlation_id)); });
    table.add(verb::get, "/conflict", [](request&&, responder&& answer) { answer(text(status::conflict, "no")); });
    table.add(verb::get, "/dropped", [](request&&, responder&&) {});
    table.add(verb::get, "/thrown", [](request&&, responder&&) { throw std::runtime_error{"a handler's bug"}; });
    table.add(verb::get, "/large",
              [](request&&, responder&& answer) { answer(text(status::ok, std::string(1 << 20, 'L'))); });
    table.add(verb::get, "/empty", [](request&&, responder&& answer) { answer({.code = status::no_content}); });
    table.add(verb::get, "/split", [](request&&, responder&& answer) {
      auto r = text(status::ok, "x");
      r.headers.emplace_back("X-Evil", "a\r\nX-Injected: yes");
      r.headers.emplace_back("Content-Length", "99");
      answer(std::move(r));
    });
    const auto hold = [this](request&& req, responder&& answer) { waiting_.put({std::move(req), std::move(answer)}); };
    table.add(verb::get, "/held/{name}", hold);
    table.add(verb::post, "/held/{name}", hold);
    table.add(verb::get, "/patient", hold, {.max_wait = 1h});
    return table;
  }

  channel<held> waiting_;
  server server_;
};

}  // namespace im::http::testing
