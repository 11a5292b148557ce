#pragma once
/// LLM-Observatory for tests: a server on the loopback that keeps what it is told.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "messages/json/codec.hpp"
#include "telemetry/observation.hpp"
#include "tests/http/support.hpp"

namespace im::test {

/// A body that it got.
struct observatory_post {
  std::vector<telemetry::observation> events;
  std::string authorization;
};

struct posted_events {
  std::vector<telemetry::observation> events;
};

template <class V>
void describe(V& v, like<posted_events> auto& x) {
  v.required("events", x.events);
}

/// Answers as it is told, and 202 when it was told nothing.
class fake_observatory {
public:
  explicit fake_observatory(std::vector<http::status> answers = {}) : answers_{answers.begin(), answers.end()} {
    http::router routes;
    routes.add(http::verb::post, "/v1/ingest", [this](http::request&& request, http::responder&& answer) {
      auto read = json::decode<posted_events>(request.body, json::read_bounds::stored());
      posts.put({read ? std::move(read->events) : std::vector<telemetry::observation>{},
                 std::string{request.header("Authorization").value_or("")}});
      const auto code = answers_.empty() ? http::status::accepted : answers_.front();
      if (!answers_.empty()) answers_.pop_front();
      answer(http::testing::text(code, ""));
    });
    http::server_config config;
    config.address = "127.0.0.1";
    config.port = 0;
    config.io_threads = 1;
    server_ = std::make_unique<http::server>(config, std::move(routes), http::testing::test_server::render);
    server_->start();
  }

  [[nodiscard]] http::origin endpoint() const {
    return {.tls = false, .host = "127.0.0.1", .port = server_->port(), .base = "/v1/ingest"};
  }

  http::testing::channel<observatory_post> posts;

private:
  std::deque<http::status> answers_;  // of the server's one thread
  std::unique_ptr<http::server> server_;
};

/// Takes connections, and says nothing.
class silent_server {
public:
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};  // the kernel accepts
};

}  // namespace im::test
