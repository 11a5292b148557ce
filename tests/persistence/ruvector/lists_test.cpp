#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <set>
#include <thread>

#include "tests/persistence/ruvector/api_support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

/// The list of post-mortems takes a minute or more from now on.
void slow_down_postmortems(const test_database& db) {
  const std::string view = "ALTER TABLE postmortems RENAME TO real_postmortems; CREATE VIEW postmortems AS ";
  const auto said =
      db.is_postgres()
          ? sql(db, view +
                        "SELECT gen_random_uuid() AS postmortem_id, gen_random_uuid() AS incident_id, 0::smallint AS"
                        " status, 0::bigint AS written_ms, 1::bigint AS event_row FROM pg_sleep(60)")
          : sql(db, view +
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000000000)"
                        " SELECT zeroblob(16) AS postmortem_id, zeroblob(16) AS incident_id, 0 AS status,"
                        " 0 AS written_ms, i AS event_row FROM n WHERE i < 0");
  REQUIRE(said.empty());
}

std::set<std::string> ids_of(const std::vector<std::string>& events) {
  std::set<std::string> ids;
  for (const auto& text : events) {
    const auto doc = json::document::parse(text);
    ids.emplace(*doc->root().find_string("id"));
  }
  return ids;
}

event_query page_of(std::size_t limit, std::size_t offset = 0) {
  event_query what;
  what.limit = limit;
  what.offset = offset;
  return what;
}

}  // namespace

TEST_CASE("slow lists are stopped, and neither delay nor refuse writes and the reads behind them") {
  using clock = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds list_time{1200};
  constexpr auto longest_call = list_time / 2;  // behind a list it would wait for the list's end
  const test_database db{EACH_DATABASE};
  running_service service{db, {}, [&](service_config& config) { config.list_time = list_time; }};
  api_client client{service};
  REQUIRE(client.post_batch({open_event(1, "f1")}).status == 200);
  slow_down_postmortems(db);

  constexpr unsigned slow = 6;  // more than there are threads for lists, and for reads
  struct listed {
    answer got;
    clock::time_point ended;
    [[nodiscard]] bool was_stopped() const {
      return got.at({"error", "message"}).find("stopped after 1200 ms") != std::string::npos;
    }
  };
  std::atomic<unsigned> running{slow};
  std::vector<listed> lists(slow);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < slow; ++i)
    threads.emplace_back([&, i] {
      api_client other{service};
      lists[i].got = other.get("/api/v1/postmortems");
      lists[i].ended = clock::now();
      --running;
    });
  struct span {
    clock::time_point began, ended;
  };
  std::vector<span> calls;
  const auto timed = [&](auto call) {
    const auto began = clock::now();
    CHECK(call().status == 200);
    calls.push_back({began, clock::now()});
    CHECK(calls.back().ended - began < longest_call);
  };
  for (unsigned n = 2; running > 0; ++n) {
    timed([&] { return client.post_batch({open_event(n, "f" + std::to_string(n))}); });
    timed([&] { return client.get("/api/v1/incidents/" + incident_number(n).str() + "/log"); });
    timed([&] { return client.get("/api/v1/incidents?limit=1&fingerprint=f" + std::to_string(n)); });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& list : lists) {
    CHECK(list.got.status == 503);
    CHECK(list.got.at({"error", "code"}) == "OVERLOADED");
    CHECK(list.got.at({"error", "retryable"}) == "true");
  }
  // A list that was stopped ran for its whole time until then.
  const auto stopped = std::ranges::find_if(lists, &listed::was_stopped);
  REQUIRE(stopped != lists.end());
  CHECK(std::ranges::any_of(calls, [&](const span& call) {
    return call.began > stopped->ended - list_time * 3 / 4 && call.ended < stopped->ended - list_time / 4;
  }));
  CHECK(client.get("/api/v1/incidents").status == 200);  // a list that is quick still is
}

