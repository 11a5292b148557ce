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

TEST_CASE("only what has no labels, no annotations and no fingerprint is no alert") {
  const auto bad_field = [](std::string_view text) {
    const auto bad = translate(text);
    REQUIRE_FALSE(bad);
    return bad.error().fields.front().field + ' ' + std::string{to_string(bad.error().fields.front().code)};
  };
  CHECK(bad_field(R"({"status":"firing","labels":[],"startsAt":"soon"})") == "labels REQUIRED");
  CHECK(bad_field("7") == " INVALID_TYPE");
  CHECK(translate(R"({"labels":{}})"));
  CHECK(translate(R"({"annotations":{"summary":"s"}})")->title == "s");
  CHECK(translate(R"({"fingerprint":"f"})")->fingerprint == "f");
}

TEST_CASE("an alert without a usable start, status or fingerprint is taken, and says what was derived") {
  const auto derived = [](std::string_view what, std::string_view by) {
    const auto signal = translate(with(firing, what, by));
    REQUIRE(signal);
    return std::pair{signal->timestamp, signal->metadata.text};
  };
  for (const auto* start : {"0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon", "2027-01-01T00:00:00Z"}) {
    INFO(start);
    const auto [at, metadata] = derived("2026-11-22T00:55:00.000Z", start);
    CHECK(at == received.received_at);
    CHECK(metadata.ends_with(R"("derived":["startsAt"]})"));
  }
  CHECK(derived(R"("firing")", "5").second.ends_with(R"("derived":["status"]})"));
  CHECK(derived("firing", "pending").second.ends_with(R"("derived":["status"]})"));
  CHECK(translate(with(firing, R"("c1a5f3e2d4b60789")", "null"))->fingerprint.size() == 16);
  const auto long_print = translate(with(firing, "c1a5f3e2d4b60789", std::string(300, 'f')));
  CHECK(long_print->fingerprint.starts_with("sha256:"));
  CHECK(long_print->metadata.text.ends_with(R"("derived":["fingerprint"]})"));
  CHECK(translate(firing)->metadata.text.find("derived") == std::string::npos);
}

TEST_CASE("what is too long in an alert is cut, and the metadata says so") {
  const auto annotated = translate(with(firing, "now 7.2 %", std::string(66'000, 'd')));
  REQUIRE(annotated);
  CHECK(annotated->description.size() == limits::text_chars);
  CHECK(annotated->metadata.text.size() <= limits::raw_object_bytes);
  CHECK(annotated->metadata.text.find(R"("cut":["annotations.description","description"])") != std::string::npos);
  CHECK(annotated->metadata.text.find(R"("runbook_url":"https://r")") != std::string::npos);

  std::string labels;
  for (int i = 0; i < 300; ++i) labels += R"("l)" + std::to_string(i) + R"(":")" + std::string(600, 'v') + R"(",)";
  const auto labelled = translate(with(firing, R"("alertname")", labels + R"("alertname")"));
  REQUIRE(labelled);
  CHECK(labelled->labels.size() == limits::list_items);
  CHECK(labelled->labels.at("l7").size() == limits::title_chars);
  CHECK(labelled->title == "Errors above 5 %");
  CHECK(labelled->metadata.text.find(R"("cut":["labels.l0",)") != std::string::npos);
  CHECK(labelled->metadata.text.find("and 273 more") != std::string::npos);
  CHECK(json::document::parse(labelled->metadata.text));
}

TEST_CASE("a payload's texts, tags and metadata are cut in every dialect, and the metadata says so") {
  const auto document = json::document::parse(
      R"({"source":"s","event_type":"t","execution_id":"e","timestamp":"2026-11-22T00:59:00Z","severity":"low","payload":{"title":")" +
      std::string(600, 't') + R"(","tags":{"long":")" + std::string(600, 'v') + R"("},"metadata":{"blob":")" +
      std::string(70'000, 'b') + R"("}}})");
  REQUIRE(document);
  const auto signal = from_platform(document->root(), received);
  REQUIRE(signal);
  CHECK(signal->tags.at("long").size() == limits::title_chars);
  CHECK(signal->metadata.text.ends_with(R"("cut":["tags.long","metadata.blob","title"]})"));
  const auto violation = json::document::parse(
      R"({"event_id":"1","event_type":"PolicyViolation","source":"s","timestamp":"2026-11-22T00:59:00Z","severity":"low","description":")" +
      std::string(20'000, 'd') + "\"}");
  REQUIRE(violation);
  CHECK(from_shield(violation->root(), received)->metadata.text.ends_with(R"("cut":["description"]})"));
}
