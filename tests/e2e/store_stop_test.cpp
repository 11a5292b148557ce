/// The disk fails under a running program: it says so, acknowledges nothing more, ends with 1, and its next start has everything.

#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

constexpr const char* key = "the-key-of-these-tests";
constexpr int most_events = 2000;

/// Programs that start while this lives can write no file beyond a size: to SQLite that is an I/O error, not a full disk.
class limited_files {
public:
  limited_files() {
    std::signal(SIGXFSZ, SIG_IGN);  // which they inherit
    if (::getrlimit(RLIMIT_FSIZE, &before_) != 0) throw std::runtime_error{"no limit to be read"};
    auto less = before_;
    less.rlim_cur = 1U << 20U;
    if (::setrlimit(RLIMIT_FSIZE, &less) != 0) throw std::runtime_error{"no limit to be set"};
  }
  limited_files(const limited_files&) = delete;
  limited_files& operator=(const limited_files&) = delete;
  ~limited_files() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
  ::rlimit before_{};
};

/// Sends events until one is not acknowledged; the incidents that are.
std::set<std::string> write_until_refused(caller& api) {
  std::set<std::string> acknowledged;
  for (int i = 0; i < most_events; ++i) {
    const auto told = api.post("/api/v1/events", event(new_id(), "medium", "failure " + std::to_string(i)));
    if (told.status != 202) break;
    acknowledged.insert(told.str("/incident_id"));
  }
  return acknowledged;
}

bool has_all(caller& api, const std::set<std::string>& incidents) {
  for (const auto& id : incidents)
    if (api.get("/api/v1/incidents/" + id).status != 200) return false;
  return true;
}

}  // namespace

TEST_CASE("a manager whose embedded store cannot write ends with 1, and its next start has all that it acknowledged") {
  std::optional<limited_files> limit{std::in_place};
  manager service;
  limit.reset();
  std::set<std::string> acknowledged;
  {
    caller api{service.url(), {}, std::chrono::seconds{10}};
    acknowledged = write_until_refused(api);
  }
  CHECK(service.process().ended(std::chrono::seconds{40}) == 1);
  CHECK(service.log().find("the store is stopped") != std::string::npos);
  CHECK(service.log().find("service_failed") != std::string::npos);
  REQUIRE(acknowledged.size() > 3);
  REQUIRE(acknowledged.size() < most_events);
  service.start();
  caller api{service.url()};
  CHECK(has_all(api, acknowledged));
  CHECK(service.stop() == 0);
}

TEST_CASE("a ruvector-service that cannot write ends with 1, and its next start has all that it acknowledged") {
  const temporary_folder folder{"im-e2e"};
  const environment_map of_store{{"RUVECTOR_PORT", "0"},
                                 {"RUVECTOR_API_KEY", key},
                                 {"RUVECTOR_ADDRESS", "127.0.0.1"},
                                 {"DATA_DIR", (folder.path() / "data").string()}};
  const auto manager_of = [&](const running_program& store) {
    auto settings = own_settings(folder.path());
    settings["RUVECTOR_SERVICE_URL"] = store.url();
    settings["RUVECTOR_API_KEY"] = key;
    return std::make_unique<running_program>("llm-incident-manager", settings, folder.path() / "log");
  };
  std::set<std::string> acknowledged;
  {
    std::unique_ptr<running_program> store;
    {
      const limited_files limit;
      store = std::make_unique<running_program>("ruvector-service", of_store, folder.path() / "store-log");
    }
    const auto manager = manager_of(*store);
    caller api{manager->url(), {}, std::chrono::seconds{10}};
    acknowledged = write_until_refused(api);
    CHECK(store->ended(std::chrono::seconds{40}) == 1);
    CHECK(read_file(folder.path() / "store-log").find("the store is stopped") != std::string::npos);
  }
  REQUIRE(acknowledged.size() > 3);
  REQUIRE(acknowledged.size() < most_events);
  running_program store{"ruvector-service", of_store, folder.path() / "store-log-2"};
  const auto manager = manager_of(store);
  caller api{manager->url()};
  CHECK(has_all(api, acknowledged));
}
