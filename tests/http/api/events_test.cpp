#include <catch2/catch_test_macros.hpp>

#include "messages/hash.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

constexpr std::string_view events = "/api/v1/events";
constexpr std::string_view platform = R"({"source":"llm-edge-agent","event_type":"timeout","execution_id":"e-1",
  "timestamp":"2026-11-22T00:59:00Z","severity":"high","payload":{}})";
constexpr std::string_view anomaly =
    R"({"alert_id":"a-1","timestamp":"2026-11-22T00:59:00Z","severity":"high","anomaly_type":"cost"})";

}  // namespace

TEST_CASE("one event is accepted with where it went") {
  surface s;
  const auto a = s.post(events, std::string{platform});
  CHECK(a.code() == 202);
  CHECK(a.at("status") == "accepted");
  CHECK(a.at("execution_id") == "e-1");
  CHECK(a.at("incident_id") == some_incident);
  CHECK(a.at("disposition") == "opened");
  CHECK(s.incidents.last().context.request == "events:e-1");
  CHECK(s.incidents.last().incident_id.is_nil());
  CHECK(s.incidents.last_as<cmd::ingest_signal>().source == "llm-edge-agent");
}

TEST_CASE("a repeated event is told again and says so") {
  surface s;
  s.incidents.answers = [](const command&) {
    auto r = decided();
    r.disposition = disposition::duplicate;
    r.replayed = true;
    r.event = nullptr;
    return r;
  };
  const auto a = s.post(events, std::string{platform});
  CHECK(a.at("disposition") == "duplicate");
  CHECK(a.raw.header("Idempotent-Replayed") == "true");
}

TEST_CASE("each dialect's event id is its request id") {
  surface s;
  (void)s.post("/api/v1/events/sentinel", std::string{anomaly});
  CHECK(s.incidents.last().context.request == "sentinel:a-1");
  (void)s.post(
      "/api/v1/events/shield",
      R"({"event_id":"s-1","event_type":"PolicyViolation","source":"x","timestamp":"2026-11-22T00:59:00Z","severity":"low"})");
  CHECK(s.incidents.last().context.request == "shield:s-1");
  (void)s.post(
      "/api/v1/events/alertmanager",
      R"({"version":"4","alerts":[{"status":"firing","labels":{},"startsAt":"2026-11-22T00:59:00Z","fingerprint":"f"}]})");
  CHECK(s.incidents.last().context.request.starts_with("alertmanager:f:2026-11-22T00:59:00.000Z/"));
  (void)s.post("/api/v1/events/cloudevents",
               R"({"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"severity":"low"}})",
               {{"Content-Type", "application/cloudevents+json"}});
  CHECK(s.incidents.last().context.request == "cloudevents:/s:1");
  (void)s.post(events, std::string{platform}, {{"Idempotency-Key", "k"}});
  CHECK(s.incidents.last().context.request == "key:POST /api/v1/events:k");
}

TEST_CASE("an event without a UUID of its own has the same execution id every time") {
  surface s;
  const auto first = s.post("/api/v1/events/sentinel", std::string{anomaly}).at("execution_id");
  CHECK(uuid::parse(first));
  CHECK(s.post("/api/v1/events/sentinel", std::string{anomaly}).at("execution_id") == first);
}

TEST_CASE("a bad event is refused whole, with all its bad fields") {
  surface s;
  const auto a = s.post(events, R"({"source":"a"})");
  CHECK(a.code() == 400);
  CHECK(a.at("error.code") == "VALIDATION_ERROR");
  CHECK(a.bad_fields().size() == 5);
  CHECK(s.post(events, "").code() == 400);
  CHECK(s.incidents.commands.empty());
}

