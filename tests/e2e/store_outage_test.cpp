/// The manager against a ruvector-service of its own, which is killed and comes back.

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <mutex>
#include <thread>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

constexpr const char* key = "the-key-of-these-tests";

/// A production-like pair: the manager, and its store as a process apart.
class pair_of_programs {
public:
  pair_of_programs() {
    start_store(0);
    auto settings = own_settings(folder_.path());
    settings["PLATFORM_ENV"] = "prod";
    settings["RUVECTOR_SERVICE_URL"] = store_->url();
    settings["RUVECTOR_API_KEY"] = key;
    settings["DATA_DIR"] = (folder_.path() / "not-the-store").string();
    manager_ = std::make_unique<running_program>("llm-incident-manager", settings, folder_.path() / "log");
  }

  [[nodiscard]] running_program& manager() { return *manager_; }
  [[nodiscard]] running_program& store() { return *store_; }
  void restart_store() { start_store(store_->port()); }

  /// Waits until the manager says that it is ready again.
  [[nodiscard]] bool recovers() {
    caller api{manager_->url()};
    return eventually(*manager_, [&] { return api.get("/health/ready").status == 200; });
  }

private:
  void start_store(std::uint16_t port) {
    store_ = std::make_unique<running_program>("ruvector-service",
                                               environment_map{{"RUVECTOR_PORT", std::to_string(port)},
                                                               {"RUVECTOR_API_KEY", key},
                                                               {"RUVECTOR_ADDRESS", "127.0.0.1"},
                                                               {"DATA_DIR", (folder_.path() / "data").string()}},
                                               folder_.path() / "store-log");
  }

  temporary_folder folder_{"im-e2e"};
  std::unique_ptr<running_program> store_;
  std::unique_ptr<running_program> manager_;
};

/// A webhook of Alertmanager, version 4, with these alerts.
js::object webhook(std::initializer_list<std::string_view> fingerprints, std::string_view starts_at) {
  js::array alerts;
  for (const auto fingerprint : fingerprints)
    alerts.push_back(js::object{{"status", "firing"},
                                {"labels", {{"alertname", "HighLatency"}}},
                                {"startsAt", starts_at},
                                {"fingerprint", fingerprint}});
  return {{"version", "4"}, {"alerts", std::move(alerts)}};
}

bool is_refused(const answer& told) {
  return told.status == 503 && told.headers.get("Retry-After").has_value() && !told.code().empty() &&
         told.flag("/error/retryable");
}

}  // namespace

TEST_CASE("while the store is away writes are refused, reads say that they are stale, and readiness is gone") {
  pair_of_programs both;
  caller api{both.manager().url()};
  const auto incident = open_incident(api, "high");
  const auto log = api.log(incident);
  CHECK(api.get("/health/ready").status == 200);
  both.store().kill();

  const auto comment_id = new_id();
  const js::object comment{{"actor", "grace"}, {"comment", "looking"}, {"execution_id", comment_id}};
  const auto comments = "/api/v1/incidents/" + incident + "/comments";
  CHECK(is_refused(api.post(comments, comment)));
  const auto signal = event(new_id(), "low", "another one");
  CHECK(is_refused(api.post("/api/v1/events", signal)));
  const auto not_ready = api.get("/health/ready");
  CHECK(is_refused(not_ready));
  CHECK(api.get("/health").status == 200);
  CHECK(api.get("/health/live").status == 200);
  const auto read = api.get("/api/v1/incidents/" + incident);
  CHECK(read.status == 200);
  REQUIRE(read.has("/stale"));
  CHECK(read.flag("/stale"));
  CHECK(read.str("/data/id") == incident);
  CHECK(is_refused(api.get("/api/v1/incidents")));

  both.restart_store();
  REQUIRE(both.recovers());
  CHECK(api.log(incident) == log);
  CHECK(api.incident_count() == 1);
  CHECK(eventually(both.manager(), [&] { return api.post(comments, comment).status == 200; }));
  const auto again = api.post(comments, comment);
  CHECK(again.replayed());
  CHECK(api.log(incident).size() == log.size() + 1);
  CHECK(api.post("/api/v1/events", signal).str("/disposition") == "opened");
  CHECK_FALSE(api.get("/api/v1/incidents/" + incident).has("/stale"));
  both.manager().terminate();
  CHECK(both.manager().ended() == 0);
}

TEST_CASE("a webhook of Alertmanager with one alert that cannot be stored is refused, and sent again it is whole") {
  pair_of_programs both;
  caller api{both.manager().url()};
  const auto starts_at = time_text();
  REQUIRE(api.post("/api/v1/events/alertmanager", webhook({"known"}, starts_at)).status == 202);
  both.store().kill();
  CHECK(is_refused(api.post("/api/v1/events/alertmanager", webhook({"known", "new"}, starts_at))));
  both.restart_store();
  REQUIRE(both.recovers());
  // Whether the known alert is news, its incident tells, which asks the store again after a while.
  CHECK(eventually(both.manager(), [&] {
    return api.post("/api/v1/events/alertmanager", webhook({"known"}, starts_at)).status == 202;
  }));
  const auto again = api.post("/api/v1/events/alertmanager", webhook({"known", "new"}, starts_at));
  CHECK(again.status == 202);
  CHECK(again.str("/0/disposition") == "duplicate");
  CHECK(again.str("/1/disposition") == "opened");
  CHECK(api.incident_count() == 2);
}

