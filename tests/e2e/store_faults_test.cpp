/// What may go wrong between the manager and its store, one thing at a time, by a proxy between them. tests/chaos mixes them.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"
#include "tests/support/fault_proxy.hpp"

using namespace im;
using namespace im::e2e;
using test::fault;

namespace {

constexpr const char* key = "the-key-of-these-tests";
constexpr const char* writes = "POST /api/v1/decision-events";

/// A manager that reaches its store, a process apart, over a proxy.
class over_a_proxy {
public:
  over_a_proxy() {
    auto settings = own_settings(folder_.path());
    settings["RUVECTOR_SERVICE_URL"] = proxy.url();
    settings["RUVECTOR_API_KEY"] = key;
    manager_ = std::make_unique<running_program>("llm-incident-manager", settings, folder_.path() / "log");
  }

private:
  temporary_folder folder_{"im-e2e"};

public:
  running_program store{"ruvector-service",
                        {{"RUVECTOR_PORT", "0"},
                         {"RUVECTOR_API_KEY", key},
                         {"RUVECTOR_ADDRESS", "127.0.0.1"},
                         {"DATA_DIR", (folder_.path() / "data").string()}},
                        folder_.path() / "store-log"};
  test::fault_proxy proxy{store.port()};

  [[nodiscard]] running_program& manager() { return *manager_; }

private:
  std::unique_ptr<running_program> manager_;
};

bool is_refused(const answer& told) {
  return told.status == 503 && told.headers.get("Retry-After").has_value() && told.flag("/error/retryable");
}

js::object comment(const std::string& id) { return {{"actor", "grace"}, {"comment", "looking"}, {"execution_id", id}}; }

}  // namespace

TEST_CASE("whatever happens to one exchange with the store, its write takes effect once") {
  const auto kind = GENERATE(fault::cut_request, fault::lose_answer, fault::truncate, fault::half_open, fault::refuse,
                             fault::answer_500, fault::answer_429, fault::delay);
  CAPTURE(to_string(kind));
  over_a_proxy at;
  caller api{at.manager().url()};
  const auto incident = open_incident(api, "high");
  const auto before = api.log(incident).size();
  at.proxy.inject({.kind = kind, .where = writes, .times = 1});
  const auto target = "/api/v1/incidents/" + incident + "/comments";
  const auto body = comment(new_id());
  auto told = api.post(target, body);
  CHECK(told.status == 200);  // tried again by the service itself
  CHECK(at.proxy.spoiled(kind) == 1);
  at.proxy.heal();
  CHECK(api.post(target, body).replayed());
  const auto log = api.log(incident);
  CHECK(log.size() == before + 1);
  CHECK(is_whole(log));
}

TEST_CASE(
    "while every call of the store fails writes are refused and live incidents are read as stale; then all is well "
    "again") {
  const auto kind = GENERATE(fault::refuse, fault::answer_500, fault::answer_429, fault::half_open, fault::truncate);
  CAPTURE(to_string(kind));
  over_a_proxy at;
  caller api{at.manager().url()};
  const auto incident = open_incident(api, "high");
  const auto before = api.log(incident).size();
  at.proxy.inject({.kind = kind});
  const auto target = "/api/v1/incidents/" + incident;
  const auto body = comment(new_id());
  CHECK(is_refused(api.post(target + "/comments", body)));
  const auto read = api.get(target);
  CHECK(read.status == 200);
  CHECK(read.flag("/stale"));
  CHECK(read.str("/data/id") == incident);
  CHECK(is_refused(api.post("/api/v1/events", event(new_id(), "high", "another"))));

  at.proxy.heal();
  CHECK(eventually(at.manager(), [&] { return api.post(target + "/comments", body).status == 200; }));
  CHECK(eventually(at.manager(), [&] { return !api.get(target).has("/stale"); }));
  const auto log = api.log(incident);
  CHECK(log.size() == before + 1);
  CHECK(is_whole(log));
}

TEST_CASE("a store that is stopped in its tracks is told as 503, reads go on, and nothing is lost when it goes on") {
  over_a_proxy at;
  caller api{at.manager().url()};
  const auto incident = open_incident(api, "high");
  at.store.freeze();
  const auto target = "/api/v1/incidents/" + incident;
  const auto body = comment(new_id());
  CHECK(is_refused(api.post(target + "/comments", body)));
  CHECK(api.get(target).flag("/stale"));
  at.store.thaw();
  CHECK(eventually(at.manager(), [&] { return api.post(target + "/comments", body).status == 200; }));
  CHECK(count_facts(api.log(incident), "incident_changed") == 1);
}

TEST_CASE("a slow store is waited for, and what it says is fresh") {
  over_a_proxy at;
  caller api{at.manager().url()};
  const auto incident = open_incident(api, "high");
  at.proxy.inject({.kind = fault::delay, .delay = std::chrono::milliseconds{300}});
  CHECK(api.post("/api/v1/incidents/" + incident + "/comments", comment(new_id())).status == 200);
  CHECK_FALSE(api.get("/api/v1/incidents/" + incident).has("/stale"));
}
