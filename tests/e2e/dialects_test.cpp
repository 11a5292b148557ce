/// Every detector's door, as that detector uses it.

#include <catch2/catch_test_macros.hpp>

#include "tests/e2e/programs.hpp"
#include "tests/e2e/talk.hpp"

using namespace im;
using namespace im::e2e;

namespace {

js::object alertmanager(std::string_view status, std::string_view starts_at) {
  const auto ends_at = status == "resolved" ? time_text() : std::string{"0001-01-01T00:00:00Z"};
  return {{"version", "4"},
          {"groupKey", "{}:{alertname=\"HighLatency\"}"},
          {"truncatedAlerts", 0},
          {"status", status},
          {"receiver", "incident-manager"},
          {"groupLabels", {{"alertname", "HighLatency"}}},
          {"commonLabels", js::object{}},
          {"commonAnnotations", js::object{}},
          {"externalURL", "http://alertmanager:9093"},
          {"alerts", js::array{js::object{
                         {"status", status},
                         {"labels", {{"alertname", "HighLatency"}, {"severity", "warning"}, {"job", "checkout"}}},
                         {"annotations", {{"summary", "p99 above 2 s"}}},
                         {"startsAt", starts_at},
                         {"endsAt", ends_at},
                         {"generatorURL", "http://prometheus:9090/graph"},
                         {"fingerprint", "c0ffee0123456789"}}}}};
}

js::object anomaly(std::string_view id) {
  return {{"alert_id", id},
          {"timestamp", time_text()},
          {"severity", "high"},
          {"anomaly_type", "latency_spike"},
          {"service_name", "checkout-assistant"},
          {"model", "support-llm-2"},
          {"detection_method", "z_score"},
          {"confidence", 0.95},
          {"details",
           {{"metric", "p99"}, {"value", 4200}, {"baseline", 300}, {"threshold", 1000}, {"additional", js::object{}}}},
          {"context", {{"time_window", "5m"}, {"sample_count", 1840}, {"additional", js::object{}}}},
          {"remediation", js::array{"roll back"}},
          {"related_alerts", js::array{}}};
}

}  // namespace

TEST_CASE("an alert of Alertmanager opens an incident when it fires and resolves it when it is over") {
  manager service;
  caller api{service.url()};
  const auto starts_at = time_text(std::chrono::minutes{-5});
  const auto fired = api.post("/api/v1/events/alertmanager", alertmanager("firing", starts_at));
  REQUIRE(fired.status == 202);
  CHECK(fired.str("/0/disposition") == "opened");
  const auto incident = fired.str("/0/incident_id");
  CHECK(api.incident(incident).at("severity").as_string() == "P2");
  CHECK(api.incident(incident).at("title").as_string() == "p99 above 2 s");
  CHECK(api.post("/api/v1/events/alertmanager", alertmanager("firing", starts_at)).str("/0/disposition") ==
        "duplicate");
  const auto over = api.post("/api/v1/events/alertmanager", alertmanager("resolved", starts_at));
  CHECK(over.status == 202);
  CHECK(over.str("/0/incident_id") == incident);
  CHECK(api.incident(incident).at("status").as_string() == "RESOLVED");
  const auto log = api.log(incident);
  CHECK(api.post("/api/v1/events/alertmanager", alertmanager("resolved", starts_at)).status == 202);
  CHECK(api.log(incident) == log);
  CHECK(api.post("/api/v1/events/alertmanager", alertmanager("firing", starts_at)).str("/0/disposition") ==
        "duplicate");  // late: its sender has said since that it is over
  CHECK(api.log(incident) == log);
  const auto again = api.post("/api/v1/events/alertmanager", alertmanager("firing", time_text()));
  CHECK(again.str("/0/disposition") == "attached");
  CHECK(again.str("/0/incident_id") == incident);
  CHECK(api.incident(incident).at("status").as_string() == "IN_PROGRESS");  // it flaps
}

