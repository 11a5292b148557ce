#include <catch2/catch_test_macros.hpp>

#include "http/api/events/dialect.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api::events;
using im::api::test::at;

namespace {

const reception received{at("2026-11-22T01:00:00.000Z"), environment::production};

signal_result translate(std::string_view text) {
  const auto document = json::document::parse(text);
  REQUIRE(document);
  return from_shield(document->root(), received);
}

}  // namespace

TEST_CASE("a violation becomes a security signal about the resource that it names") {
  const auto signal = translate(R"({"event_id":"sh-1","event_type":"DataExfiltration","source":"prompt-guard",
    "description":"keys in an answer","metadata":{"model":"gpt-4","confidence":0.8,"risk_score":93,"rule":"r7"},
    "timestamp":"2026-11-22T00:59:00Z","severity":"CRITICAL"})");
  REQUIRE(signal);
  CHECK(signal->source == "llm-shield");
  CHECK(signal->source_event_id == "sh-1");
  CHECK(signal->severity == severity::p0);
  CHECK(signal->category == incident_category::security);
  CHECK(signal->title == "DataExfiltration reported by prompt-guard");
  CHECK(signal->description == "keys in an answer");
  CHECK(signal->resource == affected_resource{resource_type::model, "gpt-4", "gpt-4", {}});
  CHECK(signal->payload.type == signal_type::violation);
  CHECK(signal->payload.signal_confidence == 0.8);
  CHECK(signal->payload.metrics.at("risk_score") == 93);
  CHECK(signal->metadata.text == R"({"event_type":"DataExfiltration","reported_by":"prompt-guard",)"
                                 R"("metadata":{"model":"gpt-4","confidence":0.8,"risk_score":93,"rule":"r7"}})");
}

TEST_CASE("a violation without metadata is about its source") {
  const auto signal = translate(R"({"event_id":"sh-2","event_type":"PolicyViolation","source":"10.0.0.7",
    "timestamp":"2026-11-22T00:59:00Z","severity":"low"})");
  REQUIRE(signal);
  CHECK(signal->severity == severity::p3);
  CHECK(signal->category == incident_category::security);
  CHECK(signal->resource == affected_resource{resource_type::service, "10.0.0.7", "10.0.0.7", {}});
}

TEST_CASE("Shield's bad fields are named all at once") {
  const auto bad = translate(R"({"event_type":"x","source":[],"metadata":7,"severity":"urgent"})");
  REQUIRE_FALSE(bad);
  std::vector<std::string> fields;
  for (const auto& f : bad.error().fields) fields.push_back(f.field + ' ' + std::string{to_string(f.code)});
  CHECK(fields == std::vector<std::string>{"event_id REQUIRED", "source INVALID_TYPE", "metadata INVALID_TYPE",
                                           "timestamp REQUIRED", "severity INVALID_VALUE"});
}
