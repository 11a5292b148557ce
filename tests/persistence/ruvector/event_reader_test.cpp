#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/persistence/ruvector/test_database.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

const std::string foreign = R"({
  "id": "0199aaaa-0000-7000-8000-00000000000a", "agent_id": "cost-analyzer:2.1.0:host-7", "agent_version": "2.1.0",
  "agent_classification": "INCIDENT_ANALYSIS", "decision_type": "no_action_required",
  "inputs_hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "outputs": {"x": [1, 2.50]},
  "confidence": 0.5, "constraints_applied": {}, "execution_ref": "0199aaaa-0000-7000-8000-00000000000b",
  "timestamp": "2026-11-22T01:00:00Z", "environment": "production", "requires_review": false, "unknown": null})";

}  // namespace

TEST_CASE("another agent's event needs none of our fields") {
  const auto event = read_event(foreign);
  REQUIRE(event);
  CHECK_FALSE(event->log);
  CHECK_FALSE(event->incident);
  CHECK(event->document().find('\n') == std::string::npos);
  CHECK(event->document().find("unknown") != std::string::npos);
}

TEST_CASE("a bad event is refused with all that is wrong") {
  const auto event =
      read_event(R"({"id":"x","agent_id":"no-colon","agent_version":"1","inputs_hash":"zz","confidence":2,
    "outputs":[],"sequence":0})");
  REQUIRE_FALSE(event);
  CHECK(event.error().code == errc::validation_error);
  std::vector<std::string> names;
  for (const auto& f : event.error().fields) names.push_back(f.field);
  for (const auto* name : {"id", "agent_id", "agent_version", "agent_classification", "decision_type", "inputs_hash",
                           "outputs", "confidence", "constraints_applied", "execution_ref", "timestamp", "environment",
                           "requires_review", "incident_id", "sequence", "request_ids", "fact"})
    CHECK(std::ranges::find(names, name) != names.end());
}

TEST_CASE("a batch names the event that is wrong") {
  auto text = batch_body({open_event(1, "f"), attach_event(1, 2)});
  text.replace(text.rfind("incident-manager:1.0.0"), 22, "incident-manager:1.0.x");
  const auto events = read_events(text);
  REQUIRE_FALSE(events);
  REQUIRE(events.error().fields.size() == 1);
  CHECK(events.error().fields[0].field == "events[1].agent_id");
  CHECK(read_events("{}").error().fields[0].code == field_error::kind::required);
  CHECK(read_events("[").error().code == errc::malformed_body);
}

TEST_CASE("request ids have bounds") {
  CHECK_FALSE(read_event(json::encode(open_event(1, "f", {""}))));
  CHECK_FALSE(read_event(json::encode(open_event(1, "f", {std::string(257, 'x')}))));
  CHECK(read_event(json::encode(open_event(1, "f", {std::string(256, 'x')}))));
}

TEST_CASE("an opening names its own incident") {
  auto event = open_event(1, "f");
  event.incident_id = incident_number(2);
  CHECK_FALSE(read_event(json::encode(event)));
}

TEST_CASE("another agent's event is kept as a document, found by its fields") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  const auto put = [&](const std::string& text) {
    std::vector<new_event> one;
    one.push_back(read_event(text).value());
    return try_append(*store, std::move(one)).value().front();
  };
  CHECK(put(foreign).outcome == append_outcome::created);
  CHECK(put(foreign).identical == true);
  auto other = foreign;
  other.replace(other.find("0.5"), 3, "0.6");
  CHECK(put(other).outcome == append_outcome::conflict);
  append_one(*store, open_event(1, "f"));

  event_query query;
  CHECK(store->query(query)->total == 2);
  query.agent_id = "cost-analyzer";
  CHECK(store->query(query)->total == 1);
  query.agent_id = "cost";
  CHECK(store->query(query)->total == 0);
  query.agent_id = "cost-analyzer:2.1.0:host-7";
  CHECK(store->query(query)->events.size() == 1);
  query = {};
  query.incident = incident_number(1);
  query.decision_type = decision_type::incident_open;
  CHECK(store->query(query)->total == 1);
  query = {};
  query.from = at_second(1);
  CHECK(store->query(query)->total == 1);
  query.from.reset();
  query.to = at_second(0);
  CHECK(store->query(query)->total == 1);
  query = {};
  query.limit = 1;
  CHECK(store->query(query)->events[0].find("incident_opened") != std::string::npos);  // newest first
  query.offset = 1;
  CHECK(store->query(query)->events[0].find("cost-analyzer") != std::string::npos);
  CHECK(store->check()->problems.empty());
}
