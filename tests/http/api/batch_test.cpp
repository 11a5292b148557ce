#include <catch2/catch_test_macros.hpp>
#include <ranges>
#include <thread>

#include "http/limits.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

constexpr std::string_view events = "/api/v1/events";
const header_list ndjson = {{"Content-Type", "application/x-ndjson; charset=utf-8"}};

constexpr std::string_view alerts = "/api/v1/events/alertmanager";

std::string webhook(std::initializer_list<std::string_view> fingerprints, std::string_view status = "firing") {
  std::string list;
  for (const auto fingerprint : fingerprints)
    list += (list.empty() ? R"({"status":")" : R"(,{"status":")") + std::string{status} +
            R"(","labels":{"alertname":"A"},"startsAt":"2026-11-22T00:55:00Z","fingerprint":")" +
            std::string{fingerprint} + "\"}";
  return R"({"version":"4","alerts":[)" + list + "]}";
}

/// Answers with this error for one fingerprint, and takes all others.
fake_incidents::script failing(std::string fingerprint, errc code) {
  return [fingerprint = std::move(fingerprint), code](const command& c) -> result<reply> {
    if (std::get<cmd::ingest_signal>(c.body).fingerprint == fingerprint) return fail(code, "not this one");
    return decided();
  };
}

std::string event(std::string_view id) {
  return R"({"source":"edge","event_type":"t","execution_id":")" + std::string{id} +
         R"(","timestamp":"2026-11-22T00:59:00Z","severity":"low","payload":{}})";
}

}  // namespace

TEST_CASE("a document a line is known under each of its names") {
  for (const auto* type : {"application/x-ndjson", "application/ndjson", "application/jsonl; charset=utf-8"}) {
    INFO(type);
    surface s;
    const auto a = s.post(events, event("e-1") + "\n" + event("e-2"), {{"Content-Type", type}});
    CHECK(a.code() == 202);
    CHECK(s.incidents.commands.size() == 2);
  }
}

TEST_CASE("one poisoned line of NDJSON fails alone") {
  surface s;
  const auto a = s.post(events, event("e-1") + "\n{broken\n\r\n  " + event("e-3") + "\r\n{\"source\":\"x\"}\n", ndjson);
  CHECK(a.code() == 207);
  CHECK(a.at("0.status") == "accepted");
  CHECK(a.at("0.execution_id") == "e-1");
  CHECK(a.at("1.status") == "rejected");
  CHECK(a.at("1.error.code") == "MALFORMED_BODY");
  CHECK(a.at("2.execution_id") == "e-3");
  CHECK(a.at("3.error.code") == "VALIDATION_ERROR");
  CHECK(a.at("3.error.details.errors.0.field") == "event_type");
  CHECK(a.at("4") == "(none)");
  CHECK(s.incidents.commands.size() == 2);
  CHECK(s.incidents.hand_overs == 1);
}

TEST_CASE("one poisoned item of an array fails alone") {
  surface s;
  const auto a = s.post(events, "[" + event("e-1") + ",42,{}," + event("e-4") + "]");
  CHECK(a.code() == 207);
  CHECK(a.at("0.status") == "accepted");
  CHECK(a.at("1.status") == "rejected");
  CHECK(a.at("2.status") == "rejected");
  CHECK(a.at("3.status") == "accepted");
}

TEST_CASE("valid JSON that is out of the ordinary refuses no event, and in an array no other") {
  surface s;
  const auto with_payload = [](std::string_view id, std::string_view payload) {
    auto text = event(id);
    return text.replace(text.rfind("{}"), 2, payload);
  };
  const auto wide = with_payload("e-1", R"({"metadata":{"n":123456789012345678901,"x":1e400},"title":"cut \ud83d"})");
  CHECK(s.post(events, wide).code() == 202);
  const auto& signal = s.incidents.last_as<cmd::ingest_signal>();
  CHECK(signal.metadata.text == R"({"event_type":"t","metadata":{"n":123456789012345678901,"x":1e400}})");
  CHECK(signal.title == "cut \xEF\xBF\xBD");
  const auto deep = std::string(40, '[') + std::string(40, ']');
  const auto a = s.post(events, "[" + wide + "," + with_payload("e-2", R"({"a":1,"a":2})") + ",\n " +
                                    with_payload("e-3", "{\"d\":" + deep + "}") + "," + event("e-4") + "]");
  CHECK(a.code() == 207);
  CHECK(a.at("0.status") == "accepted");
  CHECK(a.at("1.error.code") == "MALFORMED_BODY");
  CHECK(a.at("2.error.message").starts_with("line 2, column "));
  CHECK(a.at("3.status") == "accepted");
}

