#include "http/api/events/signature.hpp"

#include <catch2/catch_test_macros.hpp>

#include "messages/hash.hpp"

using namespace im;
using namespace im::api::events;

TEST_CASE("a member is cut out of an object's text with one comma") {
  CHECK(without_member(R"({"a":1,"signature":"x"})", "signature") == R"({"a":1})");
  CHECK(without_member(R"({"signature":"x","a":1})", "signature") == R"({"a":1})");
  CHECK(without_member(R"({"a":[1,{"b":2}], "signature" : "x\"}" ,"c":"}"})", "signature") ==
        R"({"a":[1,{"b":2}],"c":"}"})");
  CHECK(without_member(R"({"signature":"x"})", "signature") == "{}");
  CHECK(without_member(R"({"a":{"signature":"x"}})", "signature") == R"({"a":{"signature":"x"}})");
  CHECK(without_member("{}", "signature") == "{}");
  CHECK(without_member("[1]", "signature") == "[1]");
}

TEST_CASE("a webhook is accepted with the signature of its body sent without it") {
  const std::string key = "k";
  const std::string unsigned_body = R"({"event_type":"e","data":{"a":1}})";
  const auto good = hmac_sha256_hex(key, unsigned_body);
  const auto signed_body = R"({"event_type":"e","data":{"a":1},"signature":")" + good + "\"}";
  CHECK(verify_signature(unsigned_body, good, std::nullopt, key));
  CHECK(verify_signature(unsigned_body, "sha256=" + good, std::nullopt, key));
  CHECK(verify_signature(signed_body, std::nullopt, good, key));
  CHECK(verify_signature(signed_body, good, good, key));
  CHECK(verify_signature(signed_body, hmac_sha256_hex(key, signed_body), good, key));
}

TEST_CASE("a webhook without a matching signature is unauthorized") {
  const std::string body = R"({"data":{}})";
  const auto foreign = hmac_sha256_hex("other", body);
  for (const auto& header : {std::optional<std::string_view>{}, std::optional<std::string_view>{foreign},
                             std::optional<std::string_view>{""}, std::optional<std::string_view>{"sha256="}}) {
    const auto verified = verify_signature(body, header, std::nullopt, "k");
    REQUIRE_FALSE(verified);
    CHECK(verified.error().code == errc::unauthorized);
  }
}
