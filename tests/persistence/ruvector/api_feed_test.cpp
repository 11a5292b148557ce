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

TEST_CASE("a long poll is answered by what another service on the same database commits") {
  const test_database db{database_kind::postgres};
  auto store = open_store(db);
  auto other = open_store(db);
  action_feed feed{*store};
  auto waiting = poll(feed, {}, seconds{60});
  append_one(*other, open_event(1, "f1"));
  append_one(*other, with_actions(open_event(2, "f2"), 2));
  const auto began = std::chrono::steady_clock::now();
  CHECK(waiting.get().actions.size() == 2);
  CHECK(std::chrono::steady_clock::now() - began < seconds{30});  // not only when its time was over
}

TEST_CASE("a poll that comes after the commit is answered at once") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  append_one(*store, with_actions(open_event(1, "f1"), 1));
  action_feed feed{*store};
  CHECK(poll(feed, {}, seconds{60}).get().actions.size() == 1);
}

TEST_CASE("a consumer behind thousands of events without actions gets the next action in one page") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  std::uint64_t last = 1;
  append_one(*store, with_actions(open_event(1, "f1"), 1));
  const auto quiet_events = [&](std::uint64_t count) {
    while (count > 0) {
      std::vector<decision_event> events;
      for (; events.size() < 500 && count > 0; --count) events.push_back(attach_event(1, ++last));
      append(*store, events);
    }
  };
  quiet_events(3000);
  append_one(*store, with_actions(attach_event(1, ++last), 1));
  const auto first = store->actions({}, 1).value();
  const auto next = store->actions(first.next, 100).value();
  CHECK(next.actions.size() == 1);

  quiet_events(2500);
  const auto end = store->actions(next.next, 100).value();
  CHECK(end.actions.empty());
  CHECK(end.next.row == store->newest_row());  // none of them is looked at again
  action_feed feed{*store};
  CHECK(poll(feed, next.next, seconds{0}).get().next.row == end.next.row);
  auto waiting = poll(feed, next.next, seconds{60});
  append_one(*store, with_actions(attach_event(1, ++last), 1));
  CHECK(waiting.get().actions.size() == 1);
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
