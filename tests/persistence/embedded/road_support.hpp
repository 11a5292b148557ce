#pragma once
/// A real store, reached by either road: a test case over EACH_ROAD runs once on each, so both must say the same.

#include <catch2/generators/catch_generators.hpp>
#include <ostream>

#include "messages/chain.hpp"
#include "persistence/embedded/embedded_client.hpp"
#include "persistence/ruvector/store.hpp"
#include "tests/persistence/client_support.hpp"
#include "tests/persistence/ruvector/support.hpp"

namespace im::test {

enum class road : std::uint8_t { http, in_process };

inline std::ostream& operator<<(std::ostream& to, road r) { return to << (r == road::http ? "HTTP" : "in-process"); }

#define EACH_ROAD GENERATE(road::http, road::in_process)

class reached_store {
public:
  explicit reached_store(const ruvector::test::temp_dir& folder, road by) : by_{by} {
    ruvector::service_config config;
    config.data_file = folder / "ruvector.db";
    if (by == road::http) config.api_key = http::secret{"the key"};
    service_.emplace(std::move(config));
    const auto ready = by == road::http ? service_->start() : service_->open();
    if (!ready) throw std::runtime_error{ready.error().message};
    client_ = connect();
  }

  /// One more client.
  [[nodiscard]] std::unique_ptr<persistence::ruvector_client> connect(milliseconds timeout = std::chrono::seconds{15}) {
    persistence::ruvector_config config;
    config.timeout = timeout;
    config.observers.on_call = [this](const persistence::store_call& call) {
      const std::lock_guard lock{mutex_};
      calls_.push_back(std::string{call.name} + ' ' + std::to_string(call.status));
    };
    if (by_ == road::in_process) return std::make_unique<persistence::embedded_client>(*service_, config);
    config.service = {.tls = false, .host = "127.0.0.1", .port = service_->port(), .base = {}};
    config.api_key = http::secret{"the key"};
    return std::make_unique<persistence::ruvector_client>(std::move(config));
  }

  [[nodiscard]] persistence::ruvector_client& client() { return *client_; }
  [[nodiscard]] ruvector::service& service() { return *service_; }
  /// `name status` of each call that ended.
  [[nodiscard]] std::vector<std::string> calls() {
    const std::lock_guard lock{mutex_};
    return calls_;
  }

  [[nodiscard]] written write(std::vector<persistence::incident_write> writes) {
    return write_all(*client_, std::move(writes));
  }
  /// What `call` gives its handler.
  template <class T, class Call>
  [[nodiscard]] T ask(Call call) {
    awaited<T> got;
    call(*client_, got.handler());
    return got.take();
  }
  [[nodiscard]] persistence::store_result<log_page> log(incident_id id, std::uint64_t after = 0) {
    return ask<persistence::store_result<log_page>>(
        [&](auto& c, auto done) { c.read_log(id, after, std::move(done)); });
  }
  [[nodiscard]] persistence::store_result<fingerprint_lookups> find_all(std::vector<std::string> prints) {
    return ask<persistence::store_result<fingerprint_lookups>>(
        [&](auto& c, auto done) { c.find_fingerprints({std::move(prints)}, std::move(done)); });
  }
  [[nodiscard]] persistence::store_result<fingerprint_lookup> find(const std::string& print) {
    auto got = find_all({print});
    if (!got) return std::unexpected{std::move(got.error())};
    return got->found.at(0).value();
  }
  [[nodiscard]] result<std::string> list(view which, const string_map& filters = {}) {
    return ask<result<std::string>>([&](auto& c, auto done) { c.list(which, filters, std::move(done)); });
  }

private:
  road by_;
  std::mutex mutex_;
  std::vector<std::string> calls_;
  std::optional<ruvector::service> service_;
  std::unique_ptr<persistence::ruvector_client> client_;
};

/// A write of events of one incident, sealed onto each other, and onto the event whose hash is `previous`.
[[nodiscard]] inline persistence::incident_write sealed_write(std::vector<decision_event> events,
                                                              std::string previous = {}) {
  persistence::incident_write out{events.front().incident_id, {}};
  for (auto& event : events) {
    seal(event, previous);
    previous = event.hash;
    out.events.push_back(std::make_shared<const decision_event>(std::move(event)));
  }
  return out;
}

}  // namespace im::test
