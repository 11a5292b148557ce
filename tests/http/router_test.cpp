#include "http/router.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <stdexcept>

#include "http/limits.hpp"

namespace {

using namespace im::http;
using outcome = route_match::outcome;

handler nothing() {
  return [](request&&, responder&&) {};
}

router table() {
  router r;
  r.add(verb::get, "/", nothing());
  r.add(verb::get, "/api/v1/incidents", nothing());
  r.add(verb::post, "/api/v1/incidents", nothing());
  r.add(verb::get, "/api/v1/incidents/search", nothing());
  r.add(verb::get, "/api/v1/incidents/{id}", nothing());
  r.add(verb::post, "/api/v1/incidents/{id}/close", nothing());
  r.add(verb::delete_, "/api/v1/incidents/{incident}/gates/{gate}", nothing());
  return r;
}

TEST_CASE("a path leads to its route and its parameters") {
  struct row {
    verb method;
    std::string_view path;
    std::string_view pattern;
  };
  const auto [method, path, pattern] =
      GENERATE(row{verb::get, "/", "/"}, row{verb::get, "/api/v1/incidents", "/api/v1/incidents"},
               row{verb::head, "/api/v1/incidents", "/api/v1/incidents"},
               row{verb::get, "/api/v1/incidents/search", "/api/v1/incidents/search"},
               row{verb::get, "/api/v1/incidents/42", "/api/v1/incidents/{id}"},
               row{verb::get, "/api/v1/%69ncidents/42", "/api/v1/incidents/{id}"},
               // A literal segment wins, but is given up where it leads nowhere.
               row{verb::post, "/api/v1/incidents/search/close", "/api/v1/incidents/{id}/close"},
               row{verb::delete_, "/api/v1/incidents/1/gates/2", "/api/v1/incidents/{incident}/gates/{gate}"});
  const auto r = table();
  const auto match = r.match(method, path);
  REQUIRE(match.result == outcome::found);
  CHECK(match.target->pattern == pattern);
}

TEST_CASE("path parameters are decoded, each under its route's own name") {
  const auto r = table();
  const auto match = r.match(verb::delete_, "/api/v1/incidents/a%2Fb%20c/gates/%C3%A9");
  REQUIRE(match.result == outcome::found);
  CHECK(match.params.get("incident") == "a/b c");
  CHECK(match.params.get("gate") == "\xc3\xa9");
  CHECK_FALSE(match.params.get("id"));
}

TEST_CASE("no such path is told from no such method") {
  const auto r = table();
  CHECK(r.match(verb::get, "/api/v1").result == outcome::not_found);
  CHECK(r.match(verb::get, "/api/v1/incidents/").result == outcome::not_found);
  CHECK(r.match(verb::get, "/api/v1/incidents//close").result == outcome::not_found);
  CHECK(r.match(verb::get, "").result == outcome::not_found);
  CHECK(r.match(verb::get, "api").result == outcome::not_found);
  const auto match = r.match(verb::put, "/api/v1/incidents");
  CHECK(match.result == outcome::method_not_allowed);
  CHECK(match.allow == "GET, HEAD, OPTIONS, POST");
  CHECK(r.match(verb::unknown, "/api/v1/incidents").result == outcome::method_not_allowed);
  CHECK(r.match(verb::head, "/api/v1/incidents/1/close").result == outcome::method_not_allowed);
}

TEST_CASE("OPTIONS names what there is") {
  const auto r = table();
  const auto one = r.match(verb::options, "/api/v1/incidents/1/close");
  CHECK(one.result == outcome::options);
  CHECK(one.allow == "OPTIONS, POST");
  const auto all = r.match(verb::options, "*");
  CHECK(all.result == outcome::options);
  CHECK(all.allow == "DELETE, GET, OPTIONS, POST");
  CHECK(r.match(verb::options, "/nowhere").result == outcome::not_found);
}

TEST_CASE("a broken escape, a control character or an endless part is malformed") {
  const auto r = table();
  CHECK(r.match(verb::get, "/api/v1/incidents/%4").result == outcome::malformed);
  CHECK(r.match(verb::get, "/api/v1/incidents/%zz").result == outcome::malformed);
  CHECK(r.match(verb::get, "/api/v1/incidents/%00").result == outcome::malformed);
  CHECK(r.match(verb::get, "/api/v1/incidents/%0a").result == outcome::malformed);
  const std::string longest(limits::path_param_bytes, 'x');
  CHECK(r.match(verb::get, "/api/v1/incidents/" + longest).result == outcome::found);
  CHECK(r.match(verb::get, "/api/v1/incidents/" + longest + "x").result == outcome::malformed);
  std::string deep;
  for (std::size_t i = 0; i <= limits::path_segments; ++i) deep += "/a";
  CHECK(r.match(verb::get, deep).result == outcome::not_found);
}

TEST_CASE("a route is refused when malformed or given twice") {
  auto r = table();
  CHECK_THROWS_AS(r.add(verb::get, "api", nothing()), std::invalid_argument);
  CHECK_THROWS_AS(r.add(verb::get, "/a//b", nothing()), std::invalid_argument);
  CHECK_THROWS_AS(r.add(verb::get, "/a/{}", nothing()), std::invalid_argument);
  CHECK_THROWS_AS(r.add(verb::get, "/a/x{id}", nothing()), std::invalid_argument);
  CHECK_THROWS_AS(r.add(verb::get, "/a", handler{}), std::invalid_argument);
  CHECK_THROWS_AS(r.add(verb::get, "/api/v1/incidents/{other}", nothing()), std::invalid_argument);
}

TEST_CASE("the routes can be listed") {
  const auto r = table();
  const auto all = r.routes();
  REQUIRE(all.size() == 7);
  CHECK(all[2] == std::pair<verb, std::string_view>{verb::post, "/api/v1/incidents"});
}

TEST_CASE("a route takes its content types, and a body that names none") {
  const route json{verb::post, "/", nothing(), {}};
  CHECK(json.accepts("application/json"));
  CHECK(json.accepts("Application/JSON ; charset=utf-8"));
  CHECK(json.accepts(""));
  CHECK_FALSE(json.accepts("text/plain"));
  CHECK_FALSE(json.accepts("application/jsonx"));
  const route all{verb::post, "/", nothing(), {.content_types = {"*/*"}}};
  CHECK(all.accepts("image/png"));
}

}  // namespace
