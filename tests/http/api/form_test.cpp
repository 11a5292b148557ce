#include "http/api/form.hpp"

#include <catch2/catch_test_macros.hpp>

#include "messages/hash.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string evaluate = "/api/v1/agents/escalation/evaluate";
const std::string minimal = R"({"incident_id":")" + std::string{some_incident} + R"("})";

std::string with_execution(std::string_view id) {
  return R"({"incident_id":")" + std::string{some_incident} + R"(","execution_id":")" + std::string{id} + R"("})";
}

}  // namespace

TEST_CASE("a body's execution_id is its request id within operation and subject") {
  surface s;
  (void)s.post(evaluate, with_execution("550e8400-e29b-41d4-a716-446655440000"));
  const auto& context = s.incidents.last().context;
  CHECK(context.request ==
        "escalation.evaluate:" + std::string{some_incident} + ":550e8400-e29b-41d4-a716-446655440000");
  CHECK(context.execution_ref.str() == "550e8400-e29b-41d4-a716-446655440000");
  CHECK(context.correlation_id == "corr-1");
  CHECK_FALSE(context.dry_run);
}

TEST_CASE("an Idempotency-Key overrides it, scoped to method and path") {
  surface s;
  (void)s.post(evaluate, with_execution("e-1"), {{"Idempotency-Key", "k-1"}});
  CHECK(s.incidents.last().context.request == "key:POST " + evaluate + ":k-1");
  const auto first = s.incidents.last().context.execution_ref;
  (void)s.post(evaluate, with_execution("e-1"), {{"Idempotency-Key", "k-1"}});
  CHECK(s.incidents.last().context.execution_ref == first);
}

TEST_CASE("a call without an id of its own gets a new one each time") {
  surface s;
  (void)s.post(evaluate, minimal);
  const auto first = s.incidents.last().context.request;
  (void)s.post(evaluate, minimal);
  CHECK(s.incidents.last().context.request != first);
  CHECK_FALSE(s.incidents.last().context.execution_ref.is_nil());
}

TEST_CASE("an id too long to be kept is hashed, always the same way") {
  const std::string own(250, 'x');
  const auto id = scoped_request_id("hitl.decide:a:b", own);
  CHECK(id.starts_with("hitl.decide:sha256:"));
  CHECK(id.size() <= limits::request_id_chars);
  CHECK(id == scoped_request_id("hitl.decide:a:b", own));
  CHECK(id != scoped_request_id("hitl.decide:a:c", own));
  CHECK(scoped_request_id("a", "b") == "a:b");
}

TEST_CASE("a bad Idempotency-Key is named with the body's bad fields") {
  surface s;
  const auto a = s.post(evaluate, R"({"signal_timestamp":"x"})", {{"Idempotency-Key", "two words"}});
  CHECK(a.code() == 400);
  CHECK(a.bad_fields() == std::vector<std::string>{"incident_id REQUIRED", "signal_timestamp INVALID_VALUE",
                                                   "Idempotency-Key INVALID_VALUE"});
  CHECK(s.incidents.commands.empty());
  const auto twice = s.post(evaluate, minimal, {{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}});
  CHECK(twice.bad_fields() == std::vector<std::string>{"Idempotency-Key INVALID_VALUE"});
}

TEST_CASE("dry_run comes by body or by query") {
  surface s;
  (void)s.post(evaluate, R"({"dry_run":true,"incident_id":")" + std::string{some_incident} + R"("})");
  CHECK(s.incidents.last().context.dry_run);
  (void)s.post(evaluate + "?dry_run=true", minimal);
  CHECK(s.incidents.last().context.dry_run);
  (void)s.post(evaluate + "?dry_run=false", minimal);
  CHECK_FALSE(s.incidents.last().context.dry_run);
  CHECK(s.post(evaluate + "?dry_run=perhaps", minimal).bad_fields() ==
        std::vector<std::string>{"dry_run INVALID_VALUE"});
  CHECK(s.post(evaluate, R"({"dry_run":"yes","incident_id":")" + std::string{some_incident} + R"("})").bad_fields() ==
        std::vector<std::string>{"dry_run INVALID_TYPE"});
}

TEST_CASE("equal inputs have equal hashes, whatever their order and spaces") {
  surface s;
  (void)s.post(evaluate, R"({"incident_id":")" + std::string{some_incident} + R"(", "signal_source":"manual"})");
  const auto first = s.incidents.last().context.inputs_hash;
  (void)s.post(evaluate, R"({"signal_source":"manual","incident_id":")" + std::string{some_incident} + R"("})");
  CHECK(s.incidents.last().context.inputs_hash == first);
  CHECK(first == sha256_hex(R"({"incident_id":")" + std::string{some_incident} + R"(","signal_source":"manual"})"));
}

TEST_CASE("only a well-formed traceparent is passed on") {
  surface s;
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  (void)s.post(evaluate, minimal, {{"traceparent", good}});
  CHECK(s.incidents.last().context.traceparent == good);
  for (const auto* bad : {"00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "garbage"}) {
    (void)s.post(evaluate, minimal, {{"traceparent", bad}});
    CHECK(s.incidents.last().context.traceparent.empty());
  }
}

TEST_CASE("what is no JSON object is refused and nothing is submitted") {
  surface s;
  for (const auto* body : {"{", "[1,2]", "7", R"({"a":1,"a":2})", "\"\xff\"", "nul", "{}{}"}) {
    CAPTURE(body);
    CHECK(s.post(evaluate, body).code() == 400);
  }
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  CHECK(s.post(evaluate, R"({"a":)" + deep + "}").at("error.code") == "MALFORMED_BODY");
  CHECK(s.incidents.commands.empty());
}
