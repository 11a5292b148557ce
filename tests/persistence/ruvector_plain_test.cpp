/// A plain ruvector-service, without the incident manager's own calls: writes go one by one, logs come from the query.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "messages/json/codec.hpp"
#include "tests/persistence/client_support.hpp"

namespace {

using namespace im;
using namespace im::test;
using http::verb;
using persistence::store_failure;
using persistence::store_result;
using kind = write_outcome::kind;

constexpr auto events_route = "/api/v1/decision-events";
constexpr auto query_route = "/api/v1/decision-events/query";

std::string query_answer(const std::vector<event_ptr>& newest_first, std::size_t total) {
  json::writer out;
  out.begin_object();
  out.key("events");
  out.begin_array();
  for (const auto& event : newest_first) json::write(out, *event);
  out.end_array();
  out.key("total");
  out.number(total);
  out.end_object();
  return out.take();
}

std::string_view id_in(const json::document& doc) { return *doc.root().find_string("id"); }

std::size_t count(const std::vector<std::string>& all, std::string_view what) {
  return static_cast<std::size_t>(std::ranges::count(all, what));
}

}  // namespace

TEST_CASE("without the batch route, which is remembered, events go one by one and in order") {
  const auto absent = GENERATE(404U, 405U);
  canned_service service;
  auto client = service.on(verb::post, "/api/v1/decision-events/batch", says(absent, "{}"))
                    .on(verb::post, events_route, says(201, "{}"))
                    .client();
  const auto got = write_all(*client, {sample_write("a", 1, 3)});
  REQUIRE(got);
  REQUIRE(got->front()->what == kind::committed);
  REQUIRE(write_all(*client, {sample_write("b", 1, 1), sample_write("c", 1, 1)}));
  const auto targets = service.targets();
  REQUIRE(count(targets, "/api/v1/decision-events/batch") == 1);
  REQUIRE(count(targets, events_route) == 5);
  const auto asked = service.asked();
  for (std::uint64_t i = 1; i <= 3; ++i)
    REQUIRE(id_in(*json::document::parse(asked[i].body)) == sample_event("a", i)->id.str());
}

TEST_CASE("an event that is there already is as good as written") {
  canned_service service;
  auto client = service.on(verb::post, events_route, says(200, R"({"id":"x","duplicate":true})")).client();
  REQUIRE(write_all(*client, {sample_write("a", 1, 2)})->front()->what == kind::committed);
}

TEST_CASE("a conflict means that the sequence is taken; the newest event tells the head") {
  canned_service service;
  auto client = service
                    .on(verb::post, events_route,
                        [](const http::request& req) {
                          const auto doc = json::document::parse(req.body);
                          return id_in(*doc) == sample_event("b", 1)->id.str()
                                     ? http::response{.code = http::status::conflict, .body = "{}"}
                                     : http::response{.code = http::status::created};
                        })
                    .on(verb::post, query_route, says(200, query_answer({sample_event("b", 5)}, 5)))
                    .client();
  const auto got = write_all(*client, {sample_write("a", 1, 1), sample_write("b", 1, 2), sample_write("c", 1, 1)});
  REQUIRE(got);
  REQUIRE(got->at(0)->what == kind::committed);
  REQUIRE(got->at(1)->what == kind::sequence_taken);
  REQUIRE(got->at(1)->head == 5);
  REQUIRE(got->at(2)->what == kind::committed);
}

TEST_CASE("a conflict that says more is taken at its word") {
  canned_service service;
  auto client = service.on(verb::post, events_route, says(409, R"({"outcome":"conflict","head":8})")).client();
  const auto got = write_all(*client, {sample_write("a", 1, 1)});
  REQUIRE(got->front()->what == kind::sequence_taken);
  REQUIRE(got->front()->head == 8);
}

TEST_CASE("a failure amid single writes fails the write as a whole, which may be tried again") {
  canned_service service;
  auto client = service
                    .on(verb::post, events_route,
                        [](const http::request& req) {
                          const auto doc = json::document::parse(req.body);
                          return id_in(*doc) == sample_event("b", 2)->id.str()
                                     ? http::response{.code = http::status::service_unavailable}
                                     : http::response{.code = http::status::created};
                        })
                    .client();
  std::vector<persistence::incident_write> writes;
  for (const auto* name : {"a", "b", "c", "d", "e", "f", "g"}) writes.push_back(sample_write(name, 1, 3));
  const auto got = write_all(*client, std::move(writes));
  REQUIRE_FALSE(got);
  REQUIRE(got.error().kind == store_failure::fault::away);
  REQUIRE(got.error().maybe_applied);
}

