/// llm-im-load against the real service: each workload ends well, and all that was acknowledged is read back.

#include <catch2/catch_test_macros.hpp>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

constexpr std::chrono::seconds load_patience{60};

/// Runs a workload to its end; its figures, with `exit` among them.
js::object load(const manager& service, std::vector<std::string> arguments) {
  const auto figures = service.folder() / "figures.json";
  std::filesystem::remove(figures);
  arguments.insert(arguments.end(), {"--url", service.url(), "--connections", "8", "--json", figures.string()});
  child_process tool{program("llm-im-load"), arguments, {}, service.folder() / "load.log"};
  const auto code = tool.wait(load_patience);
  INFO(read_file(service.folder() / "load.log"));
  REQUIRE(code.has_value());
  auto found = js::parse(read_file(figures)).as_object();
  found["exit"] = *code;
  return found;
}

/// Checks that `units` went well and left `recorded` operations, all there.
void check(const js::object& found, std::int64_t units, std::int64_t recorded) {
  CHECK(found.at("exit").as_int64() == 0);
  CHECK(found.at("units").to_number<std::int64_t>() == units);
  CHECK(found.at("refusals").as_object().empty());
  CHECK(found.at("failures").as_object().empty());
  const auto& read_back = found.at("reconciliation");
  CHECK(read_back.at("holds").as_bool());
  CHECK(read_back.at("acknowledged").to_number<std::int64_t>() == recorded);
}

}  // namespace

TEST_CASE("llm-im-load reads back all it was acknowledged, whatever it does") {
  manager service;
  check(load(service, {"ingest", "--count", "300", "--services", "20"}), 300, 300);
  check(load(service, {"ingest", "--count", "10", "--batch", "30", "--services", "20"}), 10, 300);
  check(load(service, {"ingest", "--count", "10", "--batch", "30", "--ndjson"}), 10, 300);
  check(load(service, {"churn", "--count", "100", "--rate", "1000"}), 100, 100);
  check(load(service, {"evaluate", "--count", "50"}), 50, 50);
  check(load(service, {"evaluate", "--count", "50", "--dry-run"}), 50, 0);
  check(load(service, {"lifecycle", "--count", "10"}), 10, 80);
  const auto approvals = load(service, {"approvals", "--count", "20", "--incidents", "16"});
  check(approvals, 20, 16 + 3 * 20);
  CHECK(approvals.at("resume_us").at("count").to_number<int>() == 20);
  check(load(service, {"idle", "--count", "5", "--incidents", "20", "--gates"}), 5, 2 * 20 + 5);
  const auto soak = load(service, {"soak", "--count", "100", "--seed", "3"});
  CHECK(soak.at("exit").as_int64() == 0);
  CHECK(soak.at("units").to_number<int>() == 100);
  CHECK(soak.at("reconciliation").at("holds").as_bool());
}

TEST_CASE("llm-im-load says with its exit code that nobody is there, and that it was called wrongly") {
  const temporary_folder folder{"im-e2e"};
  const auto code_of = [&](const std::vector<std::string>& arguments) {
    child_process tool{program("llm-im-load"), arguments, {}, folder.path() / "log"};
    return tool.wait(load_patience);
  };
  CHECK(code_of({"ingest", "--url", "http://127.0.0.1:1", "--count", "1"}) == 3);
  CHECK(code_of({"ingest", "--url", "https://127.0.0.1:1"}) == 2);
  CHECK(code_of({"ingest", "--connections", "0"}) == 2);
  CHECK(code_of({}) == 2);
  CHECK(code_of({"--help"}) == 0);
}
