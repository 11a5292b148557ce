#include <catch2/catch_test_macros.hpp>

#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string one = "/api/v1/incidents/" + std::string{some_incident};

const cmd::change_incident& last_change(const surface& s) { return s.incidents.last_as<cmd::change_incident>(); }

}  // namespace

TEST_CASE("each change arrives as what it is") {
  surface s;
  const std::vector<std::tuple<std::string, std::string, change_kind>> changes = {
      {"acknowledge", R"({"actor":"ada"})", change_kind::acknowledge},
      {"assign", R"({"actor":"ada","assigned_to":"grace"})", change_kind::assign},
      {"start", R"({"actor":"ada"})", change_kind::start},
      {"escalate", R"({"actor":"ada","severity":"P0","reason":"spreading"})", change_kind::escalate},
      {"resolve", R"({"actor":"ada"})", change_kind::resolve},
      {"close", R"({"actor":"ada"})", change_kind::close},
      {"reopen", R"({"actor":"ada"})", change_kind::reopen},
      {"comments", R"({"author":"ada","text":"looking"})", change_kind::comment}};
  for (const auto& [name, body, kind] : changes) {
    CAPTURE(name);
    const auto a = s.post(std::string{one}.append("/").append(name), body);
    CHECK(a.code() == 200);
    CHECK(a.at("data.id") == some_incident);
    CHECK(a.at("decision_event.sequence") == "3");
    CHECK(last_change(s).change == kind);
    CHECK(last_change(s).actor == "ada");
    CHECK(s.incidents.last().incident_id.str() == some_incident);
  }
  CHECK(last_change(s).comment == "looking");
  CHECK(s.patch(one, R"({"title":"t","severity":"P3","tags":{"a":"b"}})").code() == 200);
  CHECK(last_change(s).change == change_kind::update);
  CHECK(last_change(s).title == "t");
  CHECK(last_change(s).severity == severity::p3);
  CHECK(last_change(s).tags == string_map{{"a", "b"}});
  CHECK_FALSE(last_change(s).labels);
}

TEST_CASE("a change without a body is made by api, an actor of type user") {
  surface s;
  CHECK(s.post(one + "/acknowledge").code() == 200);
  CHECK(last_change(s).actor == "api");
  CHECK(last_change(s).actor_type == actor_type::user);
}

TEST_CASE("a change's request id belongs to its incident") {
  surface s;
  (void)s.post(one + "/close", R"({"execution_id":"e-1"})");
  CHECK(s.incidents.last().context.request == "incidents.close:" + std::string{some_incident} + ":e-1");
  (void)s.post(one + "/close", "", {{"Idempotency-Key", "k"}});
  CHECK(s.incidents.last().context.request == "key:POST " + one + "/close:k");
}

TEST_CASE("a resolution stands beside the other fields or in an object of its own") {
  surface s;
  (void)s.post(
      one + "/resolve",
      R"({"actor":"ada","root_cause":"bad prompt","resolution_notes":"rolled back","actions_taken":["rollback"]})");
  CHECK(last_change(s).resolution == resolution_record{"bad prompt", "rolled back", "ada", {}, {"rollback"}});
  (void)s.post(one + "/resolve",
               R"({"actor":"ada","resolution":{"root_cause":"x","resolved_by":"grace","playbook_used":"pb"}})");
  CHECK(last_change(s).resolution == resolution_record{"x", "", "grace", "pb", {}});
}

TEST_CASE("a change says what it cannot do without") {
  surface s;
  CHECK(s.post(one + "/assign", R"({"actor":7})").bad_fields() ==
        std::vector<std::string>{"actor INVALID_TYPE", "assigned_to REQUIRED"});
  CHECK(s.post(one + "/comments", "{}").bad_fields() == std::vector<std::string>{"comment REQUIRED"});
  CHECK(s.patch(one, R"({"status":"RESOLVED"})").code() == 400);
  CHECK(s.post(one + "/escalate", R"({"severity":"P7"})").bad_fields() ==
        std::vector<std::string>{"severity INVALID_VALUE"});
  CHECK(s.incidents.commands.empty());
}

TEST_CASE("an illegal transition is 409 and is not to be repeated") {
  surface s;
  s.incidents.answers = [](const command&) -> result<reply> {
    return fail(errc::conflict, "an incident that is CLOSED does not allow: start");
  };
  const auto a = s.post(one + "/start");
  CHECK(a.code() == 409);
  CHECK(a.at("error.code") == "CONFLICT");
  CHECK(a.at("error.retryable") == "false");
}

TEST_CASE("a closing that waits for approval is 202 and names its gate") {
  surface s;
  s.incidents.answers = [](const command&) {
    auto state = some_state();
    state.gates.push_back(some_pending_gate(gate_purpose::close_incident));
    auto r = decided("{}", state);
    r.warnings = {"closing waits for approval"};
    return r;
  };
  const auto a = s.post(one + "/close", R"({"actor":"ada"})");
  CHECK(a.code() == 202);
  CHECK(a.at("data.approval_request_id") == some_gate);
  CHECK(a.at("data.status") == "ACKNOWLEDGED");
  CHECK(a.at("warnings.0") == "closing waits for approval");
  CHECK(s.post(one + "/acknowledge").code() == 200);
}

TEST_CASE("an escalation by hand that opened a gate is 202") {
  surface s;
  s.incidents.answers = [](const command&) {
    auto r = decided();
    auto event = *r.event;
    event.fact.value = fact::gate_opened{some_pending_gate(gate_purpose::apply_escalation)};
    r.event = std::make_shared<decision_event>(event);
    return r;
  };
  const auto a = s.post(one + "/escalate", R"({"severity":"critical"})");
  CHECK(a.code() == 202);
  CHECK(a.at("data.approval_request_id") == some_gate);
}