TEST_CASE("a query goes on by its cursor, whatever is written meanwhile") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  std::vector<decision_event> events{open_event(1, "f1")};
  for (std::uint64_t s = 2; s <= 30; ++s) {
    auto event = attach_event(1, s);
    event.timestamp = at_second(static_cast<std::int64_t>(s / 5));  // some of the same moment
    events.push_back(std::move(event));
  }
  append(*store, events);
  const auto before = ids_of(store->query(page_of(1000)).value().events);
  REQUIRE(before.size() == 30);
  for (const auto of : {std::optional<incident_id>{}, std::optional{incident_number(1)}}) {
    auto what = page_of(4);
    what.incident = of;
    std::set<std::string> seen;
    std::size_t count = 0;
    for (;;) {
      const auto page = store->query(what).value();
      count += page.events.size();
      seen.merge(ids_of(page.events));
      if (!page.next_cursor) break;
      what.after = event_cursor::parse(*page.next_cursor);
      REQUIRE(what.after);
      append_one(*store, attach_next(*store, 1));  // newer, so ahead of all pages but the first
    }
    CHECK(count == seen.size());
    CHECK(std::ranges::includes(seen, before));
  }
}

TEST_CASE("a query counts what it must, and no further than its bound") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  std::uint64_t last = 0;
  const auto write_up_to = [&](std::uint64_t count) {
    while (last < count) {
      std::vector<decision_event> events;
      for (; events.size() < 1000 && last < count;)
        if (++last == 1)
          events.push_back(open_event(1, "f1"));
        else
          events.push_back(attach_event(1, last));
      append(*store, events);
    }
  };
  write_up_to(ruvector::limits::counted_events);
  auto page = store->query(page_of(1)).value();
  CHECK(page.total == ruvector::limits::counted_events);
  CHECK_FALSE(page.has_more_than_total);
  page = store->query(page_of(1000, 9'990)).value();
  CHECK(page.total == 10'000);
  CHECK(page.events.size() == 10);
  CHECK_FALSE(page.next_cursor);
  write_up_to(ruvector::limits::counted_events + 1);
  page = store->query(page_of(1)).value();
  CHECK(page.total == ruvector::limits::counted_events);
  CHECK(page.has_more_than_total);
}

TEST_CASE("a query over HTTP keeps its contract, bounds its offset and hands out cursors to who asks") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  client.post_batch({open_event(1, "f"), attach_event(1, 2), attach_event(1, 3)});
  const auto ask = [&](const std::string& body) { return client.post("/api/v1/decision-events/query", body); };
  const auto plain = ask(R"({"limit":2,"offset":1})");
  CHECK(plain.at({"total"}) == "3");
  CHECK(plain.at({"offset"}) == "1");
  CHECK(plain.json().root().find("events")->size() == 2);
  CHECK(plain.at({"next_cursor"}).empty());
  CHECK(ask(R"({"limit":2,"offset":7})").at({"total"}) == "3");
  const auto first = ask(R"({"limit":2,"cursor":""})");
  const auto next = first.at({"next_cursor"});
  REQUIRE_FALSE(next.empty());
  const auto rest = ask(R"({"limit":2,"cursor":")" + next + "\"}");
  CHECK(rest.json().root().find("events")->size() == 1);
  CHECK(rest.at({"total"}) == "3");
  CHECK(rest.at({"next_cursor"}).empty());
  CHECK(ask(R"({"offset":10001})").body.find("cursor or a time range") != std::string::npos);
  CHECK(ask(R"({"cursor":"x"})").status == 400);
  CHECK(ask(R"({"cursor":"","offset":1})").status == 400);
}

TEST_CASE("a search of too many words is refused") {
  const test_database db{EACH_DATABASE};
  running_service service{db};
  api_client client{service};
  std::string words;
  for (int i = 0; i < 17; ++i) words += "w" + std::to_string(i) + "%20";
  const auto refused = client.get("/api/v1/incidents?q=" + words);
  CHECK(refused.status == 400);
  CHECK(refused.body.find("more than 16 words") != std::string::npos);
}