TEST_CASE("a storm of 10,000 alerts in one webhook opens 10,000 incidents") {
  manager service;
  caller api{service.url()};
  auto webhook = alertmanager("firing", time_text());
  auto& alerts = webhook.at("alerts").as_array();
  const auto one = alerts.front().as_object();
  alerts.clear();
  for (int i = 0; i < 10'000; ++i) {
    auto alert = one;
    alert["fingerprint"] = "storm-" + std::to_string(i);
    alerts.push_back(std::move(alert));
  }
  const auto told = api.post("/api/v1/events/alertmanager", webhook);
  CHECK(told.status == 202);
  REQUIRE(told.body.is_array());
  std::size_t opened = 0;
  for (const auto& item : told.body.as_array()) opened += item.at("disposition").as_string() == "opened" ? 1 : 0;
  CHECK(opened == 10'000);
}

TEST_CASE("an alert that resolves without ever having been seen is accepted and opens nothing") {
  manager service;
  caller api{service.url()};
  const auto over = api.post("/api/v1/events/alertmanager", alertmanager("resolved", time_text()));
  CHECK(over.status == 202);
  CHECK(over.str("/0/status") == "accepted");
  CHECK_FALSE(over.has("/0/incident_id"));
  CHECK(api.incident_count() == 0);
}

TEST_CASE("a CloudEvent counts once by its source and id, in binary and in structured mode") {
  manager service;
  caller api{service.url()};
  const js::object data{{"severity", "critical"}, {"title", "model is down"}, {"service", "support-llm"}};
  const caller::header_list attributes{{"ce-specversion", "1.0"},
                                       {"ce-id", "A234-1234"},
                                       {"ce-source", "/mesh/edge-7"},
                                       {"ce-type", "agent.outage"},
                                       {"ce-time", time_text()}};
  const auto opened = api.post("/api/v1/events/cloudevents", data, attributes);
  REQUIRE(opened.status == 202);
  CHECK(opened.str("/disposition") == "opened");
  CHECK(api.incident(opened.str("/incident_id")).at("severity").as_string() == "P0");
  CHECK(api.post("/api/v1/events/cloudevents", data, attributes).str("/disposition") == "duplicate");
  const js::object structured{{"specversion", "1.0"},
                              {"id", "A234-1234"},
                              {"source", "/mesh/edge-7"},
                              {"type", "agent.outage"},
                              {"data", data}};
  const auto again =
      api.post("/api/v1/events/cloudevents", structured, {{"Content-Type", "application/cloudevents+json"}});
  CHECK(again.str("/disposition") == "duplicate");
  CHECK(again.str("/incident_id") == opened.str("/incident_id"));
}

TEST_CASE("Sentinel's three shapes are one event") {
  manager service;
  caller api{service.url()};
  const auto id = new_id();
  const auto bare = api.post("/api/v1/events/sentinel", anomaly(id));
  REQUIRE(bare.status == 202);
  CHECK(bare.str("/disposition") == "opened");
  const js::object alert{{"alert_id", id},           {"timestamp", time_text()}, {"severity", "high"},
                         {"title", "latency"},       {"description", "slow"},    {"service_name", "checkout-assistant"},
                         {"model", "support-llm-2"}, {"tags", js::array{"llm"}}, {"anomaly", anomaly(id)}};
  CHECK(api.post("/api/v1/events/sentinel", alert).str("/disposition") == "duplicate");
  const js::object webhook{{"event_type", "anomaly"}, {"timestamp", time_text()}, {"data", anomaly(id)}};
  CHECK(api.post("/api/v1/events/sentinel", webhook).str("/disposition") == "duplicate");
  CHECK(api.incident(bare.str("/incident_id")).at("severity").as_string() == "P1");
}

TEST_CASE("with a webhook secret an unsigned anomaly is 401 and opens nothing") {
  manager service{{{"SENTINEL_WEBHOOK_SECRET", "shared"}}};
  caller api{service.url()};
  CHECK(api.post("/api/v1/events/sentinel", anomaly(new_id())).status == 401);
  CHECK(
      api.post("/api/v1/events/sentinel", anomaly(new_id()), {{"X-Sentinel-Signature", std::string(64, '0')}}).code() ==
      "UNAUTHORIZED");
  CHECK(api.incident_count() == 0);
  CHECK(service.stop() == 0);
  CHECK(service.log().find("signature_refused") != std::string::npos);
}

TEST_CASE("a violation that Shield reports is a security incident, whatever the case of its severity") {
  manager service;
  caller api{service.url()};
  const js::object violation{{"event_id", new_id()},
                             {"event_type", "DataExfiltration"},
                             {"source", "support-llm-2"},
                             {"description", "a card number left"},
                             {"metadata", {{"rule", "pci-4"}}},
                             {"timestamp", time_text()},
                             {"severity", "Critical"}};
  const auto opened = api.post("/api/v1/events/shield", violation);
  REQUIRE(opened.status == 202);
  const auto record = api.incident(opened.str("/incident_id"));
  CHECK(record.at("category").as_string() == "security");
  CHECK(record.at("severity").as_string() == "P0");
  CHECK(api.post("/api/v1/events/shield", violation).str("/disposition") == "duplicate");
}

TEST_CASE("events of one fingerprint gather in one incident, others in their own") {
  manager service;
  caller api{service.url()};
  const auto first = open_incident(api, "low", "one");
  CHECK(api.post("/api/v1/events", event(new_id(), "low", "one")).str("/incident_id") == first);
  CHECK(api.post("/api/v1/events", event(new_id(), "low", "two")).str("/incident_id") != first);
  auto given = event(new_id(), "low", "three");
  given["payload"].as_object()["fingerprint"] = "fp-1";
  const auto third = api.post("/api/v1/events", given).str("/incident_id");
  auto other = event(new_id(), "low", "another title");
  other["payload"].as_object()["fingerprint"] = "fp-1";
  CHECK(api.post("/api/v1/events", other).str("/incident_id") == third);
  CHECK(api.incident_count() == 3);
}