TEST_CASE("Sentinel's webhooks need their signature once a secret is set") {
  const std::string body = R"({"event_type":"e","data":)" + std::string{anomaly} + "}";
  surface open;
  CHECK(open.post("/api/v1/events/sentinel", body, {{"X-Sentinel-Signature", "nonsense"}}).code() == 202);
  surface s{[](dependencies& d) { d.sentinel_webhook_secret = http::secret{"key"}; }};
  CHECK(s.post("/api/v1/events/sentinel", body).code() == 401);
  CHECK(s.post("/api/v1/events/sentinel", body, {{"X-Sentinel-Signature", "00"}}).at("error.code") == "UNAUTHORIZED");
  CHECK(s.incidents.commands.empty());
  CHECK(s.post("/api/v1/events/sentinel", body, {{"X-Sentinel-Signature", hmac_sha256_hex("key", body)}}).code() ==
        202);
  const auto signed_body = body.substr(0, body.size() - 1) + R"(,"signature":")" + hmac_sha256_hex("key", body) + "\"}";
  CHECK(s.post("/api/v1/events/sentinel", signed_body).code() == 202);
}

TEST_CASE("Alertmanager's webhook is judged alert by alert") {
  surface s;
  const auto a = s.post("/api/v1/events/alertmanager", R"({"version":"4","status":"firing","alerts":[
    {"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-11-22T00:59:00Z","fingerprint":"f1"},
    {"status":"firing"},
    {"status":"resolved","labels":{"alertname":"C"},"startsAt":"2026-11-22T00:50:00Z","endsAt":"2026-11-22T00:58:00Z","fingerprint":"f3"}]})");
  CHECK(a.code() == 207);
  CHECK(a.at("0.status") == "accepted");
  CHECK(a.at("1.status") == "rejected");
  CHECK(a.at("2.status") == "accepted");
  CHECK(s.incidents.hand_overs == 1);
  CHECK(s.incidents.last_as<cmd::ingest_signal>().resolves);
}

TEST_CASE("another version of Alertmanager's webhook is refused") {
  surface s;
  CHECK(s.post("/api/v1/events/alertmanager", R"({"version":"3","alerts":{}})").bad_fields() ==
        std::vector<std::string>{"version INVALID_VALUE", "alerts INVALID_TYPE"});
  CHECK(s.post("/api/v1/events/alertmanager", "{}").bad_fields() ==
        std::vector<std::string>{"version REQUIRED", "alerts REQUIRED"});
  CHECK(s.post("/api/v1/events/alertmanager", R"({"version":4,"alerts":[]})").code() == 400);
}

TEST_CASE("CloudEvents come structured, binary and batched") {
  surface s;
  const auto binary = s.post("/api/v1/events/cloudevents", R"({"severity":"low","title":"slow"})",
                             {{"Content-Type", "application/json"},
                              {"ce-specversion", "1.0"},
                              {"ce-id", "1"},
                              {"CE-Source", "/s%20x"},
                              {"ce-subject", R"("a \"quoted\" subject")"},
                              {"ce-type", "t"}});
  CHECK(binary.code() == 202);
  CHECK(s.incidents.last_as<cmd::ingest_signal>().resource.id == R"(a "quoted" subject)");
  CHECK(s.incidents.last().context.request == "cloudevents:/s x:1");
  CHECK(s.incidents.last_as<cmd::ingest_signal>().title == "slow");
  const auto batch =
      s.post("/api/v1/events/cloudevents",
             R"([{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"severity":"low"}},{"id":"2"}])",
             {{"Content-Type", "application/cloudevents-batch+json"}});
  CHECK(batch.at("0.status") == "accepted");
  CHECK(batch.at("1.status") == "rejected");
  CHECK(s.post("/api/v1/events/cloudevents", "", {{"ce-specversion", "1.0"}, {"ce-id", "1"}}).bad_fields() ==
        std::vector<std::string>{"source REQUIRED", "type REQUIRED", "data REQUIRED"});
}

TEST_CASE("a resolved alert that nobody knew has no incident") {
  surface s;
  s.incidents.answers = [](const command&) {
    reply r;
    r.state = std::make_shared<incident_state>();
    r.disposition = disposition::attached;
    return r;
  };
  const auto a = s.post(events, std::string{platform});
  CHECK(a.code() == 202);
  CHECK(a.at("incident_id") == "(none)");
}
