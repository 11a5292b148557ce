#include <catch2/catch_test_macros.hpp>
#include <future>
#include <thread>

#include "persistence/ruvector/action_feed.hpp"
#include "tests/persistence/ruvector/api_support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

std::future<feed_page> poll(action_feed& feed, feed_cursor after, seconds wait) {
  auto promise = std::make_shared<std::promise<feed_page>>();
  auto future = promise->get_future();
  feed.poll(after, 100, wait, [promise](result<feed_page> page) { promise->set_value(page.value()); });
  return future;
}

}  // namespace

TEST_CASE("a long poll is answered by the commit that it waits for") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  action_feed feed{*store};
  auto first = poll(feed, {}, seconds{60});
  auto second = poll(feed, {}, seconds{60});
  append_one(*store, open_event(1, "f1"));  // no actions: they wait on
  append_one(*store, with_actions(open_event(2, "f2"), 2));
  const auto page = first.get();
  CHECK(page.actions.size() == 2);
  CHECK(second.get().actions == page.actions);
  CHECK(poll(feed, page.next, seconds{0}).get().actions.empty());
}

TEST_CASE("a poll that comes after the commit is answered at once") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  append_one(*store, with_actions(open_event(1, "f1"), 1));
  action_feed feed{*store};
  CHECK(poll(feed, {}, seconds{60}).get().actions.size() == 1);
}

TEST_CASE("a closing feed answers those that wait, and later ones at once") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  action_feed feed{*store};
  auto waiting = poll(feed, {}, seconds{60});
  feed.close();
  CHECK(waiting.get().actions.empty());
  CHECK(poll(feed, {}, seconds{60}).get().actions.empty());
}

TEST_CASE("polls beyond the bound are refused") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  action_feed feed{*store};
  std::vector<std::future<feed_page>> waiting;
  for (std::size_t i = 0; i < ruvector::limits::feed_waiters; ++i) waiting.push_back(poll(feed, {}, seconds{60}));
  bool refused = false;
  feed.poll({}, 1, seconds{60},
            [&](result<feed_page> page) { refused = !page && page.error().code == errc::overloaded; });
  CHECK(refused);
  feed.close();
  for (auto& w : waiting) CHECK(w.get().actions.empty());
}

TEST_CASE("the feed over HTTP: order, cursors, a long poll that a write ends") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  client.post_batch({with_actions(open_event(1, "f1"), 2)});
  const auto first = client.get("/api/v1/orchestrator/actions?limit=1");
  REQUIRE(first.status == 200);
  CHECK(first.json().root().find("actions")->size() == 1);
  const auto rest = client.get("/api/v1/orchestrator/actions?after=" + first.at({"next_cursor"}));
  CHECK(rest.json().root().find("actions")->size() == 1);

  answer late;
  std::thread poller{[&] {
    api_client other{service};
    late = other.get("/api/v1/orchestrator/actions?wait=60&after=" + rest.at({"next_cursor"}));
  }};
  client.post_batch({with_actions(open_event(2, "f2"), 1)});
  poller.join();
  CHECK(late.json().root().find("actions")->size() == 1);
  CHECK(client.get("/api/v1/orchestrator/actions?wait=61").status == 400);
  CHECK(client.get("/api/v1/orchestrator/actions?after=x").status == 400);
}

TEST_CASE("a drain ends long polls instead of waiting for them") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  std::promise<void> asked;
  answer got;
  std::thread poller{[&] {
    api_client client{service};
    (void)client.get("/api/v1/orchestrator/actions");  // the connection is there
    asked.set_value();
    try {
      got = client.get("/api/v1/orchestrator/actions?wait=60");
    } catch (const std::runtime_error&) {
      got.status = 0;  // the drain came before the request
    }
  }};
  asked.get_future().wait();
  (*service).drain();
  poller.join();
  CHECK((got.status == 200 || got.status == 0));
}
