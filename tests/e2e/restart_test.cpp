/// What a kill -9 cannot take away, and what fires though nobody was running.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;
using std::chrono::milliseconds;

namespace {

js::object rollback_request(std::string_view incident, std::string_view execution) {
  return {{"incident_id", incident}, {"action_type", "rollback"}, {"action_description", "roll prompt 41 back"},
          {"requester_id", "bob"},   {"execution_id", execution}, {"approval_request_id", new_id()}};
}

/// The deployed policies, but that a P2 is to be acknowledged within a second and that its breach alone escalates; a
/// folder for POLICIES_DIR.
void write_policies(const std::filesystem::path& folder) {
  constexpr double breach_alone = 0.55;
  std::filesystem::copy(project() / "deploy/policies", folder);
  const auto change = [&](const char* name, auto&& edit) {
    auto policy = js::parse(read_file(folder / name)).as_object();
    edit(policy);
    std::ofstream{folder / name} << js::serialize(policy);
  };
  change("sla-default.json", [](js::object& sla) { sla.at("acknowledge_seconds").as_object()["P2"] = 1; });
  change("escalation-default.json", [](js::object& escalation) { escalation["escalate_at"] = breach_alone; });
}

}  // namespace

TEST_CASE("what was acknowledged right before a kill -9 is there after the next start") {
  manager service;
  std::string incident;
  js::object before;
  js::array log_before;
  js::object gate_before;
  const auto signal = event(new_id(), "high", "prompt 41 loops");
  answer asked;
  js::object request;
  {
    caller api{service.url()};
    incident = api.post("/api/v1/events", signal).str("/incident_id");
    request = rollback_request(incident, new_id());
    asked = api.post("/api/v1/agents/hitl/request", request);
    REQUIRE(asked.status == 200);
    before = api.incident(incident);
    const auto voted = api.post("/api/v1/agents/hitl/decide",
                                vote(asked.str("/data/approval_request_id"), "ada", "incident_commander"));
    REQUIRE(voted.status == 200);
    CHECK(voted.str("/data/decision") == "approval_pending");
    service.kill();
  }
  service.start();
  caller api{service.url()};
  const auto gate = asked.str("/data/approval_request_id");
  const auto after = api.incident(incident);
  for (const auto* field : {"id", "status", "severity", "sla", "created_at", "title", "fingerprint"})
    CHECK(after.at(field) == before.at(field));

  const auto status = api.get("/api/v1/agents/hitl/status?request_id=" + gate);
  CHECK(status.str("/data/status") == "pending");
  CHECK(status.number("/data/approvals_obtained") == 1);
  CHECK(status.str("/data/approval_records/0/approver_id") == "ada");
  CHECK(status.str("/data/approval_deadline") ==
        api.log(incident).at(2).at_pointer("/fact/gate/request/approval_deadline").as_string());

  SECTION("a request told again gets its first answer and has no second effect") {
    const auto log = api.log(incident);
    const auto event_again = api.post("/api/v1/events", signal);
    CHECK(event_again.status == 202);
    CHECK(event_again.str("/disposition") == "duplicate");
    CHECK(event_again.str("/incident_id") == incident);
    const auto again = api.post("/api/v1/agents/hitl/request", request);
    CHECK(again.status == asked.status);
    CHECK(again.replayed());
    CHECK(again.at("/data") == asked.at("/data"));
    CHECK(again.at("/decision_event") == asked.at("/decision_event"));
    CHECK(api.log(incident) == log);
  }
  SECTION("the vote that was missing opens the gate, once") {
    const auto voted = api.post("/api/v1/agents/hitl/decide", vote(gate, "grace", "sre_lead"));
    CHECK(voted.str("/data/decision") == "approved");
    CHECK(voted.number("/data/approvals_obtained") == 2);
    const auto log = api.log(incident);
    CHECK(is_whole(log));
    CHECK(count_facts(log, "gate_changed", "approved") == 1);
  }
  CHECK(api.incident(incident).at("event_count") == 1);
}