TEST_CASE("a malformed body says where") {
  surface s;
  CHECK(s.post(events, "[" + event("e-1") + ",\n{broken]").at("error.message") ==
        "line 2, column 2: a name in double quotes is expected");
  CHECK(s.post(events, event("e-1") + "\n  {broken\n", ndjson).at("1.error.message") ==
        "line 2, column 4: a name in double quotes is expected");
}

TEST_CASE("a batch of which nothing was accepted is 400, and names each item's error") {
  surface s;
  const auto is_refused = [&](const answer& a, std::string_view code) {
    CHECK(a.code() == 400);
    CHECK(a.at("success") == "false");
    CHECK(a.at("error.code") == code);
    CHECK(a.at("error.retryable") == "false");
    CHECK(a.at("error.message").starts_with("none of 2 events was accepted; the first: "));
    CHECK(a.at("error.details.items.0.status") == "rejected");
    CHECK(a.at("error.details.items.1.error.code") == "VALIDATION_ERROR");
  };
  is_refused(s.post(events, "[1,{}]"), "VALIDATION_ERROR");
  is_refused(s.post(events, "{broken\n{}", ndjson), "MALFORMED_BODY");
  is_refused(s.post(alerts, R"({"version":"4","alerts":[7,{"status":"firing"}]})"), "VALIDATION_ERROR");
  is_refused(s.post("/api/v1/events/cloudevents", R"([{"id":"1"},{}])",
                    {{"Content-Type", "application/cloudevents-batch+json"}}),
             "VALIDATION_ERROR");
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::conflict, "no"); };
  CHECK(s.post(events, "[" + event("e-1") + "]").code() == 400);
}

TEST_CASE("a list without events is answered by a list without results") {
  surface s;
  CHECK(s.post(events, "[]").raw.body == "[]");
  CHECK(s.post(events, "\n\n", ndjson).at("error.code") == "MALFORMED_BODY");
}

TEST_CASE("an Idempotency-Key counts for each item of a batch") {
  surface s;
  (void)s.post(events, "[" + event("e-1") + "," + event("e-2") + "]", {{"Idempotency-Key", "k"}});
  CHECK(s.incidents.commands[0].context.request == "key:POST /api/v1/events:k:0");
  CHECK(s.incidents.commands[1].context.request == "key:POST /api/v1/events:k:1");
}

