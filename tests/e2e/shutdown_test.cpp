/// SIGTERM while requests are on their way.

#include <catch2/catch_test_macros.hpp>
#include <future>
#include <latch>
#include <mutex>
#include <thread>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/raw_connection.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

TEST_CASE("SIGTERM amid requests: all that were acknowledged are in the log, and the exit code is 0") {
  constexpr int clients = 4;
  constexpr int before_signal = 20;
  manager service;
  std::mutex mutex;
  std::map<std::string, std::string> acknowledged;  // event id → incident
  std::latch busy{clients};
  std::vector<std::jthread> threads;
  for (int n = 0; n < clients; ++n)
    threads.emplace_back([&, n] {
      caller api{service.url()};
      for (int i = 0;; ++i) {
        if (i == before_signal) busy.count_down();
        const auto id = new_id();
        const auto taken = api.post("/api/v1/events", event(id, "medium", "burst " + std::to_string(n % 2)));
        if (taken.status != 202) {
          if (i < before_signal) busy.count_down();
          return;
        }
        const std::lock_guard lock{mutex};
        acknowledged.emplace(id, taken.str("/incident_id"));
      }
    });
  busy.wait();
  CHECK(service.stop() == 0);
  threads.clear();
  CHECK(acknowledged.size() >= clients * before_signal);

  service.start();
  caller api{service.url()};
  std::map<std::string, js::array> logs;
  for (const auto& [id, incident] : acknowledged) {
    if (!logs.contains(incident)) {
      auto& log = logs[incident];
      for (;;) {
        const auto page = api.get("/api/v1/incidents/" + incident + "/log?after=" + std::to_string(log.size()));
        if (page.list("/events").empty()) break;
        log.insert(log.end(), page.list("/events").begin(), page.list("/events").end());
      }
      CHECK(is_whole(log));
    }
  }
  CHECK(logs.size() == 2);
  std::size_t missing = 0;
  for (const auto& [id, incident] : acknowledged) missing += covers(logs[incident], "events:" + id) ? 0 : 1;
  CHECK(missing == 0);
}

TEST_CASE("a long poll does not hold up the end of the service") {
  manager service;
  caller api{service.url()};
  const auto incident = open_incident(api, "low");
  const auto asked = api.post("/api/v1/agents/hitl/request", {{"incident_id", incident}, {"action_type", "rollback"}});
  const auto gate = asked.str("/data/approval_request_id");
  auto waiting = std::async(std::launch::async, [&] {
    caller patient{service.url()};
    return patient.get("/api/v1/agents/hitl/status?wait=60&request_id=" + gate);
  });
  auto following = std::async(std::launch::async, [&] {
    caller patient{service.url()};
    return patient.get("/api/v1/orchestrator/actions?wait=60&after=999999");
  });
  // Answered after the polls above have been accepted: there is one io thread a core, and connections come in order.
  CHECK(api.get("/health").status == 200);
  CHECK(service.stop() == 0);
  CHECK(service.log().find("drain_cut_short") == std::string::npos);
  const auto told = waiting.get();
  CHECK((told.status == 200 || told.status == 503 || told.status == 0));
  if (told.status == 200) CHECK(told.str("/data/status") == "pending");
  (void)following.get();
}

TEST_CASE("after SIGTERM ready is 503 first, while requests are taken; a second signal ends that") {
  manager service{{{"LAME_DUCK_SECS", "300"}, {"SHUTDOWN_SECS", "400"}}};
  caller api{service.url()};
  REQUIRE(api.get("/health/ready").status == 200);
  service.process().terminate();
  REQUIRE(eventually(service.process(), [&] { return api.get("/health/ready").status == 503; }));
  CHECK(api.get("/health/ready").code() == "DRAINING");
  caller newcomer{service.url()};  // over a connection of its own: the service still listens
  CHECK(newcomer.get("/health/live").status == 200);
  CHECK_FALSE(open_incident(newcomer, "low").empty());
  CHECK(service.stop() == 0);
  CHECK(service.log().find("drain_cut_short") == std::string::npos);
}

TEST_CASE("the lame-duck time ends by itself") {
  manager service{{{"LAME_DUCK_SECS", "1"}}};
  CHECK(service.stop() == 0);
}

TEST_CASE("a caller who never ends a request does not hold up the end beyond SHUTDOWN_SECS") {
  manager service{{{"SHUTDOWN_SECS", "5"}, {"LAME_DUCK_SECS", "300"}}};  // which is cut to nothing
  raw_connection half{service.process().port()};
  REQUIRE(half.send("POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"));
  caller api{service.url()};
  CHECK(api.get("/health").status == 200);  // the connection before it was accepted
  service.process().terminate();
  CHECK(service.process().ended(seconds{7}) == 0);
  CHECK(service.log().find("drain_cut_short") != std::string::npos);
}

TEST_CASE("a drained service starts again where it was") {
  manager service;
  std::string incident;
  js::array log;
  {
    caller api{service.url()};
    incident = open_incident(api, "high");
    log = api.log(incident);
  }
  REQUIRE(service.stop() == 0);
  service.start();
  caller api{service.url()};
  CHECK(api.log(incident) == log);
  CHECK(api.get("/health/ready").status == 200);
}