TEST_CASE("a store killed amid many writes loses nothing that was acknowledged and doubles nothing that was retried") {
  constexpr int clients = 3;
  constexpr int events_each = 150;
  pair_of_programs both;
  std::mutex mutex;
  std::map<std::string, std::string> acknowledged;  // event id → incident
  std::atomic<int> taken_count = 0;
  std::atomic<bool> gave_up = false;
  std::vector<std::jthread> threads;
  for (int n = 0; n < clients; ++n)
    threads.emplace_back([&, n] {
      caller api{both.manager().url()};
      for (int i = 0; i < events_each; ++i) {
        const auto signal = event(new_id(), "medium", "flood " + std::to_string(n));
        const auto until = std::chrono::steady_clock::now() + 2 * patience;
        auto told = api.post("/api/v1/events", signal);
        while (told.status != 202 && std::chrono::steady_clock::now() < until)
          told = api.post("/api/v1/events", signal);
        if (told.status != 202) {
          gave_up = true;
          return;
        }
        ++taken_count;
        const std::lock_guard lock{mutex};
        acknowledged.emplace(signal.at("execution_id").as_string(), told.str("/incident_id"));
      }
    });
  for (int round = 1; round <= 3; ++round) {
    CHECK(eventually(both.manager(), [&] { return gave_up || taken_count >= round * clients * events_each / 5; }));
    both.store().kill();
    both.restart_store();
  }
  threads.clear();
  CHECK_FALSE(gave_up);
  REQUIRE(both.recovers());

  caller api{both.manager().url()};
  CHECK(acknowledged.size() == clients * events_each);
  CHECK(api.incident_count() == clients);
  std::map<std::string, js::array> logs;
  for (const auto& [id, incident] : acknowledged)
    if (!logs.contains(incident)) logs[incident] = api.log(incident);
  CHECK(logs.size() == clients);
  std::size_t missing = 0;
  for (const auto& [id, incident] : acknowledged) missing += covers(logs[incident], "events:" + id) ? 0 : 1;
  CHECK(missing == 0);
  for (const auto& [incident, log] : logs) {
    CHECK(is_whole(log));
    CHECK(api.incident(incident).at("event_count").to_number<int>() == events_each);
  }
}

TEST_CASE("a manager that starts before its store serves as soon as the store is there") {
  pair_of_programs both;
  const auto port = both.store().port();
  both.store().kill();
  const temporary_folder folder{"im-e2e"};
  auto settings = own_settings(folder.path());
  settings["RUVECTOR_SERVICE_URL"] = "http://127.0.0.1:" + std::to_string(port);
  settings["RUVECTOR_API_KEY"] = key;
  running_program early{"llm-incident-manager", settings, folder.path() / "log"};
  caller api{early.url()};
  CHECK(is_refused(api.get("/health/ready")));
  CHECK(is_refused(api.post("/api/v1/events", event(new_id(), "high", "too early"))));
  both.restart_store();
  REQUIRE(eventually(early, [&] { return api.get("/health/ready").status == 200; }));
  const auto signal = event(new_id(), "high", "in time");
  CHECK(eventually(early, [&] { return api.post("/api/v1/events", signal).status == 202; }));
  CHECK(api.incident_count() == 1);
}

TEST_CASE("a manager with the wrong key does nothing, tells its callers nothing of it, and its log names the setting") {
  pair_of_programs both;
  const temporary_folder folder{"im-e2e"};
  auto settings = own_settings(folder.path());
  settings["RUVECTOR_SERVICE_URL"] = both.store().url();
  settings["RUVECTOR_API_KEY"] = "another-key";
  running_program stranger{"llm-incident-manager", settings, folder.path() / "log"};
  caller api{stranger.url()};
  const auto told = api.post("/api/v1/events", event(new_id(), "high", "who are you"));
  INFO(told.text);
  CHECK(told.status == 503);
  CHECK(told.code() == "STORE_UNAVAILABLE");
  CHECK(api.get("/health/ready").status == 503);
  CHECK(told.text.find("key") == std::string::npos);
  CHECK(stranger.stop() == 0);
  const auto log = read_file(folder.path() / "log");
  CHECK(log.find("RUVECTOR_API_KEY") != std::string::npos);
  CHECK(log.find("another-key") == std::string::npos);
  CHECK(caller{both.manager().url()}.incident_count() == 0);
}
