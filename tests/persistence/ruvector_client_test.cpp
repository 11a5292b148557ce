/// The client against a real HTTP server with canned answers: what it asks, and what each answer means.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "messages/json/codec.hpp"
#include "tests/persistence/client_support.hpp"
#include "tests/persistence/service_answers.hpp"

namespace {

using namespace im;
using namespace im::test;
using namespace std::chrono_literals;
using http::verb;
using persistence::store_failure;
using persistence::store_result;
using fault = store_failure::fault;
using kind = write_outcome::kind;

constexpr auto batch_route = "/api/v1/decision-events/batch";
constexpr auto lookup_route = "/api/v1/incidents/lookup";

/// Says of each event of a batch that it was created.
http::response created_all(const http::request& req) {
  const auto doc = json::document::parse(req.body);
  std::vector<ruvector::append_result> results;
  doc->root().find("events")->each_item([&](std::size_t, json::node event) {
    results.emplace_back().id = event_id::parse(*event.find_string("id")).value();
  });
  return {.body = batch_answer(results)};
}

written write_one(persistence::ruvector_client& client) { return write_all(client, {sample_write("a", 1, 2)}); }

}  // namespace

TEST_CASE("a batch is one request with the key, and its answer is each incident's outcome") {
  canned_service service;
  auto client = service.on(verb::post, batch_route, created_all).client();
  const auto got = write_all(*client, {sample_write("a", 1, 2), sample_write("b", 1, 1)});
  REQUIRE(got);
  REQUIRE(got->size() == 2);
  REQUIRE(got->at(1)->what == kind::committed);
  const auto asked = service.asked();
  REQUIRE(asked.size() == 1);
  REQUIRE(asked[0].authorization == "Bearer the key");
  const auto doc = json::document::parse(asked[0].body);
  REQUIRE(doc->root().find("events")->size() == 3);
}

TEST_CASE("a cut answer leaves the outcome open") {
  canned_service service;
  auto client = service.on(verb::post, batch_route, says(200, R"({"results":[{"id":)")).client();
  const auto got = write_one(*client);
  REQUIRE_FALSE(got);
  REQUIRE(got.error().kind == fault::away);
  REQUIRE(got.error().maybe_applied);
  REQUIRE(got.error().why.code == errc::store_unavailable);
}

TEST_CASE("5xx and 429 are worth another attempt; what the store says stays in the log") {
  const auto code = GENERATE(429U, 500U, 502U, 503U, 504U);
  canned_service service;
  auto client = service
                    .on(verb::post, batch_route,
                        [code](const http::request&) {
                          return http::response{.code = static_cast<http::status>(code),
                                                .body = "disk on fire",
                                                .content_type = "text/plain",
                                                .headers = {{"Retry-After", "3"}}};
                        })
                    .client();
  const auto got = write_one(*client);
  REQUIRE_FALSE(got);
  REQUIRE(got.error().kind == fault::away);
  REQUIRE(got.error().why.code == errc::store_unavailable);
  REQUIRE(got.error().why.retry_after_s == 3);
  REQUIRE(got.error().maybe_applied == (code != 429 && code != 503));
  REQUIRE(got.error().why.message.find("fire") == std::string::npos);
  REQUIRE(service.troubles().find("disk on fire") != std::string::npos);
}

TEST_CASE("a 503 that says TIMEOUT leaves the outcome open") {
  canned_service service;
  auto client =
      service.on(verb::post, batch_route, says(503, ruvector::error_reply({errc::timeout, "?"}).body)).client();
  const auto got = write_one(*client);
  REQUIRE_FALSE(got);
  REQUIRE(got.error().kind == fault::away);
  REQUIRE(got.error().maybe_applied);
}

TEST_CASE("of many fingerprints the one that the store will not be asked for fails alone") {
  canned_service service;
  const auto id = id_of<incident_id>("incident a");
  auto client = service
                    .on(verb::get, "/api/v1/incidents",
                        [&](const http::request& req) {
                          if (req.query.get("fingerprint") == "bad")
                            return http::response{.code = http::status::bad_request, .body = "no"};
                          return http::response{.body = newest_answer(id, incident_status::fresh)};
                        })
                    .client();
  awaited<store_result<fingerprint_lookups>> prints;
  client->find_fingerprints({{"a", "bad", "b"}}, prints.handler());
  const auto got = prints.take();
  REQUIRE(got);
  REQUIRE(got->found.size() == 3);
  REQUIRE(got->found[0]->newest == id);
  REQUIRE(got->found[1].error().code == errc::internal);
  REQUIRE(got->found[2]->open);
}

