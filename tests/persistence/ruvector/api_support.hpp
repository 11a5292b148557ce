#pragma once
/// A whole ruvector-service on a socket, and a client that shows its key.

#include <functional>

#include "http/sync_client.hpp"
#include "persistence/ruvector/service.hpp"
#include "tests/persistence/ruvector/test_database.hpp"

namespace im::ruvector::test {

inline constexpr const char* api_key = "test-key-that-is-long-enough";

class running_service {
public:
  explicit running_service(const test_database& db, std::filesystem::path policies = {},
                           const std::function<void(service_config&)>& change = {}) {
    service_config config;
    if (db.is_postgres())
      config.database_url = http::secret{db.url()};
    else
      config.data_file = db.folder() / "ruvector.db";
    config.api_key = http::secret{api_key};
    config.policies_dir = std::move(policies);
    if (change) change(config);
    service_.emplace(std::move(config));
    if (const auto started = service_->start(); !started) throw std::runtime_error{started.error().message};
  }

  [[nodiscard]] http::origin origin() const {
    return http::origin::parse("http://127.0.0.1:" + std::to_string(service_->port())).value();
  }
  service& operator*() { return *service_; }

private:
  std::optional<service> service_;
};

struct answer {
  unsigned status = 0;
  std::string body;
  std::string etag;

  [[nodiscard]] json::document json() const { return json::document::parse(body).value(); }
  /// The text at a path such as {"error", "code"}; numbers and the like as they are written.
  [[nodiscard]] std::string at(std::initializer_list<std::string_view> names) const {
    const auto doc = json();
    std::optional<json::node> place = doc.root();
    for (const auto name : names) {
      place = place->find(name);
      if (!place) return "";
    }
    return place->as_string() ? std::string{*place->as_string()} : place->text();
  }
};

class api_client {
public:
  explicit api_client(const running_service& to) : client_{to.origin()} {}

  answer call(http::verb method, const std::string& target, std::string body = {},
              http::sync_client::header_list headers = {}) {
    headers.emplace_back("Authorization", std::string{"Bearer "} + api_key);
    return bare(method, target, std::move(body), std::move(headers));
  }
  answer bare(http::verb method, const std::string& target, std::string body = {},
              http::sync_client::header_list headers = {}) {
    const auto got = client_.request(method, target, std::move(body), std::move(headers));
    if (!got) throw std::runtime_error{got.error().message};
    return {got->status_code, got->body, std::string{got->header("ETag").value_or("")}};
  }
  answer get(const std::string& target) { return call(http::verb::get, target); }
  answer post(const std::string& target, std::string body) { return call(http::verb::post, target, std::move(body)); }
  answer post_batch(const std::vector<decision_event>& events) {
    return post("/api/v1/decision-events/batch", batch_body(linked(events)));
  }

private:
  http::sync_client client_;
};

}  // namespace im::ruvector::test
