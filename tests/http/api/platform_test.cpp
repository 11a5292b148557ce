#include <catch2/catch_test_macros.hpp>

#include "http/api/events/dialect.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api::events;
using im::api::test::at;

namespace {

const reception received{at("2026-11-22T01:00:00.000Z"), environment::staging};

signal_result translate(std::string_view text) {
  const auto document = json::document::parse(text);
  REQUIRE(document);
  return from_platform(document->root(), received);
}

std::vector<std::string> wrong_fields(const signal_result& r) {
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::validation_error);
  std::vector<std::string> fields;
  for (const auto& f : r.error().fields) fields.push_back(f.field + ' ' + std::string{to_string(f.code)});
  return fields;
}

}  // namespace

TEST_CASE("a platform envelope becomes a signal with all that its payload says") {
  const auto signal = translate(R"({
    "source":"llm-edge-agent","event_type":"latency_threshold_breach","execution_id":"550e8400-e29b-41d4-a716-446655440000",
    "timestamp":"2026-11-22T00:59:58.500Z","severity":"critical",
    "payload":{"title":"p99 above 2 s","description":"since the last rollout","fingerprint":"edge-7","category":"performance",
      "affected_resource":{"type":"endpoint","id":"/v1/chat","name":"chat"},"environment":"prod","impact":"slow answers",
      "metrics":{"p99_ms":2300,"note":"x"},"confidence":0.9,"tags":{"team":"edge","retries":3},"labels":["zone:eu","canary"],
      "external_id":"EXT-1","metadata":{"node":"n1"}}})");
  REQUIRE(signal);
  CHECK(signal->source == "llm-edge-agent");
  CHECK(signal->source_event_id == "550e8400-e29b-41d4-a716-446655440000");
  CHECK(signal->severity == severity::p0);
  CHECK(signal->category == incident_category::performance);
  CHECK(signal->title == "p99 above 2 s");
  CHECK(signal->description == "since the last rollout");
  CHECK(signal->fingerprint == "edge-7");
  CHECK(signal->impact == "slow answers");
  CHECK(signal->external_id == "EXT-1");
  CHECK(signal->resource == affected_resource{resource_type::endpoint, "/v1/chat", "chat", {}});
  CHECK(signal->environment == environment::production);
  CHECK(signal->timestamp == at("2026-11-22T00:59:58.500Z"));
  CHECK(signal->payload.type == signal_type::threshold_breach);
  CHECK(signal->payload.suggested_severity == severity::p0);
  CHECK(signal->payload.signal_confidence == 0.9);
  CHECK(signal->payload.metrics == std::map<std::string, double, std::less<>>{{"p99_ms", 2300.0}});
  CHECK(signal->tags == string_map{{"team", "edge"}, {"retries", "3"}});
  CHECK(signal->labels == string_map{{"zone", "eu"}, {"canary", "true"}});
  CHECK(signal->metadata.text == R"({"event_type":"latency_threshold_breach","metadata":{"node":"n1"}})");
  CHECK_FALSE(signal->resolves);
}

TEST_CASE("an envelope with an empty payload is filled from itself") {
  const auto signal = translate(R"({"source":"llm-edge-agent","event_type":"provider_outage","execution_id":"e-1",
    "timestamp":"2026-11-22T01:00:00Z","severity":"P3","payload":{}})");
  REQUIRE(signal);
  CHECK(signal->title == "provider_outage from llm-edge-agent");
  CHECK(signal->category == incident_category::availability);
  CHECK(signal->severity == severity::p3);
  CHECK(signal->environment == environment::staging);
  CHECK(signal->resource == affected_resource{resource_type::service, "llm-edge-agent", "llm-edge-agent", {}});
  CHECK(signal->payload.type == signal_type::anomaly);
  CHECK(signal->fingerprint ==
        derive_fingerprint("llm-edge-agent", incident_category::availability, signal->resource, signal->title));
}

TEST_CASE("an envelope names all its bad fields at once") {
  CHECK(wrong_fields(translate(R"({"event_type":7,"execution_id":"","timestamp":"yesterday","severity":"fatal"})")) ==
        std::vector<std::string>{"source REQUIRED", "event_type INVALID_TYPE", "execution_id INVALID_VALUE",
                                 "timestamp INVALID_VALUE", "severity INVALID_VALUE", "payload REQUIRED"});
  CHECK(wrong_fields(translate("[1]")) == std::vector<std::string>{" INVALID_TYPE"});
  CHECK(wrong_fields(translate(R"({"source":"a","event_type":"b","execution_id":"c","timestamp":"2026-11-22T01:00:00Z",
    "severity":"low","payload":"text"})")) == std::vector<std::string>{"payload INVALID_TYPE"});
}

TEST_CASE("a payload that we do not understand loses no event") {
  const auto signal = translate(R"({"source":"a","event_type":"b","execution_id":"c","timestamp":"2026-11-22T01:00:00Z",
    "severity":"low","payload":{"title":5,"category":"weird","affected_resource":"x","confidence":7,"metrics":[1],
    "tags":{"a":{}},"environment":"moon"}})");
  REQUIRE(signal);
  CHECK(signal->title == "b from a");
  CHECK(signal->category == incident_category::other);
  CHECK(signal->resource.id == "a");
  CHECK_FALSE(signal->payload.signal_confidence);
  CHECK(signal->payload.metrics.empty());
  CHECK(signal->tags.empty());
}

TEST_CASE("long texts of a detector are cut between characters") {
  const std::string title = std::string(511, 'x') + "\u00e9 and more";
  const auto signal = translate(R"({"source":"a","event_type":"b","execution_id":"c","timestamp":"2026-11-22T01:00:00Z",
    "severity":"low","payload":{"title":")" +
                                title + R"("}})");
  REQUIRE(signal);
  CHECK(signal->title == std::string(511, 'x'));
}

TEST_CASE("detectors' words stand for categories") {
  CHECK(category_of("LatencySpike") == incident_category::performance);
  CHECK(category_of("error_rate_increase") == incident_category::availability);
  CHECK(category_of("token-usage spike") == incident_category::cost);
  CHECK(category_of("CostAnomaly") == incident_category::cost);
  CHECK(category_of("hallucination") == incident_category::quality);
  CHECK(category_of("EmbeddingDrift") == incident_category::quality);
  CHECK(category_of("SecurityThreat") == incident_category::security);
  CHECK(category_of("PolicyViolation") == incident_category::compliance);
  CHECK(category_of("security") == incident_category::security);
  CHECK(category_of("something else") == incident_category::other);
}
