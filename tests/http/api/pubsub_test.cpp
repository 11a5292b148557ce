#include <catch2/catch_test_macros.hpp>

#include "http/api/events/base64.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

constexpr std::string_view door = "/api/v1/events/pubsub";

/// As Pub/Sub pushes it: both spellings of its members.
std::string pushed(std::string_view data) {
  return R"({"message":{"attributes":{"origin":"eu"},"data":")" + std::string{data} +
         R"(","messageId":"2070443601311540","message_id":"2070443601311540","publishTime":"2026-11-22T00:59:01.164Z",)"
         R"("publish_time":"2026-11-22T00:59:01.164Z"},"subscription":"projects/p/subscriptions/s"})";
}

// {"source":"llm-edge-agent",…,"execution_id":"e-1",…}, a list of two of them, and a CloudEvent
constexpr std::string_view one =
    "eyJzb3VyY2UiOiJsbG0tZWRnZS1hZ2VudCIsImV2ZW50X3R5cGUiOiJ0IiwiZXhlY3V0aW9uX2lkIjoiZS0xIiwidGltZXN0YW1wIjoiMjAyNi0xMS"
    "0yMlQwMDo1OTowMFoiLCJzZXZlcml0eSI6ImhpZ2giLCJwYXlsb2FkIjp7InRpdGxlIjoic2xvdyJ9fQ==";
constexpr std::string_view two =
    "W3sic291cmNlIjoibGxtLWVkZ2UtYWdlbnQiLCJldmVudF90eXBlIjoidCIsImV4ZWN1dGlvbl9pZCI6ImUtMSIsInRpbWVzdGFtcCI6IjIwMjYtMT"
    "EtMjJUMDA6NTk6MDBaIiwic2V2ZXJpdHkiOiJoaWdoIiwicGF5bG9hZCI6eyJ0aXRsZSI6InNsb3cifX0seyJzb3VyY2UiOiJsbG0tZWRnZS1hZ2Vu"
    "dCIsImV2ZW50X3R5cGUiOiJ0IiwiZXhlY3V0aW9uX2lkIjoiZS0yIiwidGltZXN0YW1wIjoiMjAyNi0xMS0yMlQwMDo1OTowMFoiLCJzZXZlcml0eS"
    "I6ImhpZ2giLCJwYXlsb2FkIjp7InRpdGxlIjoic2xvdyJ9fV0=";
constexpr std::string_view cloud =
    "eyJzcGVjdmVyc2lvbiI6IjEuMCIsImlkIjoiNyIsInNvdXJjZSI6Ii9idXMiLCJ0eXBlIjoidCIsImRhdGEiOnsic2V2ZXJpdHkiOiJsb3cifX0=";

}  // namespace

TEST_CASE("a message of Pub/Sub is the event in its data, and keeps what the message says") {
  surface s;
  CHECK(s.post(door, pushed(one)).code() == 202);
  const auto signal = s.incidents.last_as<cmd::ingest_signal>();
  CHECK(signal.source == "llm-edge-agent");
  CHECK(signal.source_event_id == "e-1");
  CHECK(signal.title == "slow");
  for (const auto* kept : {R"("message_id":"2070443601311540")", R"("origin":"eu")", "projects/p/subscriptions/s"}) {
    INFO(kept);
    CHECK(signal.metadata.text.find(kept) != std::string::npos);
  }
  const auto request = s.incidents.last().context.request;
  CHECK(s.post(door, pushed(one)).code() == 202);  // it is pushed again
  CHECK(s.incidents.last().context.request == request);
}

TEST_CASE("a message may hold several events, or a CloudEvent") {
  surface s;
  CHECK(s.post(door, pushed(two)).code() == 202);
  CHECK(s.incidents.commands.size() == 2);
  CHECK(s.post(door, pushed(cloud)).code() == 202);
  CHECK(s.incidents.last_as<cmd::ingest_signal>().source_event_id == "/bus:7");
}

TEST_CASE("a message without an event is refused with the field that is wrong") {
  surface s;
  CHECK(s.post(door, "{}").bad_fields() == std::vector<std::string>{"message REQUIRED"});
  CHECK(s.post(door, R"({"message":{"messageId":"1"}})").bad_fields() ==
        std::vector<std::string>{"message.data REQUIRED"});
  CHECK(s.post(door, pushed("?")).bad_fields() == std::vector<std::string>{"message.data INVALID_VALUE"});
  CHECK(s.post(door, pushed("aGVsbG8=")).code() == 400);  // a text is no event
  CHECK(s.incidents.commands.empty());
}

TEST_CASE("base64 is read, and nothing else") {
  using events::decode_base64;
  CHECK(decode_base64("") == "");
  CHECK(decode_base64("aGVsbG8=") == "hello");
  CHECK(decode_base64("aGVsbA==") == "hell");
  CHECK(decode_base64("aGVs") == "hel");
  for (const auto* wrong : {"aGVsbG8", "aGVsbG8==", "=aGV", "aGVs\n", "aG=s", "aGVs====", "a-_s"}) {
    INFO(wrong);
    CHECK_FALSE(decode_base64(wrong));
  }
}
