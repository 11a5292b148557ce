#include <catch2/catch_test_macros.hpp>

#include "http/api/events/dialect.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api::events;
using im::api::test::at;

namespace {

const reception received{at("2026-11-22T01:00:00.000Z"), environment::production};

constexpr std::string_view anomaly = R"({
  "alert_id":"8d0bd8a5-4cd8-4d1c-9f6c-2f0a2bb4f2f7","timestamp":"2026-11-22T00:58:00.123456789Z","severity":"High",
  "anomaly_type":"latency_spike","service_name":"chat-api","model":"gpt-4","detection_method":"z_score","confidence":0.93,
  "details":{"metric":"latency_ms","value":5200.5,"baseline":900,"threshold":2000,"deviation_sigma":6.1,"additional":{"k":1}},
  "context":{"trace_id":"t-1","user_id":"u-1","region":"eu-west1","time_window":"5m","sample_count":420,"additional":{}},
  "root_cause":null,"remediation":["scale out"],"related_alerts":[],"runbook_url":"https://runbooks/latency"})";

signal_result translate(std::string_view text) {
  const auto document = json::document::parse(text);
  REQUIRE(document);
  return from_sentinel(document->root(), received);
}

std::vector<std::string> wrong_fields(std::string_view text) {
  const auto r = translate(text);
  REQUIRE_FALSE(r);
  std::vector<std::string> fields;
  for (const auto& f : r.error().fields) fields.push_back(f.field + ' ' + std::string{to_string(f.code)});
  return fields;
}

}  // namespace

TEST_CASE("a bare anomaly becomes a signal") {
  const auto signal = translate(anomaly);
  REQUIRE(signal);
  CHECK(signal->source == "llm-sentinel");
  CHECK(signal->source_event_id == "8d0bd8a5-4cd8-4d1c-9f6c-2f0a2bb4f2f7");
  CHECK(signal->severity == severity::p1);
  CHECK(signal->category == incident_category::performance);
  CHECK(signal->title == "latency_spike of latency_ms on chat-api (gpt-4)");
  CHECK(signal->resource ==
        affected_resource{resource_type::service, "chat-api", "chat-api", {R"({"model":"gpt-4"})"}});
  CHECK(signal->timestamp == at("2026-11-22T00:58:00.123Z"));
  CHECK(signal->payload.type == signal_type::anomaly);
  CHECK(signal->payload.signal_confidence == 0.93);
  CHECK(signal->payload.suggested_severity == severity::p1);
  CHECK(signal->payload.metrics ==
        std::map<std::string, double, std::less<>>{
            {"latency_ms", 5200.5}, {"baseline", 900.0}, {"threshold", 2000.0}, {"deviation_sigma", 6.1}});
  CHECK(signal->payload.raw_data.empty());
}

TEST_CASE("what is kept of an anomaly names neither traces nor users") {
  const auto signal = translate(anomaly);
  REQUIRE(signal);
  CHECK(signal->metadata.text == R"({"anomaly_type":"latency_spike","detection_method":"z_score","region":"eu-west1",)"
                                 R"("runbook_url":"https://runbooks/latency","time_window":"5m","sample_count":420,)"
                                 R"("remediation":["scale out"],"related_alerts":[]})");
}

TEST_CASE("an alert's own words count more than its anomaly's") {
  const auto signal = translate(R"({"alert_id":"a-1","timestamp":"2026-11-22T00:59:00Z","severity":"critical",
    "title":"Chat is slow","description":"p99 tripled","service_name":"chat","model":"m","tags":["team:llm","urgent"],
    "anomaly":)" + std::string{anomaly} +
                                "}");
  REQUIRE(signal);
  CHECK(signal->source_event_id == "a-1");
  CHECK(signal->severity == severity::p0);
  CHECK(signal->title == "Chat is slow");
  CHECK(signal->description == "p99 tripled");
  CHECK(signal->resource.id == "chat");
  CHECK(signal->tags == string_map{{"team", "llm"}, {"urgent", "true"}});
}

TEST_CASE("the webhook's wrapper holds an anomaly") {
  const auto wrapped =
      translate(R"({"event_type":"anomaly.detected","timestamp":"2026-11-22T00:59:00Z","signature":"ab",
    "data":)" + std::string{anomaly} +
                "}");
  const auto bare = translate(anomaly);
  REQUIRE(wrapped);
  CHECK(wrapped->source_event_id == bare->source_event_id);
  CHECK(wrapped->fingerprint == bare->fingerprint);
}

TEST_CASE("the same finding has the same fingerprint whatever its figures are") {
  auto other = std::string{anomaly};
  other.replace(other.find("5200.5"), 6, "6100.0");
  other.replace(other.find("8d0bd8a5"), 8, "9d0bd8a5");
  CHECK(translate(anomaly)->fingerprint == translate(other)->fingerprint);
}

TEST_CASE("a custom anomaly type is read from its object") {
  const auto signal = translate(R"({"alert_id":"a","timestamp":"2026-11-22T00:59:00Z","severity":"info",
    "anomaly_type":{"custom":"gpu_memory"},"model":"m-1"})");
  REQUIRE(signal);
  CHECK(signal->severity == severity::p4);
  CHECK(signal->title == "gpu_memory (m-1)");
  CHECK(signal->category == incident_category::performance);
  CHECK(signal->resource == affected_resource{resource_type::model, "m-1", "m-1", {}});
}

TEST_CASE("Sentinel's bad fields are named where they stand") {
  CHECK(wrong_fields("{}") == std::vector<std::string>{"anomaly_type REQUIRED", "alert_id REQUIRED",
                                                       "timestamp REQUIRED", "severity REQUIRED"});
  CHECK(
      wrong_fields(
          R"({"alert_id":null,"timestamp":1,"severity":"x","anomaly_type":"a","confidence":1.5,"details":{"value":"1"}})") ==
      std::vector<std::string>{"timestamp INVALID_TYPE", "severity INVALID_VALUE", "confidence INVALID_VALUE",
                               "details.value INVALID_TYPE", "alert_id REQUIRED"});
  CHECK(wrong_fields(R"({"data":{"alert_id":"a"}})") ==
        std::vector<std::string>{"data.anomaly_type REQUIRED", "data.timestamp REQUIRED", "data.severity REQUIRED"});
  CHECK(wrong_fields("7") == std::vector<std::string>{" INVALID_TYPE"});
}
