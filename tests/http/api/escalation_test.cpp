#include <catch2/catch_test_macros.hpp>

#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string agent_path = "/api/v1/agents/escalation/";
const std::string evaluate = agent_path + "evaluate";
const std::string id{some_incident};

const cmd::evaluate_escalation& last_evaluation(const surface& s) {
  return s.incidents.last_as<cmd::evaluate_escalation>();
}

const std::string full =
    R"({"incident_id":")" + id + R"(","fingerprint":"f","current_severity":"P2","current_status":"IN_PROGRESS",
  "current_escalation_level":1,"signal_source":"llm-shield","signal_timestamp":"2026-11-22T00:59:00Z",
  "affected_resource":{"type":"model","id":"m"},"execution_id":"550e8400-e29b-41d4-a716-446655440000","category":"security",
  "signal_payload":{"type":"violation","suggested_severity":"P1","metrics":{"n":3},"signal_confidence":0.8,"raw_data":{"k":1}},
  "time_since_last_escalation":400,"policy_id":"default","sla":{"acknowledgment_breached":true},
  "escalation_history":[{"timestamp":"2026-11-22T00:00:00Z","from_severity":"P3","to_severity":"P2","from_level":0,"to_level":1}],
  "environment":"staging","title":"t","incident_created_at":"2026-11-21T00:00:00Z"})";

}  // namespace

TEST_CASE("an incident that we hold is evaluated by its id alone") {
  surface s;
  const auto a = s.post(evaluate, R"({"incident_id":")" + id + R"("})");
  CHECK(a.code() == 200);
  CHECK(a.at("success") == "true");
  const auto& wanted = last_evaluation(s);
  CHECK_FALSE(wanted.full);
  CHECK(wanted.input.signal_source == "manual");
  CHECK(wanted.input.signal_timestamp == at(now_text));
  CHECK(wanted.input.payload.type == signal_type::manual);
  CHECK(wanted.warnings.empty());
  CHECK(s.incidents.last().incident_id.str() == id);
}

TEST_CASE("the short form may bring a signal") {
  surface s;
  (void)s.post(evaluate, R"({"incident_id":")" + id +
                             R"(","signal_source":"llm-sentinel","signal_timestamp":"2026-11-22T00:00:00Z",
    "signal_payload":{"suggested_severity":"P0"}})");
  const auto& wanted = last_evaluation(s);
  CHECK_FALSE(wanted.full);
  CHECK(wanted.input.signal_source == "llm-sentinel");
  CHECK(wanted.input.payload.suggested_severity == severity::p0);
}

TEST_CASE("a full input is read whole") {
  surface s;
  (void)s.post(evaluate, full);
  const auto& wanted = last_evaluation(s);
  CHECK(wanted.full);
  const auto& input = wanted.input;
  CHECK(input.fingerprint == "f");
  CHECK(input.current_severity == severity::p2);
  CHECK(input.current_status == incident_status::in_progress);
  CHECK(input.current_escalation_level == 1);
  CHECK(input.category == incident_category::security);
  CHECK(input.payload.type == signal_type::violation);
  CHECK(input.payload.metrics.at("n") == 3);
  CHECK(input.payload.signal_confidence == 0.8);
  CHECK(input.time_since_last_escalation_s == 400);
  CHECK(input.resource->id == "m");
  CHECK(input.sla->acknowledgment_breached);
  CHECK(input.history.size() == 1);
  CHECK(input.environment == environment::staging);
  CHECK(input.policy_id == "default");
  CHECK(s.incidents.last().context.execution_ref.str() == "550e8400-e29b-41d4-a716-446655440000");
}

