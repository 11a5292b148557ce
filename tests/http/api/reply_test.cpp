#include "http/api/reply.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

TEST_CASE("every errc has a status, and the retryable ones say when to come back") {
  for (std::size_t i = 0; i < enum_names<errc>::names.size(); ++i) {
    const auto code = static_cast<errc>(i);
    CAPTURE(to_string(code));
    const auto a = parsed(render_error({code, "words"}, "c-1"));
    CHECK(a.code() >= 400);
    CHECK(a.at("success") == "false");
    CHECK(a.at("error.code") == to_string(code));
    CHECK(a.at("error.retryable") == (is_retryable(code) ? "true" : "false"));
    CHECK(a.raw.header("Retry-After").has_value() == (a.code() == 503 || a.code() == 429));
  }
  CHECK(render_error({errc::conflict, ""}, "c").code == http::status::conflict);
  CHECK(render_error({errc::gate_held, ""}, "c").code == http::status::service_unavailable);
  CHECK(render_error({errc::malformed_body, ""}, "c").code == http::status::bad_request);
}

TEST_CASE("the words of an internal error stay inside") {
  const auto a = parsed(render_error({errc::internal, "SELECT * FROM secrets"}, "c-77"));
  CHECK(a.code() == 500);
  CHECK(a.raw.body.find("SELECT") == std::string::npos);
  CHECK(a.at("error.message").find("c-77") != std::string::npos);
}

TEST_CASE("bad fields are told with their codes and values, and Retry-After can be chosen") {
  const auto a = parsed(render_error(
      {errc::validation_error, "no", {{"a.b[0]", field_error::kind::invalid_value, "a.b[0] \"quoted\"", "x\n"}}}, "c"));
  CHECK(a.at("error.details.errors.0.field") == "a.b[0]");
  CHECK(a.at("error.details.errors.0.code") == "INVALID_VALUE");
  CHECK(a.at("error.details.errors.0.value") == "x\n");
  CHECK(render_error({errc::overloaded, "", {}, 7}, "c").header("Retry-After") == "7");
}

TEST_CASE("503 TIMEOUT says that the request may have taken effect, every other 503 and 429 that nothing did") {
  for (std::size_t i = 0; i < enum_names<errc>::names.size(); ++i) {
    const auto code = static_cast<errc>(i);
    CAPTURE(to_string(code));
    const auto a = parsed(render_error({code, "words"}, "c-1"));
    const bool busy = a.code() == 503 || a.code() == 429;
    const auto says = [&](std::string_view sentence) {
      return a.at("error.message").find(sentence) != std::string::npos;
    };
    CHECK(says("may have taken effect") == (code == errc::timeout));
    CHECK(says("nothing took effect") == (busy && code != errc::timeout));
    if (!busy) continue;
    const auto core = parsed(render_core_error(a.raw.code, to_string(code), "words", "c-1"));
    CHECK(core.at("error.message") == a.at("error.message"));
  }
}

TEST_CASE("a message that says already what took effect is told as it is") {
  const auto told = parsed(render_error({errc::timeout, "no answer; the write may have taken effect"}, "c"));
  CHECK(told.at("error.message") == "no answer; the write may have taken effect");
}

TEST_CASE("errors of the HTTP core have the same form") {
  const auto missing = parsed(render_core_error(http::status::not_found, "NOT_FOUND", "no such path", "c"));
  CHECK(missing.at("success") == "false");
  CHECK(missing.at("error.code") == "NOT_FOUND");
  CHECK(missing.at("error.retryable") == "false");
  const auto late = parsed(render_core_error(http::status::service_unavailable, "TIMEOUT", "late", "c"));
  CHECK(late.at("error.retryable") == "true");
  const auto bug = parsed(render_core_error(http::status::internal_server_error, "INTERNAL_ERROR", "what()", "c-5"));
  CHECK(bug.at("error.code") == "INTERNAL");
  CHECK(bug.raw.body.find("what()") == std::string::npos);
}

TEST_CASE("a decision is told in the agents' envelope") {
  auto r = decided(R"({"decision":"maintain"})");
  r.warnings = {"w1"};
  const auto a = parsed(outputs_response(r));
  CHECK(a.code() == 200);
  CHECK(a.at("success") == "true");
  CHECK(a.at("data.decision") == "maintain");
  CHECK(a.at("decision_event.id") == "0193502a-7c00-7000-8000-00000000e001");
  CHECK(a.at("decision_event.incident_id") == some_incident);
  CHECK(a.at("decision_event.sequence") == "3");
  CHECK(a.at("decision_event.confidence") == "0.75");
  CHECK(a.at("decision_event.inputs_hash") == "abc");
  CHECK(a.at("decision_event.timestamp") == now_text);
  CHECK(a.at("persisted") == "true");
  CHECK(a.at("warnings.0") == "w1");
  CHECK_FALSE(a.raw.header("Idempotent-Replayed"));
  r.replayed = true;
  CHECK(outputs_response(r).header("Idempotent-Replayed") == "true");
}