TEST_CASE("a storm of 10,000 alerts in one webhook is accepted whole") {
  surface s;
  std::string list;
  for (int i = 0; i < 10'000; ++i)
    list += (i == 0 ? R"({"labels":{"alertname":"A","instance":")" : R"(,{"labels":{"alertname":"A","instance":")") +
            std::to_string(i) + "\"}}";
  const auto a = s.post(alerts, R"({"version":"4","alerts":[)" + list + "]}");
  CHECK(a.code() == 202);
  CHECK(a.at("9999.status") == "accepted");
  CHECK(s.incidents.commands.size() == 10'000);
}

TEST_CASE("of more events than a body may hold the first are accepted, and one result stands for all others") {
  constexpr auto most = http::limits::body_events;
  std::string lines;
  std::string list = "[";
  for (std::size_t i = 0; i < most + 2; ++i) {
    lines += event(std::to_string(i)) + "\n";
    list += (i == 0 ? "" : ",") + event(std::to_string(i));
  }
  for (const auto as_lines : {true, false}) {
    surface s;
    const auto a = as_lines ? s.post(events, lines, ndjson) : s.post(events, list + "]");
    CHECK(a.code() == 207);
    CHECK(s.incidents.commands.size() == most);
    CHECK(a.at(std::to_string(most - 1) + ".status") == "accepted");
    CHECK(a.at(std::to_string(most) + ".error.code") == "PAYLOAD_TOO_LARGE");
    CHECK(a.at(std::to_string(most) + ".error.message").starts_with("the last 2 events"));
    CHECK(a.at(std::to_string(most + 1)) == "(none)");
  }
}

TEST_CASE("a batch for which there is no room is refused before its events are read") {
  surface s;
  s.incidents.under_way = admission::of(2);
  const auto two = event("e-1") + "\n{broken";
  CHECK(s.post(events, two, ndjson).code() == 207);
  const auto lines = s.post(events, two + "\n\n\n", ndjson);
  CHECK(lines.code() == 503);
  CHECK(lines.at("error.code") == "OVERLOADED");
  CHECK(s.post(events, "[" + event("e-1") + ",42,43]").code() == 503);
  CHECK(s.incidents.hand_overs == 1);
}

TEST_CASE("a batch has its room until its last event is answered, and whoever hears the answer may send the next") {
  surface s;
  s.incidents.holds = true;
  s.incidents.under_way = admission::of(2);
  const auto has_room = [&](std::size_t for_so_many) { return s.incidents.admit(for_so_many).has_value(); };
  std::optional<bool> room_when_answered;
  s.send(http::verb::post, events, event("e-1") + "\n" + event("e-2"), ndjson,
         [&](http::response&&) { room_when_answered = has_room(2); });
  REQUIRE(s.incidents.held.size() == 2);
  s.incidents.held[1](decided());
  CHECK_FALSE(has_room(1));
  CHECK_FALSE(room_when_answered);
  s.incidents.held[0](decided());
  CHECK(room_when_answered == true);
}

TEST_CASE("a batch that failed as a whole for a reason that may pass answers 503") {
  surface s;
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::store_unavailable, "away"); };
  const auto all = s.post(events, "[" + event("e-1") + "," + event("e-2") + "]");
  CHECK(all.code() == 503);
  CHECK(all.raw.header("Retry-After"));
  CHECK(s.failures == std::vector<std::string>{"away"});
  const auto mixed = s.post(events, "[" + event("e-1") + ",7]");
  CHECK(mixed.code() == 503);
  CHECK(mixed.at("error.code") == "STORE_UNAVAILABLE");
  s.incidents.answers = [](const command&) -> result<reply> { return fail(errc::damaged, "no"); };
  CHECK(s.post(events, "[7," + event("e-1") + "]").code() == 500);
}

TEST_CASE(
    "Alertmanager is told 503 as soon as one alert failed for a reason that may pass, whatever became of the others") {
  surface s;
  s.incidents.answers = failing("new", errc::store_unavailable);
  for (const auto& body : {webhook({"known", "new"}), webhook({"new", "known"}), webhook({"new"})}) {
    const auto refused = s.post(alerts, body);
    CHECK(refused.code() == 503);
    CHECK(refused.raw.header("Retry-After"));
    CHECK(refused.at("success") == "false");
    CHECK(refused.at("error.code") == "STORE_UNAVAILABLE");
    CHECK(refused.at("error.retryable") == "true");
  }
  CHECK(s.failures.size() == 3);
  // Other senders read what became of each event.
  s.incidents.answers = [calls = 0](const command&) mutable -> result<reply> {
    if (calls++ == 0) return decided();
    return fail(errc::store_unavailable, "away");
  };
  const auto judged_alone = s.post(events, "[" + event("e-1") + "," + event("e-2") + "]");
  CHECK(judged_alone.code() == 207);
  CHECK(judged_alone.at("1.error.code") == "STORE_UNAVAILABLE");
}

TEST_CASE("Alertmanager is not asked to send again what would fail again") {
  surface s;
  s.incidents.answers = failing("taken elsewhere", errc::conflict);
  const auto a = s.post(alerts, webhook({"known", "taken elsewhere"}));
  CHECK(a.code() == 207);
  CHECK(a.at("0.status") == "accepted");
  CHECK(a.at("1.error.code") == "CONFLICT");
}

TEST_CASE("an alert that resolves without ever having been seen is accepted without an incident") {
  surface s;
  s.incidents.answers = failing("unseen", errc::not_found);
  const auto a = s.post(alerts, webhook({"known", "unseen"}, "resolved"));
  CHECK(a.code() == 202);
  CHECK(a.at("0.incident_id") == some_incident);
  CHECK(a.at("1.status") == "accepted");
  CHECK(a.at("1.execution_id") != "(none)");
  CHECK(a.at("1.disposition") == "attached");
  CHECK(a.at("1.incident_id") == "(none)");
  CHECK(s.post(alerts, webhook({"unseen"})).at("error.details.items.0.error.code") == "NOT_FOUND");
}

TEST_CASE("answers that come from many threads in any order are told in the order asked") {
  surface s;
  s.incidents.holds = true;
  std::string lines;
  for (int i = 0; i < 50; ++i) lines += event("e-" + std::to_string(i)) + "\n";
  std::optional<http::response> taken;
  s.send(http::verb::post, events, std::move(lines), ndjson, [&](http::response&& r) { taken = std::move(r); });
  {
    std::vector<std::jthread> threads;
    for (auto& done : std::views::reverse(s.incidents.held))
      threads.emplace_back([done = std::move(done)]() mutable { done(decided()); });
  }
  REQUIRE(taken);
  const auto a = parsed(std::move(*taken));
  for (int i = 0; i < 50; ++i) CHECK(a.at(std::to_string(i) + ".execution_id") == "e-" + std::to_string(i));
}
