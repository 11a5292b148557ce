#include "http/api/openapi.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cctype>
#include <set>

#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

std::string entry(std::string_view method, std::string_view path) {
  std::string text{method};
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text + ' ' + std::string{path};
}

void each_reference(const json::node& at, const std::function<void(std::string_view)>& visit) {
  if (const auto found = at.find_string("$ref")) visit(*found);
  at.each_member([&](std::string_view, json::node value) { each_reference(value, visit); });
  at.each_item([&](std::size_t, json::node value) { each_reference(value, visit); });
}

}  // namespace

TEST_CASE("openapi.json and the route table name the same routes") {
  surface s;
  const auto served = s.get("/openapi.json");
  CHECK(served.raw.body == openapi_document);
  CHECK(served.at("openapi").starts_with("3.1"));
  std::set<std::string> described;
  served.document.root().find("paths")->each_member([&](std::string_view path, json::node methods) {
    methods.each_member([&](std::string_view method, json::node) { described.insert(entry(method, path)); });
  });
  std::set<std::string> routed;
  for (const auto& [method, pattern] : s.routes.routes()) {
    const auto name = boost::beast::http::to_string(method);
    routed.insert(entry({name.data(), name.size()}, pattern));
  }
  CHECK(described == routed);
}

TEST_CASE("openapi.json says which 503 may have taken effect") {
  const auto document = json::document::parse(openapi_document);
  REQUIRE(document);
  const auto unavailable = value_at(document->root(), "components.responses.Unavailable.description");
  CHECK(unavailable.find("With the code TIMEOUT the request may have taken effect") != std::string::npos);
  CHECK(unavailable.find("With every other code nothing took effect") != std::string::npos);
}

TEST_CASE("openapi.json names every member of the store's page of actions") {
  const auto document = json::document::parse(openapi_document);
  REQUIRE(document);
  const auto page = json::document::parse(write_action_page({}, "c7"));
  REQUIRE(page);
  page->root().each_member([&](std::string_view name, json::node) {
    CAPTURE(name);
    CHECK(value_at(document->root(), "components.schemas.ActionPage.properties." + std::string{name}) != "(none)");
  });
}

TEST_CASE("every reference of openapi.json leads somewhere, and every operation has its own id") {
  const auto document = json::document::parse(openapi_document);
  REQUIRE(document);
  const auto root = document->root();
  std::size_t count = 0;
  each_reference(root, [&](std::string_view reference) {
    ++count;
    CAPTURE(reference);
    REQUIRE(reference.starts_with("#/"));
    auto path = std::string{reference.substr(2)};
    std::ranges::replace(path, '/', '.');
    CHECK(value_at(root, path) != "(none)");
  });
  CHECK(count > 100);
  std::set<std::string> ids;
  root.find("paths")->each_member([&](std::string_view, json::node methods) {
    methods.each_member([&](std::string_view, json::node operation) {
      CHECK(ids.insert(std::string{operation.find_string("operationId").value_or("")}).second);
      CHECK(operation.find("responses"));
    });
  });
}
