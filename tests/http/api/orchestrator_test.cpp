#include <catch2/catch_test_macros.hpp>

#include "http/limits.hpp"
#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

const std::string feed = "/api/v1/orchestrator/actions";

std::string page_to(std::string_view next) { return write_action_page({}, next); }

std::string page_with_action(std::string_view next) {
  return write_action_page(std::vector<std::string>{R"({"id":"a"})"}, next);
}

}  // namespace

TEST_CASE("a page with an action is answered at once, as the store wrote it") {
  surface s;
  s.store.pages = {page_with_action("c8")};
  CHECK(s.get(feed + "?after=c7&wait=30").raw.body == page_with_action("c8"));
  CHECK(s.store.asked == std::vector<std::string>{"actions c7 2"});
}

TEST_CASE("a poll at the end of the feed waits all of its wait in turns") {
  surface s;
  CHECK(s.get(feed + "?after=c7&wait=5").raw.body == page_to("c7"));
  CHECK(s.store.asked == std::vector<std::string>{"actions c7 2", "actions c7 2", "actions c7 1"});
}

TEST_CASE("a poll that waits is answered by the action that comes in a later turn") {
  surface s;
  s.store.pages = {page_to("c7"), page_to("c7"), page_with_action("c8")};
  CHECK(s.get(feed + "?after=c7&wait=30").raw.body == page_with_action("c8"));
  CHECK(s.store.asked.size() == 3);
}

TEST_CASE("a consumer behind events without actions gets the action after them, whether it waits or not") {
  for (const auto* wait : {"", "&wait=30"}) {
    surface s;
    for (int i = 1; i <= 50; ++i) s.store.pages.push_back(page_to("c" + std::to_string(i)));
    s.store.pages.push_back(page_with_action("c51"));
    CHECK(s.get(feed + "?after=c0" + wait).raw.body == page_with_action("c51"));
    CHECK(s.store.asked.size() == 51);
  }
}

TEST_CASE("the empty pages that one request passes are bounded, and its answer says where to go on") {
  surface s;
  for (int i = 1; i <= 2 * http::limits::empty_action_pages; ++i)
    s.store.pages.push_back(page_to("c" + std::to_string(i)));
  CHECK(s.get(feed + "?after=c0").raw.body == page_to("c" + std::to_string(http::limits::empty_action_pages)));
}

TEST_CASE("a poll of a service that drains ends with its turn") {
  surface s{[](dependencies& d) { d.draining = [] { return true; }; }};
  CHECK(s.get(feed + "?after=c7&wait=30").code() == 200);
  CHECK(s.store.asked.size() == 1);
}

TEST_CASE("a wait that is too long, or given twice, is a bad field") {
  surface s;
  CHECK(s.get(feed + "?wait=61").bad_fields() == std::vector<std::string>{"wait INVALID_VALUE"});
  CHECK(s.get(feed + "?wait=1&wait=2").code() == 400);
}