TEST_CASE("many logs and many fingerprints are one request each") {
  canned_service service;
  const auto a = id_of<incident_id>("a");
  const auto b = id_of<incident_id>("b");
  auto client = service
                    .on(verb::post, lookup_route,
                        [&](const http::request& req) {
                          return http::response{.body = req.body.find("incident_ids") != std::string::npos
                                                            ? R"({"with_log":[")" + b.str() + R"("]})"
                                                            : R"({"newest":[null,{"incident_id":")" + a.str() +
                                                                  R"(","open":true}]})"};
                        })
                    .client();
  awaited<store_result<incident_list>> logs;
  client->find_logs({{a, b}}, logs.handler());
  REQUIRE(logs.take()->ids == std::vector{b});
  awaited<store_result<fingerprint_lookups>> prints;
  client->find_fingerprints({{"unknown", "known"}}, prints.handler());
  const auto got = prints.take();
  REQUIRE_FALSE(got->found.at(0)->newest);
  REQUIRE(got->found.at(1)->newest == a);
  REQUIRE(got->found.at(1)->open);
  REQUIRE(service.asked().size() == 2);
}

TEST_CASE("a lookup that answers for fewer than were asked is unreadable") {
  canned_service service;
  auto client = service.on(verb::post, lookup_route, says(200, R"({"newest":[null]})")).client();
  awaited<store_result<fingerprint_lookups>> prints;
  client->find_fingerprints({{"a", "b"}}, prints.handler());
  REQUIRE(prints.take().error().why.code == errc::store_unavailable);
}

TEST_CASE("lists that take too long keep no other call waiting, and refuse no later list") {
  canned_service service;
  const auto event = sample_event("a", 1);
  auto client = service.silent(verb::get, "/api/v1/approvals")
                    .on(verb::get, "/api/v1/approvals/{id}", says(200, "one"))
                    .on(verb::get, "/api/v1/incidents", says(200, "some"))
                    .on(verb::get, "/api/v1/decision-events/{id}", says(200, json::encode(*event)))
                    .client([](auto& config) {
                      config.connections = 1;
                      config.list_connections = 2;
                      config.list_timeout = 50ms;
                    });
  awaited<result<std::string>> listed;
  for (int i = 0; i < 2 * limits::breaker_failures; ++i) client->list(view::approvals, {}, listed.handler());
  awaited<result<std::string>> one;
  client->get(view::approvals, event->id.value(), one.handler());
  REQUIRE(one.take() == "one");
  awaited<store_result<event_ptr>> read;
  client->read_event(event->id, read.handler());
  REQUIRE(read.take());
  for (int i = 0; i < 2 * limits::breaker_failures; ++i) REQUIRE_FALSE(listed.take());
  client->list(view::incidents, {}, listed.handler());
  REQUIRE(listed.take() == "some");
}

TEST_CASE("lists that the store fails open a circuit of their own") {
  canned_service service;
  const auto event = sample_event("a", 1);
  auto client = service.on(verb::get, "/api/v1/approvals", says(500, "no"))
                    .on(verb::get, "/api/v1/decision-events/{id}", says(200, json::encode(*event)))
                    .client();
  awaited<result<std::string>> listed;
  for (int i = 0; i < limits::breaker_failures; ++i) {
    client->list(view::approvals, {}, listed.handler());
    REQUIRE_FALSE(listed.take());
  }
  const auto asked = service.asked().size();
  client->list(view::approvals, {}, listed.handler());
  REQUIRE(listed.take().error().retry_after_s == 1);
  REQUIRE(service.asked().size() == asked);  // refused on the spot
  awaited<store_result<event_ptr>> one;
  client->read_event(event->id, one.handler());
  REQUIRE(one.take());
}

TEST_CASE("a list that the store stopped says what its caller can do, and opens no circuit") {
  canned_service service;
  auto client = service
                    .on(verb::get, "/api/v1/incidents",
                        [](const http::request&) {
                          return http::response{.code = http::status::service_unavailable,
                                                .body = R"({"error":{"code":"OVERLOADED","message":"?"}})",
                                                .headers = {{"Retry-After", "1"}}};
                        })
                    .client();
  for (int i = 0; i < 2 * limits::breaker_failures; ++i) {
    awaited<result<std::string>> listed;
    client->list(view::incidents, {{"q", "slow"}}, listed.handler());
    const auto got = listed.take();
    REQUIRE(got.error().code == errc::overloaded);
    REQUIRE(got.error().message.find("narrow it") != std::string::npos);
    REQUIRE(got.error().retry_after_s == 1);
  }
  REQUIRE(service.asked().size() == 2 * limits::breaker_failures);
}