TEST_CASE("an event that a plain service refuses fails its incident alone") {
  canned_service service;
  auto client =
      service
          .on(verb::post, events_route,
              [](const http::request& req) {
                const auto doc = json::document::parse(req.body);
                return http::response{.code = id_in(*doc) == sample_event("a", 1)->id.str() ? http::status::bad_request
                                                                                            : http::status::created};
              })
          .client();
  const auto got = write_all(*client, {sample_write("a", 1, 2), sample_write("b", 1, 1)});
  REQUIRE(got->at(0).error().code == errc::internal);
  REQUIRE(got->at(1)->what == kind::committed);
}

TEST_CASE("without the log route a log is put together from the query's pages") {
  constexpr std::uint64_t head = 1200;
  canned_service service;
  auto client = service
                    .on(verb::post, query_route,
                        [](const http::request& req) {
                          const auto doc = json::document::parse(req.body);
                          const auto offset = static_cast<std::uint64_t>(*doc->root().find("offset")->as_int());
                          std::vector<event_ptr> page;
                          for (auto left = head - offset; left > 0 && page.size() < limits::page_max; --left)
                            page.push_back(sample_event("a", left));
                          return http::response{.body = query_answer(page, head)};
                        })
                    .client();
  awaited<store_result<log_page>> got;
  SECTION("the newest page is enough") {
    client->read_log(id_of<incident_id>("a"), 1100, got.handler());
    const auto page = got.take();
    REQUIRE(page->events.size() == 100);
    REQUIRE(page->events.front()->sequence == 1101);
    REQUIRE_FALSE(page->more);
    REQUIRE(service.asked().size() == 1);
  }
  SECTION("the start needs more") {
    client->read_log(id_of<incident_id>("a"), 0, got.handler());
    const auto page = got.take();
    REQUIRE(page->events.size() == limits::log_page_events);
    REQUIRE(page->events.front()->sequence == 1);
    REQUIRE(page->more);
  }
}

TEST_CASE("a query that answers the same page at every offset is given up") {
  std::vector<event_ptr> page;
  for (std::uint64_t s = 2000; s > 1000; --s) page.push_back(sample_event("a", s));
  canned_service service;
  auto client = service.on(verb::post, query_route, says(200, query_answer(page, 5000))).client();
  awaited<store_result<log_page>> got;
  client->read_log(id_of<incident_id>("a"), 0, got.handler());
  REQUIRE(got.take().error().why.code == errc::store_unavailable);
  REQUIRE(service.asked().size() == 2);
}

TEST_CASE("without the lookup route logs and fingerprints are asked for one by one, and the route is left alone") {
  canned_service service;
  const auto a = id_of<incident_id>("a");
  auto client =
      service.on(verb::get, "/api/v1/incidents", says(200, R"({"items":[]})"))
          .on(verb::post, query_route,
              [&](const http::request& req) {
                const bool known = req.body.find(a.str()) != std::string::npos;
                return http::response{.body = known ? query_answer({sample_event("a", 1)}, 1) : query_answer({}, 0)};
              })
          .client();
  for (int i = 0; i < 2; ++i) {
    awaited<store_result<incident_list>> logs;
    client->find_logs({{a, id_of<incident_id>("b")}}, logs.handler());
    REQUIRE(logs.take()->ids == std::vector{a});
    awaited<store_result<fingerprint_lookups>> prints;
    client->find_fingerprints({{"f", "g"}}, prints.handler());
    REQUIRE(prints.take()->found.size() == 2);
  }
}

TEST_CASE("an incident that nobody knows has an empty log") {
  canned_service service;
  auto client = service.on(verb::post, query_route, says(200, R"({"events":[],"total":0})")).client();
  awaited<store_result<log_page>> got;
  client->read_log(id_of<incident_id>("a"), 0, got.handler());
  const auto page = got.take();
  REQUIRE(page);
  REQUIRE(page->events.empty());
  REQUIRE_FALSE(page->more);
}
