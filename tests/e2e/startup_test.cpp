/// How the programs start, and how they refuse to.

#include <catch2/catch_test_macros.hpp>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

struct refused_start {
  int code = -1;
  std::string log;
  [[nodiscard]] bool names(std::string_view text) const { return log.find(text) != std::string::npos; }
};

/// Starts a program that is expected to refuse.
refused_start start_refused(std::string_view name, const environment_map& more) {
  const temporary_folder folder{"im-e2e"};
  auto settings = more;
  settings.merge(own_settings(folder.path()));
  child_process process{program(name), {}, settings, folder.path() / "log"};
  const auto code = process.wait(patience);
  return {code.value_or(-1), read_file(folder.path() / "log")};
}

}  // namespace

TEST_CASE("outside dev a store has to be named, and both settings that are missing are") {
  for (const auto* env : {"staging", "prod"}) {
    const auto refused = start_refused("llm-incident-manager", {{"PLATFORM_ENV", env}});
    INFO(refused.log);
    CHECK(refused.code > 0);
    CHECK(refused.names("RUVECTOR_SERVICE_URL"));
    CHECK(refused.names("RUVECTOR_API_KEY"));
  }
}

TEST_CASE("every bad setting is reported at once, and no secret is") {
  const auto refused = start_refused("llm-incident-manager", {{"HTTP_PORT", "eighty"},
                                                              {"METRICS_PORT", "70000"},
                                                              {"LOG_LEVEL", "loud"},
                                                              {"PLATFORM_ENV", "moon"},
                                                              {"MAX_CONNECTIONS", "0"},
                                                              {"REQUEST_TIMEOUT_SECS", "-1"},
                                                              {"RUVECTOR_SERVICE_URL", "ftp://store"},
                                                              {"RUVECTOR_API_KEY", "the secret"}});
  INFO(refused.log);
  CHECK(refused.code > 0);
  for (const auto* name : {"HTTP_PORT", "METRICS_PORT", "LOG_LEVEL", "PLATFORM_ENV", "MAX_CONNECTIONS",
                           "REQUEST_TIMEOUT_SECS", "RUVECTOR_SERVICE_URL", "RUVECTOR_API_KEY"})
    CHECK(refused.names(name));
  CHECK_FALSE(refused.names("the secret"));
}

TEST_CASE("ruvector-service names the key that it misses and the port that is none") {
  const auto refused = start_refused("ruvector-service", {{"RUVECTOR_PORT", "many"}});
  INFO(refused.log);
  CHECK(refused.code > 0);
  CHECK(refused.names("RUVECTOR_API_KEY"));
  CHECK(refused.names("RUVECTOR_PORT"));
}

TEST_CASE("a port that is taken is an error of the start") {
  manager first;
  const auto refused = start_refused("llm-incident-manager", {{"HTTP_PORT", std::to_string(first.process().port())}});
  INFO(refused.log);
  CHECK(refused.code > 0);
  CHECK(refused.names("HTTP_PORT"));
}

TEST_CASE("a data folder that cannot be made is an error of the start") {
  const auto refused = start_refused("llm-incident-manager", {{"DATA_DIR", "/proc/no-folder"}});
  INFO(refused.log);
  CHECK(refused.code > 0);
  CHECK(refused.names("/proc/no-folder"));
}

TEST_CASE("the service starts from any working folder") {
  const temporary_folder folder{"im-e2e"};
  const auto log = folder.path() / "log";
  child_process process{"/usr/bin/env",
                        {"-C", folder.path().string(), program("llm-incident-manager").string()},
                        own_settings(folder.path()),
                        log};
  const auto line = process.wait_for_line("http://", patience);
  INFO(read_file(log));
  REQUIRE(line);
  caller api{line->substr(line->find("http://"))};
  CHECK(open_incident(api, "high") != "");
  process.signal(SIGTERM);
  CHECK(process.wait(patience) == 0);
}

TEST_CASE("a SERVICE_VERSION that is no semver is told in health, and decisions name the build's") {
  manager service{{{"SERVICE_VERSION", "3f2a9c1"}}};
  caller api{service.url()};
  CHECK(api.get("/health").str("/version") == "3f2a9c1");
  const auto log = api.log(open_incident(api, "high"));
  REQUIRE_FALSE(log.empty());
  CHECK(js::serialize(log).find("3f2a9c1") == std::string::npos);
}

TEST_CASE("GRPC_PORT is accepted, and the log says that it does nothing") {
  manager service{{{"GRPC_PORT", "50051"}}};
  CHECK(service.stop() == 0);
  CHECK(service.log().find("GRPC_PORT") != std::string::npos);
}

TEST_CASE("the metrics are on a port of their own, and nowhere else") {
  const temporary_folder folder{"im-e2e"};
  auto settings = own_settings(folder.path());
  settings["METRICS_PORT"] = "0";
  child_process process{program("llm-incident-manager"), {}, settings, folder.path() / "log"};
  const auto api_line = process.wait_for_line("API", patience);
  const auto metrics_line = process.wait_for_line("metrics", patience);
  REQUIRE(api_line);
  REQUIRE(metrics_line);
  caller api{api_line->substr(api_line->find("http://"))};
  const auto address = metrics_line->substr(metrics_line->find("http://"));
  caller metrics{address.substr(0, address.rfind('/'))};
  (void)open_incident(api, "high");
  const auto shown = metrics.get("/metrics");
  CHECK(shown.status == 200);
  CHECK(shown.text.find("# TYPE llm_im_") != std::string::npos);
  CHECK(api.get("/metrics").status == 404);
}

TEST_CASE("SIGINT ends the service as SIGTERM does") {
  const temporary_folder folder{"im-e2e"};
  for (const auto number : {SIGINT, SIGTERM}) {
    child_process process{program("llm-incident-manager"), {}, own_settings(folder.path()), folder.path() / "log"};
    REQUIRE(process.wait_for_line("http://", patience));
    process.signal(number);
    CHECK(process.wait(patience) == 0);
  }
}
