/// What real senders sent. `recorded/alertmanager_*.json` are bodies that Debian's prometheus-alertmanager 0.25.0 posted to a webhook
/// receiver, byte by byte; its repetition of a firing alert had the same bytes as the first.

#include <catch2/catch_test_macros.hpp>
#include <fstream>
#include <iterator>

#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

constexpr std::string_view alerts = "/api/v1/events/alertmanager";

std::string recorded(std::string_view name) {
  std::ifstream file{"tests/http/api/recorded/" + std::string{name} + ".json"};
  REQUIRE(file);
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::string changed(std::string text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

/// Routes at the time of the record.
struct receiver : surface {
  receiver() { clock.text = "2026-12-01T07:00:00.000Z"; }
};

}  // namespace

TEST_CASE("Alertmanager's webhook fires and resolves one fingerprint") {
  receiver s;
  REQUIRE(s.post(alerts, recorded("alertmanager_firing")).code() == 202);
  const auto fired = s.incidents.last_as<cmd::ingest_signal>();
  CHECK(fired.fingerprint == "b1d5eeaf9cdee6a0");
  CHECK(fired.timestamp == at("2026-12-01T06:58:32.310Z"));
  CHECK(fired.severity == severity::p0);
  CHECK(fired.title == "Errors above 5 %");
  CHECK(fired.description == "now 7.2 % <b>of</b> all & more");
  CHECK(fired.resource.id == "chat-api");
  REQUIRE(s.post(alerts, recorded("alertmanager_resolved")).code() == 202);
  const auto over = s.incidents.last_as<cmd::ingest_signal>();
  CHECK(over.fingerprint == fired.fingerprint);
  CHECK(over.resolves);
}

TEST_CASE("a fingerprint that is missing is the one that Alertmanager computes") {
  for (const auto* name : {"alertmanager_firing", "alertmanager_truncated"}) {
    receiver s;
    (void)s.post(alerts, recorded(name));
    const auto given = s.incidents.last_as<cmd::ingest_signal>().fingerprint;
    REQUIRE(s.post(alerts, changed(recorded(name), "\"fingerprint\"", "\"print\"")).code() == 202);
    CHECK(s.incidents.last_as<cmd::ingest_signal>().fingerprint == given);
    CHECK(s.incidents.last_as<cmd::ingest_signal>().metadata.text.find("\"fingerprint\"") != std::string::npos);
  }
}

TEST_CASE("a webhook of Grafana is taken at Alertmanager's door, as its documentation shows one") {
  receiver s;
  REQUIRE(s.post(alerts, recorded("grafana_firing")).code() == 202);
  const auto fired = s.incidents.last_as<cmd::ingest_signal>();
  CHECK(fired.source == "grafana");
  CHECK(fired.fingerprint == "c6eadffa33fcdf37");
  CHECK(fired.title == "This alert was triggered for zone us-1");
  CHECK(fired.timestamp == at("2021-10-12T07:51:03.157Z"));
  CHECK(fired.metadata.text.find(R"("silence_url":"https://play.grafana.org/)") != std::string::npos);
  CHECK(fired.metadata.text.find(R"("values":{"B":44.23943737541908,"C":1})") != std::string::npos);
}

TEST_CASE("how many alerts a webhook left out is kept with those that it has") {
  receiver s;
  REQUIRE(s.post(alerts, recorded("alertmanager_truncated")).code() == 202);
  CHECK(s.incidents.last_as<cmd::ingest_signal>().metadata.text.find(R"("truncated_alerts":3)") != std::string::npos);
  REQUIRE(s.post(alerts, recorded("alertmanager_firing")).code() == 202);
  CHECK(s.incidents.last_as<cmd::ingest_signal>().metadata.text.find("truncated_alerts") == std::string::npos);
}
