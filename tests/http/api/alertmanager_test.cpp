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
  return from_alert(document->root(), received);
}

constexpr std::string_view firing = R"({"status":"firing",
  "labels":{"alertname":"HighErrorRate","severity":"warning","job":"chat-api","instance":"10.1.2.3:9090","env":"staging"},
  "annotations":{"summary":"Errors above 5 %","description":"now 7.2 %","runbook_url":"https://r"},
  "startsAt":"2026-11-22T00:55:00.000Z","endsAt":"0001-01-01T00:00:00Z",
  "generatorURL":"http://prometheus/graph?g0","fingerprint":"c1a5f3e2d4b60789"})";

std::string with(std::string_view text, std::string_view what, std::string_view by) {
  std::string changed{text};
  return changed.replace(changed.find(what), what.size(), by);
}

}  // namespace

TEST_CASE("a firing alert becomes a signal under its own fingerprint") {
  const auto signal = translate(firing);
  REQUIRE(signal);
  CHECK(signal->source == "alertmanager");
  CHECK(signal->source_event_id == "c1a5f3e2d4b60789:2026-11-22T00:55:00.000Z");
  CHECK(signal->fingerprint == "c1a5f3e2d4b60789");
  CHECK(signal->severity == severity::p2);
  CHECK(signal->category == incident_category::availability);
  CHECK(signal->title == "Errors above 5 %");
  CHECK(signal->description == "now 7.2 %");
  CHECK(signal->resource == affected_resource{resource_type::service, "chat-api", "chat-api", {}});
  CHECK(signal->environment == environment::staging);
  CHECK(signal->timestamp == at("2026-11-22T00:55:00.000Z"));
  CHECK(signal->payload.type == signal_type::threshold_breach);
  CHECK(signal->labels.at("alertname") == "HighErrorRate");
  CHECK_FALSE(signal->resolves);
}

TEST_CASE("a resolved alert resolves under an id of its own") {
  const auto text = with(with(firing, "firing", "resolved"), "0001-01-01T00:00:00Z", "2026-11-22T00:59:00Z");
  const auto signal = translate(text);
  REQUIRE(signal);
  CHECK(signal->resolves);
  CHECK(signal->source_event_id == "c1a5f3e2d4b60789:2026-11-22T00:55:00.000Z:resolved");
  CHECK(signal->fingerprint == translate(firing)->fingerprint);
  CHECK(signal->timestamp == at("2026-11-22T00:59:00.000Z"));
}

TEST_CASE("labels' severities are known, and a strange one is P3") {
  const auto severity_for = [](std::string_view word) { return translate(with(firing, "warning", word))->severity; };
  CHECK(severity_for("critical") == severity::p0);
  CHECK(severity_for("page") == severity::p0);
  CHECK(severity_for("error") == severity::p1);
  CHECK(severity_for("P1") == severity::p1);
  CHECK(severity_for("none") == severity::p4);
  CHECK(severity_for("rather bad") == severity::p3);
}

TEST_CASE("an alert's bad fields are named all at once") {
  const auto bad = translate(R"({"status":5,"labels":[],"startsAt":"soon"})");
  REQUIRE_FALSE(bad);
  std::vector<std::string> fields;
  for (const auto& f : bad.error().fields) fields.push_back(f.field + ' ' + std::string{to_string(f.code)});
  CHECK(fields == std::vector<std::string>{"status INVALID_TYPE", "labels INVALID_TYPE", "startsAt INVALID_VALUE",
                                           "fingerprint REQUIRED"});
  const auto status = translate(with(firing, "firing", "pending"));
  REQUIRE_FALSE(status);
  CHECK(status.error().fields.front().field == "status");
}