TEST_CASE("any part of a full input asks for all of it, and all that is wrong is told at once") {
  surface s;
  CHECK(s.post(evaluate, R"({"incident_id":")" + id + R"(","fingerprint":"f"})").bad_fields() ==
        std::vector<std::string>{"current_severity REQUIRED", "current_status REQUIRED",
                                 "current_escalation_level REQUIRED", "signal_source REQUIRED",
                                 "signal_timestamp REQUIRED", "affected_resource REQUIRED", "execution_id REQUIRED"});
  CHECK(s.post(evaluate,
               R"({"incident_id":"test-123","current_severity":"P7","current_status":3,"current_escalation_level":-1,
    "affected_resource":{"type":"service"},"signal_payload":{"signal_confidence":2},"time_since_last_escalation":-5})")
            .bad_fields() ==
        std::vector<std::string>{"incident_id INVALID_VALUE", "current_severity INVALID_VALUE",
                                 "current_status INVALID_TYPE", "current_escalation_level INVALID_VALUE",
                                 "signal_payload.signal_confidence INVALID_VALUE", "affected_resource.id REQUIRED",
                                 "fingerprint REQUIRED", "signal_source REQUIRED", "signal_timestamp REQUIRED",
                                 "execution_id REQUIRED", "time_since_last_escalation INVALID_VALUE"});
  CHECK(s.incidents.commands.empty());
}

TEST_CASE("an unknown signal source is a warning, not an error") {
  surface s;
  (void)s.post(evaluate, R"({"incident_id":")" + id + R"(","signal_source":"my-script"})");
  REQUIRE(last_evaluation(s).warnings.size() == 1);
  CHECK(last_evaluation(s).warnings[0].find("my-script") != std::string::npos);
}

TEST_CASE("inspect tells an incident's escalation state, by GET and by POST alike") {
  surface s;
  s.incidents.answers = [](const command&) {
    auto state = some_state();
    state.policies = policy_refs{{"default", "1.0.0"}, {}, {}};
    auto gate = some_pending_gate(gate_purpose::apply_escalation);
    gate.proposed_severity = severity::p0;
    state.gates.push_back(gate);
    return decided("{}", state);
  };
  const auto a = s.get(agent_path + "inspect?incident_id=" + id);
  CHECK(a.code() == 200);
  CHECK(a.at("data.incident_id") == id);
  CHECK(a.at("data.severity") == "P1");
  CHECK(a.at("data.escalation_level") == "0");
  CHECK(a.at("data.pending_approval") == some_gate);
  CHECK(a.at("data.pending_gate.proposed_severity") == "P0");
  CHECK(a.at("data.policy.policy_version") == "1.0.0");
  CHECK(s.post(agent_path + "inspect", R"({"incident_id":")" + id + R"("})").raw.body == a.raw.body);
  CHECK(s.get(agent_path + "inspect").bad_fields() == std::vector<std::string>{"incident_id REQUIRED"});
  CHECK(s.post(agent_path + "inspect", R"({"incident_id":["x"]})").bad_fields() ==
        std::vector<std::string>{"incident_id INVALID_TYPE", "incident_id REQUIRED"});
}

TEST_CASE("a list answers the store's page in the envelope, by GET and by POST alike") {
  surface s;
  s.store.page = write_list_page(std::vector<std::string>{R"({"incident_id":"x"})"});
  const auto a = s.get(agent_path + "list?severity=P0&limit=3");
  CHECK(a.at("data.items.0.incident_id") == "x");
  CHECK(s.store.listed == view::escalations);
  const auto filters = s.store.filters;
  CHECK(s.post(agent_path + "list", R"({"severity":"P0","limit":3})").raw.body == a.raw.body);
  CHECK(s.store.filters == filters);
  CHECK(s.post(agent_path + "list", "[]").code() == 400);
  CHECK(s.post(agent_path + "list").code() == 200);
}

TEST_CASE("a policy that is not to be had is 503") {
  surface s;
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::policy_unavailable, "no policy"); };
  const auto a = s.post(evaluate, R"({"incident_id":")" + id + R"("})");
  CHECK(a.code() == 503);
  CHECK(a.at("error.code") == "POLICY_UNAVAILABLE");
  CHECK(a.at("error.retryable") == "true");
}
