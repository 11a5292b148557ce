#include <catch2/catch_test_macros.hpp>

#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

TEST_CASE("health tells the version alone") {
  surface s;
  const auto a = s.get("/health");
  CHECK(a.code() == 200);
  CHECK(a.raw.body == R"({"status":"healthy","version":"9.8.7"})");
  CHECK(s.get("/health/live").at("status") == "alive");
}

TEST_CASE("a store that serves but needs an operator is a warning in health and in readiness") {
  surface s;
  s.store.condition.warnings = {"database_checkpoint: checkpoint failed: database or disk is full"};
  CHECK(s.get("/health").at("status") == "degraded");
  CHECK(s.get("/health").raw.body.find("checkpoint failed") != std::string::npos);
  const auto ready = s.get("/health/ready");
  CHECK(ready.code() == 200);
  CHECK(ready.raw.body.find("checkpoint failed") != std::string::npos);
  s.store.broken = error{errc::store_unavailable, "the disk is full"};
  CHECK(s.get("/health").code() == 200);
  CHECK(s.get("/health").at("status") == "degraded");
  CHECK(s.get("/health").at("warnings.0") == "the disk is full");
}

TEST_CASE("ready is 503 in the lame-duck time, while requests are taken and long polls wait") {
  surface s{[](dependencies& d) { d.leaving = [] { return true; }; }};
  CHECK(s.get("/health/ready").at("error.code") == "DRAINING");
  CHECK(s.get("/health").code() == 200);
  CHECK(s.get("/api/v1/orchestrator/actions?after=c7&wait=4").code() == 200);
  CHECK(s.store.asked.size() == 2);
}

TEST_CASE("ready is 503 while the store is away or the service drains") {
  bool draining = false;
  surface s{[&](dependencies& d) { d.draining = [&] { return draining; }; }};
  CHECK(s.get("/health/ready").code() == 200);
  s.store.broken = error{errc::store_unavailable, "the disk is full"};
  const auto away = s.get("/health/ready");
  CHECK(away.code() == 503);
  CHECK(away.at("error.code") == "STORE_UNAVAILABLE");
  CHECK(away.at("error.message").starts_with("the disk is full"));
  s.store.broken.reset();
  draining = true;
  CHECK(s.get("/health/ready").at("error.code") == "DRAINING");
  CHECK(s.get("/health/live").code() == 200);
}

TEST_CASE("ready is 503 and health degraded while nothing can be decided, and both say why") {
  surface s;
  s.incidents.policies = fail(errc::policy_unavailable, "the sla policy 'nope': the store does not know it");
  const auto told = s.get("/health");
  CHECK(told.at("status") == "degraded");
  CHECK(told.at("warnings.0") == "the sla policy 'nope': the store does not know it");
  const auto ready = s.get("/health/ready");
  CHECK(ready.code() == 503);
  CHECK(ready.at("error.code") == "POLICY_UNAVAILABLE");
  CHECK(s.get("/health/live").code() == 200);
}

TEST_CASE("each agent answers for itself, by GET and by POST") {
  surface s;
  for (const auto& [path, body] : {std::pair{"escalation", R"({"agent":"incident-escalation","status":"healthy"})"},
                                   std::pair{"hitl", R"({"agent":"incident-approver","status":"healthy"})"},
                                   std::pair{"postmortem", R"({"agent":"postmortem-generator","status":"healthy"})"}}) {
    const auto target = std::string{"/api/v1/agents/"} + path + "/health";
    CHECK(s.get(target).raw.body == body);
    CHECK(s.post(target).raw.body == body);
  }
}
