#include <catch2/catch_test_macros.hpp>

#include "http/api/events/dialect.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api::events;
using im::api::test::at;

namespace {

const reception received{at("2026-11-22T01:00:00.000Z"), environment::production};

signal_result structured(std::string_view text) {
  const auto document = json::document::parse(text);
  REQUIRE(document);
  return from_cloudevent(document->root(), received);
}

signal_result binary(const string_map& attributes, std::string_view data) {
  const auto document = json::document::parse(data);
  REQUIRE(document);
  return from_binary_cloudevent(attributes, document->root(), received);
}

std::vector<std::string> wrong_fields(const signal_result& r) {
  REQUIRE_FALSE(r);
  std::vector<std::string> fields;
  for (const auto& f : r.error().fields) fields.push_back(f.field + ' ' + std::string{to_string(f.code)});
  return fields;
}

}  // namespace

TEST_CASE("a structured CloudEvent's data is a payload with its severity") {
  const auto signal =
      structured(R"({"specversion":"1.0","id":"42:a","source":"urn:edge:eu","type":"com.agentics.latency",
    "time":"2026-11-22T00:59:00+01:00","subject":"chat-api","data":{"severity":"medium","title":"slow"}})");
  REQUIRE(signal);
  CHECK(signal->source == "urn:edge:eu");
  CHECK(signal->source_event_id == "urn:edge:eu:42%3Aa");
  CHECK(signal->severity == severity::p2);
  CHECK(signal->title == "slow");
  CHECK(signal->category == incident_category::performance);
  CHECK(signal->resource.id == "chat-api");
  CHECK(signal->timestamp == at("2026-11-21T23:59:00.000Z"));
}

TEST_CASE("a CloudEvent may carry a whole platform envelope; its own id counts") {
  const auto signal = structured(R"({"specversion":"1.0","id":"1","source":"/bus","type":"t",
    "data":{"source":"llm-edge-agent","event_type":"provider_outage","execution_id":"e","severity":"high",
            "timestamp":"2026-11-22T00:59:00Z","payload":{"service_name":"router"}}})");
  REQUIRE(signal);
  CHECK(signal->source == "llm-edge-agent");
  CHECK(signal->title == "provider_outage from llm-edge-agent");
  CHECK(signal->resource.id == "router");
  CHECK(signal->source_event_id == "/bus:1");
  CHECK(signal->timestamp == received.received_at);
}

TEST_CASE("binary mode reads the same event from headers") {
  const auto signal =
      binary({{"specversion", "1.0"}, {"id", "1"}, {"source", "/s"}, {"type", "cost_spike"}, {"severity", "low"}},
             R"({"title":"costs doubled"})");
  REQUIRE(signal);
  CHECK(signal->severity == severity::p3);
  CHECK(signal->category == incident_category::cost);
  CHECK(signal->title == "costs doubled");
  CHECK(signal->source_event_id == "/s:1");
}

TEST_CASE("a CloudEvent's bad fields are named all at once") {
  CHECK(wrong_fields(structured(R"({"specversion":"0.3","source":"","type":"t","time":"now","data":{}})")) ==
        std::vector<std::string>{"id REQUIRED", "source INVALID_VALUE", "specversion INVALID_VALUE",
                                 "time INVALID_VALUE", "data.severity REQUIRED"});
  CHECK(wrong_fields(structured(R"({"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AAAA"})")) ==
        std::vector<std::string>{"data.severity REQUIRED"});
  CHECK(wrong_fields(binary({{"specversion", "1.0"}}, "null")) ==
        std::vector<std::string>{"id REQUIRED", "source REQUIRED", "type REQUIRED", "data REQUIRED"});
  CHECK(wrong_fields(structured("[]")) == std::vector<std::string>{" INVALID_TYPE"});
}

TEST_CASE("data in base64 is the JSON or the text that it holds") {
  const auto with = [](std::string_view data) {
    return structured(R"({"specversion":"1.0","id":"1","source":"/bus","type":"t","severity":"high","data_base64":")" +
                      std::string{data} + "\"}");
  };
  const auto json = with("eyJzZXZlcml0eSI6ImxvdyIsInRpdGxlIjoic2xvdyJ9");
  REQUIRE(json);
  CHECK(json->title == "slow");
  CHECK(json->severity == severity::p3);
  const auto text = with("cG9kcyBhcmUgc2xvdyDDqQ==");
  REQUIRE(text);
  CHECK(text->description == "pods are slow \u00e9");
  CHECK(text->severity == severity::p1);
  CHECK(wrong_fields(with("?")) == std::vector<std::string>{"data_base64 INVALID_VALUE"});
  CHECK(wrong_fields(with("/w==")) == std::vector<std::string>{"data_base64 INVALID_VALUE"});
}
