/// The manager and LLM-Observatory, which may be there or not.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"
#include "tests/support/fake_observatory.hpp"

using namespace im;
using namespace im::e2e;

namespace {

constexpr const char* alert = R"({"source":"llm-sentinel","event_type":"anomaly","execution_id":)"
                              R"("0192f0aa-0000-7000-8000-000000000001","timestamp":"2026-11-22T01:00:00.000Z",)"
                              R"("severity":"high","payload":{"title":"slow","service":"checkout"}})";

}  // namespace

TEST_CASE("LLM-Observatory has been told of all that was decided when the service ends") {
  test::fake_observatory there;
  manager m{{{"TELEMETRY_ENDPOINT", there.endpoint().to_string()}, {"GOOGLE_CLOUD_REGION", "us-central1"}}};
  REQUIRE(caller{m.url()}.post("/api/v1/events", js::parse(alert)).status == 202);
  CHECK(m.stop() == 0);

  std::vector<telemetry::observation> told;
  while (told.size() < 3) {
    auto post = there.posts.take();
    told.insert(told.end(), post.events.begin(), post.events.end());
  }
  std::vector<std::string> types;
  for (const auto& one : told) {
    types.emplace_back(to_string(one.event_type));
    CHECK(one.tags.at("region") == "us-central1");
    CHECK(one.tags.at("environment") == "development");
  }
  std::ranges::sort(types);
  CHECK(types == std::vector<std::string>{"agent_invocation", "decision_made", "decision_made"});
}

TEST_CASE("an LLM-Observatory that never answers holds up neither a decision nor the end of the service") {
  const test::silent_server there;
  manager m{{{"TELEMETRY_ENDPOINT", "http://127.0.0.1:" + std::to_string(there.port())}}};
  CHECK(caller{m.url()}.post("/api/v1/events", js::parse(alert)).status == 202);
  CHECK(m.stop() == 0);
  CHECK(m.log().find("observations_lost") != std::string::npos);
}

TEST_CASE("LLM-Observatory is told nothing where that is switched off") {
  manager m{{{"TELEMETRY_ENDPOINT", "http://127.0.0.1:1"}, {"TELEMETRY_ENABLED", "0"}}};
  CHECK(caller{m.url()}.post("/api/v1/events", js::parse(alert)).status == 202);
  CHECK(m.stop() == 0);
  CHECK(m.log().find("observat") == std::string::npos);
}
