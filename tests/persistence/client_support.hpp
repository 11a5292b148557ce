#pragma once
/// ruvector_client against our own HTTP server with canned answers.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "http/server.hpp"
#include "persistence/ruvector_client.hpp"
#include "tests/persistence/samples.hpp"

namespace im::test {

/// What a completion brings, for the thread that waits for it.
template <class T>
class awaited {
public:
  [[nodiscard]] auto handler() {
    return [state = state_](T value) {
      const std::lock_guard lock{state->mutex};
      state->values.push_back(std::move(value));
      state->changed.notify_all();
    };
  }
  T take() {
    std::unique_lock lock{state_->mutex};
    if (!state_->changed.wait_for(lock, std::chrono::seconds{20}, [this] { return !state_->values.empty(); }))
      throw std::runtime_error{"no completion came"};
    auto value = std::move(state_->values.front());
    state_->values.pop_front();
    return value;
  }

private:
  struct shared {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<T> values;
  };
  std::shared_ptr<shared> state_ = std::make_shared<shared>();
};

/// Answers each route by a function of the request; keeps what was asked.
class canned_service {
public:
  using reply = std::function<http::response(const http::request&)>;

  canned_service& on(http::verb method, std::string_view pattern, reply answer) {
    routes_.add(method, pattern,
                [this, answer = std::move(answer)](http::request&& req, http::responder&& respond) {
                  note(req);
                  respond(answer(req));
                },
                {.max_body_bytes = 8U << 20U});
    return *this;
  }
  /// Takes requests and does not answer them.
  canned_service& silent(http::verb method, std::string_view pattern) {
    routes_.add(method, pattern, [this](http::request&& req, http::responder&& respond) {
      note(req);
      const std::lock_guard lock{mutex_};
      kept_.push_back(std::make_shared<http::responder>(std::move(respond)));
    });
    return *this;
  }

  /// A client of it, once all routes are there.
  std::unique_ptr<persistence::ruvector_client> client(std::function<void(persistence::ruvector_config&)> change = {}) {
    server_ = std::make_unique<http::server>(http::server_config{}, std::move(routes_));
    server_->start();
    persistence::ruvector_config config;
    config.service = {.tls = false, .host = "127.0.0.1", .port = server_->port(), .base = {}};
    config.api_key = http::secret{"the key"};
    config.timeout = std::chrono::seconds{15};
    config.observers.on_trouble = [this](std::string_view, std::string_view what) {
      const std::lock_guard lock{mutex_};
      troubles_.emplace_back(what);
    };
    if (change) change(config);
    return std::make_unique<persistence::ruvector_client>(std::move(config));
  }
  void stop() { server_->stop(); }

  struct seen {
    std::string target;
    std::string body;
    std::string authorization;
  };
  [[nodiscard]] std::vector<seen> asked() {
    const std::lock_guard lock{mutex_};
    return asked_;
  }
  [[nodiscard]] std::vector<std::string> targets() {
    std::vector<std::string> out;
    for (auto& one : asked()) out.push_back(std::move(one.target));
    return out;
  }
  [[nodiscard]] std::string troubles() {
    const std::lock_guard lock{mutex_};
    std::string all;
    for (const auto& one : troubles_) all += one + "\n";
    return all;
  }

private:
  void note(const http::request& req) {
    const std::lock_guard lock{mutex_};
    asked_.push_back({req.target, req.body, std::string{req.header("Authorization").value_or("")}});
  }

  std::mutex mutex_;
  std::vector<seen> asked_;
  std::vector<std::string> troubles_;
  std::vector<std::shared_ptr<http::responder>> kept_;
  http::router routes_;
  std::unique_ptr<http::server> server_;
};

[[nodiscard]] inline canned_service::reply says(unsigned code, std::string body) {
  return [code, body = std::move(body)](const http::request&) {
    return http::response{.code = static_cast<http::status>(code), .body = body};
  };
}

using written = persistence::store_result<persistence::write_results>;

[[nodiscard]] inline written write_all(persistence::ruvector_client& client,
                                       std::vector<persistence::incident_write> writes) {
  awaited<written> got;
  client.write(std::make_shared<const std::vector<persistence::incident_write>>(std::move(writes)), got.handler());
  return got.take();
}

}  // namespace im::test