TEST_CASE("a log whose page does not go on from where it was asked is unreadable") {
  canned_service service;
  auto client = service
                    .on(verb::get, "/api/v1/incidents/{id}/log",
                        says(200, R"({"events":[)" + json::encode(*sample_event("a", 1)) + "," +
                                      json::encode(*sample_event("a", 2)) + R"(],"head":9})"))
                    .client();
  awaited<store_result<log_page>> log;
  client->read_log(id_of<incident_id>("a"), 0, log.handler());
  REQUIRE(log.take()->more);
  for (const std::uint64_t after : {1U, 2U, 5U}) {  // the same page for ever
    client->read_log(id_of<incident_id>("a"), after, log.handler());
    REQUIRE(log.take().error().why.code == errc::store_unavailable);
  }
  client->read_log(id_of<incident_id>("b"), 0, log.handler());
  REQUIRE_FALSE(log.take());
}

TEST_CASE("a list has a time of its own") {
  canned_service service;
  auto client = service.silent(verb::get, "/api/v1/incidents").client([](auto& config) { config.list_timeout = 50ms; });
  awaited<result<std::string>> got;
  client->list(view::incidents, {}, got.handler());
  REQUIRE_FALSE(got.take());
}

TEST_CASE("another 4xx is our bug or a bad setting, and is not repeated") {
  const auto code = GENERATE(400U, 401U, 403U, 413U, 422U);
  canned_service service;
  auto client = service.on(verb::post, batch_route, says(code, "no")).client();
  const auto got = write_one(*client);
  REQUIRE(got.error().kind == fault::refused);
  const bool about_the_key = code == 401 || code == 403;
  REQUIRE(got.error().why.code == (about_the_key ? errc::store_unavailable : errc::internal));
  REQUIRE((service.troubles().find("RUVECTOR_API_KEY") != std::string::npos) == about_the_key);
  REQUIRE(service.troubles().find("the key") == std::string::npos);
}

TEST_CASE("no answer within the deadline: the outcome is open") {
  canned_service service;
  auto client = service.silent(verb::post, batch_route).client([](auto& config) { config.timeout = 50ms; });
  const auto got = write_one(*client);
  REQUIRE(got.error().why.code == errc::timeout);
  REQUIRE(got.error().kind == fault::away);
  REQUIRE(got.error().maybe_applied);
}

TEST_CASE("a store that is not there: nothing was done") {
  canned_service service;
  auto client = service.on(verb::post, batch_route, created_all).client();
  service.stop();
  const auto got = write_one(*client);
  REQUIRE(got.error().kind == fault::away);
  REQUIRE(got.error().why.code == errc::store_unavailable);
  REQUIRE_FALSE(got.error().maybe_applied);
}

TEST_CASE("a policy is read once, and then asked whether it is still the newest") {
  canned_service service;
  auto client = service
                    .on(verb::get, "/api/v1/policies/{kind}/{id}",
                        [](const http::request& req) {
                          if (req.header("If-None-Match") == "\"v1\"")
                            return http::response{.code = http::status::not_modified};
                          return http::response{.body = R"({"policy_id":"a b"})", .headers = {{"ETag", "\"v1\""}}};
                        })
                    .client();
  const auto read = [&](std::string etag, std::string version) {
    awaited<store_result<policy_answer>> got;
    client->read_policy({policy_kind::sla, "a b", std::move(version), std::move(etag)}, got.handler());
    return got.take();
  };
  const auto first = read("", "");
  REQUIRE_FALSE(first->unchanged);
  REQUIRE(first->document == R"({"policy_id":"a b"})");
  REQUIRE(first->etag == "\"v1\"");
  const auto second = read(first->etag, "");
  REQUIRE(second->unchanged);
  REQUIRE(read("", "1.0.0"));
  REQUIRE(service.targets() == std::vector<std::string>{"/api/v1/policies/sla/a%20b", "/api/v1/policies/sla/a%20b",
                                                        "/api/v1/policies/sla/a%20b?version=1.0.0"});
}

TEST_CASE("a policy that is not there, or no JSON, is no policy") {
  canned_service service;
  auto client = service
                    .on(verb::get, "/api/v1/policies/sla/{id}",
                        [](const http::request& req) {
                          return req.params.get("id") == "broken" ? http::response{.body = "{"}
                                                                  : http::response{.code = http::status::not_found};
                        })
                    .client();
  awaited<store_result<policy_answer>> got;
  client->read_policy({policy_kind::sla, "none", "", ""}, got.handler());
  REQUIRE(got.take().error().why.code == errc::not_found);
  client->read_policy({policy_kind::sla, "broken", "", ""}, got.handler());
  REQUIRE(got.take().error().kind == fault::away);
}