TEST_CASE("a kill -9 amid many writes loses none that was acknowledged") {
  manager service;
  std::vector<std::string> acknowledged;
  std::string incident;
  for (int round = 0; round < 3; ++round) {
    caller api{service.url()};
    for (int i = 0; i < 40; ++i) {
      const auto id = new_id();
      const auto taken = api.post("/api/v1/events", event(id, "medium", "one of many"));
      REQUIRE(taken.status == 202);
      incident = taken.str("/incident_id");
      acknowledged.push_back(id);
    }
    service.kill_and_start();
  }
  caller api{service.url()};
  CHECK(api.incident_count() == 1);
  const auto log = api.log(incident);
  CHECK(is_whole(log));
  for (const auto& id : acknowledged) CHECK(covers(log, "events:" + id));
  CHECK(api.incident(incident).at("event_count").to_number<std::size_t>() == acknowledged.size());
}

TEST_CASE("an approval deadline that passes while nobody runs fires once, at the next start") {
  manager service;
  std::string incident;
  auto request = js::object{};
  const auto deadline = system_wall_clock{}.now() + milliseconds{1200};
  {
    caller api{service.url()};
    incident = open_incident(api, "low");
    request = rollback_request(incident, new_id());
    request["approval_deadline"] = js::string{to_string(deadline)};
    request["expiry_action"] = "auto_reject";
    REQUIRE(api.post("/api/v1/agents/hitl/request", request).status == 200);
    service.kill();
  }
  wait_until(deadline + milliseconds{50});
  const std::string gate{request.at("approval_request_id").as_string()};
  for (int start = 0; start < 2; ++start) {
    service.start();
    caller api{service.url()};
    const auto status = api.get("/api/v1/agents/hitl/status?wait=20&request_id=" + gate);
    CHECK(status.str("/data/status") == "expired");
    CHECK_FALSE(status.flag("/data/action_authorized"));
    const auto log = api.log(incident);
    CHECK(is_whole(log));
    CHECK(count_facts(log, "gate_changed", "expired") == 1);
    std::string cursor;
    std::size_t cancellations = 0;
    for (const auto& action : next_actions(api, cursor))
      if (action.at("action_type").as_string() == "cancel_pending_action") ++cancellations;
    CHECK(cancellations == 1);
    service.kill();
  }
}

TEST_CASE("an approval deadline ahead of a restart fires after it, and wakes who waits") {
  manager service;
  const auto deadline = system_wall_clock{}.now() + milliseconds{2500};
  js::object request;
  {
    caller api{service.url()};
    request = rollback_request(open_incident(api, "low"), new_id());
    request["approval_deadline"] = js::string{to_string(deadline)};
    REQUIRE(api.post("/api/v1/agents/hitl/request", request).status == 200);
  }
  service.kill_and_start();
  caller api{service.url()};
  const std::string gate{request.at("approval_request_id").as_string()};
  const auto status = api.get("/api/v1/agents/hitl/status?wait=20&request_id=" + gate);
  CHECK(status.str("/data/status") == "expired");
  CHECK(system_wall_clock{}.now() >= deadline);
  CHECK(system_wall_clock{}.now() < deadline + std::chrono::seconds{5});
}

TEST_CASE("an SLA that is breached while nobody runs escalates by itself at the next start, once") {
  const temporary_folder policies{"im-e2e"};
  const auto folder = policies.path() / "policies";
  write_policies(folder);
  manager service{{{"POLICIES_DIR", folder.string()}}};
  std::string incident;
  {
    caller api{service.url()};
    incident = open_incident(api, "medium");
    CHECK(api.incident(incident).at("status").as_string() == "NEW");
    service.kill();
  }
  wait_until(system_wall_clock{}.now() + milliseconds{1100});
  service.start();
  caller api{service.url()};
  const auto is_escalated = [&] { return api.incident(incident).at("status").as_string() == "ESCALATED"; };
  REQUIRE(eventually(service.process(), is_escalated));
  const auto log = api.log(incident);
  CHECK(is_whole(log));
  const auto record = api.incident(incident);
  CHECK(record.at("severity").as_string() == "P1");
  CHECK(record.at("escalation_level").to_number<int>() == 1);
  std::size_t breaches = 0;
  for (const auto& entry : log) {
    const auto& fact = entry.at("fact").as_object();
    if (fact.at("kind").as_string() == "escalation_evaluated" && fact.at("acknowledgment_breached").as_bool())
      ++breaches;
  }
  CHECK(breaches == 1);
  std::string cursor;
  const auto actions = next_actions(api, cursor);
  CHECK(std::ranges::count_if(actions, [](const js::value& action) {
          return action.at("action_type").as_string() == "notify_escalation_targets";
        }) == 1);
  service.kill_and_start();
  caller later{service.url()};
  CHECK(later.log(incident) == log);
}
