#include "tests/support/fault_proxy.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>

#include "http/server.hpp"
#include "http/sync_client.hpp"

using namespace im;
using namespace std::chrono_literals;
using test::fault;

namespace {

/// A server that counts what it does, and a client that reaches it through the proxy.
class behind_proxy {
public:
  behind_proxy() {
    http::router routes;
    routes.add(http::verb::post, "/count", [this](http::request&& request, http::responder&& done) {
      ++acted_;
      done({.code = http::status::ok, .body = std::move(request.body)});
    });
    routes.add(http::verb::get, "/other",
               [](http::request&&, http::responder&& done) { done({.code = http::status::ok, .body = "other"}); });
    server_.emplace(http::server_config{}, std::move(routes));
    server_->start();
    proxy_.emplace(server_->port());
    client_.emplace(http::origin::parse(proxy_->url()).value());
  }

  /// Not safe to send again, so that each call is one exchange.
  http::client_result post(std::chrono::milliseconds longest = 5s) {
    return client_->request(http::verb::post, "/count", "{\"some\":\"body\"}", {}, longest);
  }
  http::client_result get_other() { return client_->request(http::verb::get, "/other", {}, {}, 5s); }

  test::fault_proxy& proxy() { return *proxy_; }
  int acted() const { return acted_; }

private:
  std::atomic<int> acted_ = 0;
  std::optional<http::server> server_;
  std::optional<test::fault_proxy> proxy_;
  std::optional<http::sync_client> client_;
};

bool is_ok(const http::client_result& got) {
  return got && got->status_code == 200 && got->body == "{\"some\":\"body\"}";
}

}  // namespace

TEST_CASE("the fault proxy passes what it is not told to spoil") {
  behind_proxy at;
  CHECK(is_ok(at.post()));
  CHECK(is_ok(at.post()));
  CHECK(at.acted() == 2);
  CHECK(at.proxy().spoiled() == test::fault_proxy::fault_counts{});
}

TEST_CASE("the fault proxy loses or truncates an answer after the server has acted, and passes again when healed") {
  behind_proxy at;
  for (const auto kind : {fault::lose_answer, fault::truncate}) {
    const auto before = at.acted();
    at.proxy().inject({.kind = kind});
    const auto got = at.post();
    REQUIRE_FALSE(got);
    CHECK(got.error().maybe_sent);
    CHECK(at.acted() == before + 1);
    CHECK(at.proxy().spoiled(kind) == 1);
    at.proxy().heal();
    CHECK(is_ok(at.post()));
  }
}

TEST_CASE("the fault proxy cuts or refuses a request before the server can act") {
  behind_proxy at;
  for (const auto kind : {fault::cut_request, fault::refuse}) {
    at.proxy().inject({.kind = kind});
    CHECK_FALSE(at.post());
    CHECK_FALSE(at.post());
    CHECK(at.acted() == 0);
    CHECK(at.proxy().spoiled(kind) >= 2);
  }
  at.proxy().heal();
  CHECK(is_ok(at.post()));
}

TEST_CASE("a half-open connection answers nothing until the proxy is healed") {
  behind_proxy at;
  at.proxy().inject({.kind = fault::half_open});
  const auto got = at.post(200ms);
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == http::client_error_kind::timeout);
  CHECK(at.acted() == 0);
  at.proxy().heal();
  CHECK(is_ok(at.post()));
}

TEST_CASE("the fault proxy answers 500 and 429 itself") {
  behind_proxy at;
  at.proxy().inject({.kind = fault::answer_500});
  CHECK(at.post()->status_code == 500);
  at.proxy().inject({.kind = fault::answer_429});
  const auto told = at.post();
  CHECK(told->status_code == 429);
  CHECK(told->header("Retry-After") == "1");
  CHECK(at.acted() == 0);
}

TEST_CASE("a delayed exchange is late and whole") {
  behind_proxy at;
  at.proxy().inject({.kind = fault::delay, .delay = 120ms});
  const auto started = std::chrono::steady_clock::now();
  CHECK(is_ok(at.post()));
  CHECK(std::chrono::steady_clock::now() - started >= 120ms);
}

TEST_CASE("a rule spoils only the requests that it names, and only as many as it says") {
  behind_proxy at;
  at.proxy().inject({.kind = fault::answer_500, .where = "POST /count", .times = 1});
  CHECK(at.get_other()->body == "other");
  CHECK(at.post()->status_code == 500);
  CHECK(is_ok(at.post()));
  CHECK(at.proxy().spoiled(fault::answer_500) == 1);
}

TEST_CASE("the fault proxy spoils a share of the exchanges, the same ones for the same seed") {
  constexpr int exchanges = 200;
  behind_proxy first;
  behind_proxy second;
  std::size_t spoiled = 0;
  for (auto* at : {&first, &second}) at->proxy().inject({.kind = fault::answer_500, .share = 0.3});
  for (int i = 0; i < exchanges; ++i) {
    const auto one = first.post();
    const auto two = second.post();
    REQUIRE((one && two));
    CHECK(one->status_code == two->status_code);
    spoiled += one->status_code == 500 ? 1 : 0;
  }
  CHECK(spoiled > 30);
  CHECK(spoiled < 90);
}