TEST_CASE("typed reads ask their calls") {
  canned_service service;
  const auto id = id_of<incident_id>("a");
  const auto event = sample_event("a", 1);
  auto client = service
                    .on(verb::get, "/api/v1/incidents/{id}/log",
                        says(200, R"({"events":[)" + json::encode(*event) + R"(],"head":4})"))
                    .on(verb::get, "/api/v1/decision-events/{id}", says(200, json::encode(*event)))
                    .on(verb::get, "/api/v1/incidents", says(200, newest_answer(id, incident_status::fresh)))
                    .on(verb::get, "/api/v1/deadlines", says(200, "[]"))
                    .on(verb::get, "/api/v1/requests/{id}",
                        says(200, json::encode(ruvector::covered_by{"r/1", id, event->id, 3, disposition::duplicate})))
                    .client();
  awaited<store_result<log_page>> log;
  client->read_log(id, 0, log.handler());
  REQUIRE(log.take()->more);
  awaited<store_result<event_ptr>> one;
  client->read_event(event->id, one.handler());
  REQUIRE((*one.take())->sequence == 1);
  awaited<store_result<fingerprint_lookups>> print;
  client->find_fingerprints({{"f&1"}}, print.handler());
  REQUIRE(print.take()->found.at(0)->open);
  awaited<store_result<due_page>> due;
  client->read_due(t0, "c", due.handler());
  REQUIRE(due.take()->entries.empty());
  awaited<store_result<covered_elsewhere>> request;
  client->find_request("r/1", request.handler());
  REQUIRE(request.take()->disposition == disposition::duplicate);
  REQUIRE(service.targets() ==
          std::vector<std::string>{
              "/api/v1/incidents/" + id.str() + "/log?after=0&limit=500", "/api/v1/decision-events/" + event->id.str(),
              "/api/v1/incidents?fingerprint=f%261&limit=1",
              "/api/v1/deadlines?before=2026-11-22T01%3A00%3A00.000Z&limit=500&cursor=c", "/api/v1/requests/r%2F1"});
}

TEST_CASE("lists are handed on as they are; a bad filter is the caller's") {
  canned_service service;
  auto client = service
                    .on(verb::get, "/api/v1/approvals",
                        [](const http::request& req) {
                          return req.query.get("cursor") == "bad"
                                     ? http::response{.code = http::status::bad_request, .body = "cursor!"}
                                     : http::response{.body = R"({"items":[ 1 ]})"};
                        })
                    .on(verb::get, "/api/v1/postmortems/{id}", says(404, "{}"))
                    .client();
  awaited<result<std::string>> got;
  client->list(view::approvals, {{"status", "pending"}, {"limit", "5"}}, got.handler());
  REQUIRE(got.take() == R"({"items":[ 1 ]})");
  REQUIRE(service.targets().front() == "/api/v1/approvals?limit=5&status=pending");
  client->list(view::approvals, {{"cursor", "bad"}}, got.handler());
  const auto refused = got.take();
  REQUIRE(refused.error().code == errc::validation_error);
  REQUIRE(refused.error().message.find("cursor!") == std::string::npos);
  client->get(view::postmortems, uuid{}, got.handler());
  REQUIRE(got.take().error().code == errc::not_found);
}

TEST_CASE("long polls are bounded and keep no other call waiting") {
  canned_service service;
  auto client = service.silent(verb::get, "/api/v1/orchestrator/actions")
                    .on(verb::get, "/api/v1/health", says(200, R"({"status":"healthy"})"))
                    .client([](auto& config) { config.polls = 2, config.connections = 1; });
  awaited<result<std::string>> polled;
  for (int i = 0; i < 3; ++i) client->orchestrator_actions("7.1", 60s, polled.handler());
  REQUIRE(polled.take().error().code == errc::overloaded);
  awaited<result<store_condition>> healthy;
  client->check(healthy.handler());
  REQUIRE(healthy.take());
  client.reset();
  REQUIRE(polled.take().error().code == errc::store_unavailable);
  REQUIRE(polled.take().error().code == errc::store_unavailable);
}

TEST_CASE("health is what the store says, and silence is none") {
  canned_service service;
  auto client = service.silent(verb::get, "/api/v1/health").client([](auto& config) { config.health_timeout = 30ms; });
  awaited<result<store_condition>> got;
  client->check(got.handler());
  REQUIRE_FALSE(got.take());
  canned_service other;
  auto unhealthy = other.on(verb::get, "/api/v1/health", says(200, R"({"status":"unhealthy"})")).client();
  unhealthy->check(got.handler());
  REQUIRE(got.take().error().code == errc::store_unavailable);
}

TEST_CASE("a client that is destroyed completes what is under way") {
  canned_service service;
  auto client = service.silent(verb::post, batch_route).client();
  awaited<written> got;
  client->write(std::make_shared<const std::vector<persistence::incident_write>>(1, sample_write("a", 1, 1)),
                got.handler());
  client.reset();
  REQUIRE_FALSE(got.take());
}
