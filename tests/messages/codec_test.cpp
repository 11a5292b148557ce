#include "messages/json/codec.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "messages/approval.hpp"
#include "messages/escalation.hpp"
#include "messages/facts.hpp"

namespace {

using namespace im;
using kind = field_error::kind;

/// `field code`, as the errors come.
template <class T>
std::vector<std::string> errors_of(std::string_view text) {
  const auto value = json::decode<T>(text);
  if (value) return {};
  CHECK(value.error().code == errc::validation_error);
  std::vector<std::string> lines;
  for (const auto& field : value.error().fields)
    lines.push_back(field.field + ' ' + std::string{to_string(field.code)});
  return lines;
}

TEST_CASE("all bad fields are named at once, each with its path") {
  const auto lines = errors_of<approval_request>(R"({
    "approval_request_id": "not-a-uuid", "incident_id": 7, "action_type": "dance", "action_description": ["x"],
    "incident_severity": "P9", "requester_type": null, "requester_id": "rita",
    "required_approvers": [{"approver_type": "sre_lead"}, {"approver_id": 5}, 3],
    "min_approvals_required": 1.5, "request_timestamp": "yesterday", "approval_deadline": "2026-11-22T01:00:00Z",
    "action_parameters": {"target_type": "service", "reversible": "yes", "estimated_duration_seconds": "5"}})");
  CHECK(lines == std::vector<std::string>{
                     "approval_request_id INVALID_VALUE", "incident_id INVALID_TYPE", "action_type INVALID_VALUE",
                     "action_description INVALID_TYPE", "incident_severity INVALID_VALUE", "requester_type REQUIRED",
                     "required_approvers[1].approver_type REQUIRED", "required_approvers[1].approver_id INVALID_TYPE",
                     "required_approvers[2] INVALID_TYPE", "min_approvals_required INVALID_TYPE",
                     "request_timestamp INVALID_VALUE", "action_parameters.target REQUIRED",
                     "action_parameters.reversible INVALID_TYPE",
                     "action_parameters.estimated_duration_seconds INVALID_TYPE"});
}

TEST_CASE("an error repeats what was sent, cut between characters, and says what would do") {
  const std::string wide(40, 'x');
  const auto value =
      json::decode<affected_resource>(R"({"type":")" + wide + "\xC3\xA9\xC3\xA9" + wide + R"(","id":"a"})");
  REQUIRE_FALSE(value);
  const auto& field = value.error().fields.front();
  CHECK(field.message == "type must be one of service, endpoint, model, deployment, tenant, infrastructure");
  REQUIRE(field.value);
  CHECK(field.value->size() == limits::error_value_chars);
  std::string umlauts;
  for (int i = 0; i < 50; ++i) umlauts += "\xC3\xA9";
  const auto odd = json::decode<affected_resource>(R"({"type":"x)" + umlauts + R"(","id":"a"})");
  REQUIRE(odd.error().fields.front().value);
  CHECK(odd.error().fields.front().value->size() == limits::error_value_chars - 1);
}

TEST_CASE("a number that is wrong is repeated as it was written") {
  const auto value = json::decode<policy_ref>(R"({"policy_id":12.5,"policy_version":true})");
  REQUIRE_FALSE(value);
  CHECK(value.error().fields[0].value == "12.5");
  CHECK(value.error().fields[1].value == "true");
  CHECK(value.error().message == "policy_id must be a string (and 1 more)");
}

TEST_CASE("only so many bad fields are named") {
  std::string text = R"({"kind":"gate_changed","request_id":"x","status":"pending","audit":[)";
  for (int i = 0; i < 100; ++i) text += i ? ",1" : "1";
  CHECK(errors_of<fact_box>(text + "]}").size() == limits::field_errors);
}

TEST_CASE("null is as good as absent, unknown members are passed over") {
  const auto resource = json::decode<affected_resource>(R"({"type":"model","id":"m","name":null,"color":{"a":[1]}})");
  REQUIRE(resource);
  CHECK(resource->name.empty());
  CHECK(errors_of<affected_resource>(R"({"type":null,"id":"m"})") == std::vector<std::string>{"type REQUIRED"});
}

TEST_CASE("an integer may be written as a whole float, and must fit") {
  const auto level = [](std::string number) {
    return errors_of<escalation_history_entry>(
        R"({"timestamp":"2026-11-22T01:00:00Z","from_severity":"P1","to_severity":"P0",
                                                   "from_level":0,"to_level":)" +
        number + "}");
  };
  CHECK(level("3.0").empty());
  CHECK(level("-1").empty());
  CHECK(level("3.5") == std::vector<std::string>{"to_level INVALID_TYPE"});
  CHECK(level("3000000000") == std::vector<std::string>{"to_level INVALID_VALUE"});
  CHECK(level("1e30") == std::vector<std::string>{"to_level INVALID_TYPE"});
  CHECK(level("\"3\"") == std::vector<std::string>{"to_level INVALID_TYPE"});
}

TEST_CASE("texts, lists and free-form objects are bounded for callers and not for the store") {
  const auto bounded = [](const std::string& text) {
    CHECK(json::decode<approval_record>(text, json::read_bounds::stored()));
    return errors_of<approval_record>(text);
  };
  const std::string head = R"({"approver_id":"a","approver_type":"sre_lead","decision":"approved",
                               "decision_timestamp":"2026-11-22T01:00:00Z",)";
  CHECK(bounded(head + R"("rationale":")" + std::string(limits::text_chars, 'x') + "\"}").empty());
  CHECK(bounded(head + R"("rationale":")" + std::string(limits::text_chars + 1, 'x') + "\"}") ==
        std::vector<std::string>{"rationale INVALID_VALUE"});
  std::string list = "\"c\"";
  for (std::size_t i = 0; i < limits::list_items; ++i) list += ",\"c\"";
  CHECK(bounded(head + R"("conditions":[)" + list + "]}") == std::vector<std::string>{"conditions INVALID_VALUE"});
  const auto object =
      R"({"type":"model","id":"m","metadata":{"a":")" + std::string(limits::raw_object_bytes, 'x') + "\"}}";
  CHECK(errors_of<affected_resource>(object) == std::vector<std::string>{"metadata INVALID_VALUE"});
  CHECK(json::decode<affected_resource>(object, json::read_bounds::stored()));
  std::string members;
  for (std::size_t i = 0; i <= limits::list_items; ++i) members += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
  CHECK(errors_of<signal_payload>(R"({"type":"manual","metrics":{)" + members + "}}") ==
        std::vector<std::string>{"metrics INVALID_VALUE"});
}

TEST_CASE("an unknown kind of fact is named as such") {
  CHECK(errors_of<fact_box>(R"({"kind":"hope"})") == std::vector<std::string>{"kind INVALID_VALUE"});
  CHECK(errors_of<fact_box>(R"({})") == std::vector<std::string>{"kind INVALID_VALUE"});
  CHECK(errors_of<fact_box>(R"({"kind":"noted"})").empty());
}

TEST_CASE("a body that is no object is refused as a whole") {
  for (const auto* text : {"[]", "1", "\"x\"", "null", "true"}) {
    const auto value = json::decode<policy_ref>(text);
    REQUIRE_FALSE(value);
    CHECK(value.error().message == "the body must be an object");
  }
}

}  // namespace
