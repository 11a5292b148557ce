#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <latch>
#include <thread>

#include "tests/persistence/ruvector/test_database.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

test_database on_postgres() { return test_database{database_kind::postgres}; }

std::string ask(const test_database& in, const std::string& text) { return im::test::query_value(in.url(), text); }

}  // namespace

TEST_CASE("a schema is made once, whoever starts at the same time") {
  const auto db = on_postgres();
  constexpr int starters = 4;
  std::latch together{starters};
  std::atomic<int> opened{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < starters; ++i)
    threads.emplace_back([&] {
      together.arrive_and_wait();
      if (const auto store = open_postgres_store(db.url())) ++opened;
    });
  for (auto& t : threads) t.join();
  CHECK(opened == starters);
  CHECK(ask(db, "SELECT string_agg(version::text, ',') FROM im_schema_version") == "1,2,3,4,5,6");
}

TEST_CASE("a database of a newer program, or of another one, is refused in words") {
  const auto db = on_postgres();
  SECTION("newer") {
    REQUIRE(open_postgres_store(db.url()));
    REQUIRE(sql(db, "INSERT INTO im_schema_version VALUES (1000)").empty());
    const auto opened = open_postgres_store(db.url());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == errc::store_unavailable);
    CHECK(opened.error().message.find("schema version 1000, this program knows 6") != std::string::npos);
  }
  SECTION("another") {
    REQUIRE(sql(db, "CREATE TABLE decision_events (a integer)").empty());
    const auto opened = open_postgres_store(db.url());
    REQUIRE_FALSE(opened);
    CHECK(opened.error().message.find("another program") != std::string::npos);
    CHECK(ask(db, "SELECT count(to_regclass('im_schema_version'))") == "0");
  }
}

TEST_CASE("no error repeats the database URL") {
  for (const std::string url : {"postgresql://user:sesame@[::1", "postgresql://user:sesame@/x?sslmode=sesame",
                                "postgresql://user:sesame@/x?host=/nowhere", "mysql://user:sesame@/x"}) {
    const auto opened = open_postgres_store(url);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == errc::store_unavailable);
    CHECK(opened.error().message.find("user:sesame") == std::string::npos);
  }
}

TEST_CASE("documents come back byte by byte") {
  const auto db = on_postgres();
  auto store = open_store(db);
  auto event = open_event(1, "f\u00e4\u2028\U0001f525");
  std::get<fact::incident_opened>(event.fact.value).record.title = std::string{"a\0b", 3} + "\xc3\xa9\\ \" %";
  REQUIRE(append_one(*store, event).outcome == append_outcome::created);
  auto sealed = linked({event}).front();
  CHECK(store->event(event.id) == sealed.text);
  list_filter filter;
  filter.text = "AB\xc3\xa9\\ \" %";
  CHECK(store->incidents(filter)->items.size() == 1);
  CHECK(store->check()->problems.empty());
}

TEST_CASE("sessions that the server ends heal by themselves, and nothing acknowledged is lost") {
  const auto db = on_postgres();
  auto store = open_store(db);
  constexpr unsigned writers = 4;
  constexpr unsigned each = 60;
  std::atomic<bool> done{false};
  std::thread axe{[&] {
    while (!done)
      (void)sql(db,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()");
  }};
  std::atomic<unsigned> refused{0};
  std::atomic<unsigned> surprises{0};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < writers; ++w)
    threads.emplace_back([&, w] {
      for (unsigned i = 1; i <= each;) {
        const auto n = w * each + i;
        const auto events =
            linked({open_event(n, "f" + std::to_string(n), {"r" + std::to_string(n)}), attach_event(n, 2)});
        const auto results = try_append(*store, read_events(batch_body(events)).value());
        if (!results) {
          ++refused;
          const auto code = results.error().code;  // the latter where COMMIT was on its way
          if (code != errc::store_unavailable && code != errc::timeout) ++surprises;
          continue;  // the same again, as our callers do
        }
        // Created, or known: the answer to its commit was lost.
        if (results->front().outcome != append_outcome::created && results->front().identical != true) ++surprises;
        ++i;
      }
    });
  for (auto& t : threads) t.join();
  done = true;
  axe.join();
  UNSCOPED_INFO(refused << " refused");
  CHECK(surprises == 0);
  const auto report = store->check();
  REQUIRE(report);
  CHECK(report->events == 2 * writers * each);
  CHECK(report->problems.empty());
  CHECK(append_one(*store, attach_event(1, 3)).outcome == append_outcome::created);
}

TEST_CASE("while the server is away each answer says so, and it goes on when it is back") {
  im::test::temporary_postgres server;
  const auto url = server.create_database();
  auto store = open_postgres_store(url).value();
  REQUIRE(append_one(*store, open_event(1, "f")).outcome == append_outcome::created);
  const auto next = linked({attach_event(1, 2)}, store.get());
  const auto batch = [&] { return read_events(batch_body(next)).value(); };
  server.kill();
  for (int i = 0; i < 3; ++i) {
    const auto written = try_append(*store, batch());
    REQUIRE_FALSE(written);
    CHECK(written.error().code == errc::store_unavailable);
    CHECK(written.error().retry_after_s);
    CHECK(store->log(incident_number(1), 0, 10).error().code == errc::store_unavailable);
  }
  CHECK(store->health()[0].status == check_status::fail);
  server.start();
  // The pause after a failed attempt to connect is over before our patience is.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  auto written = try_append(*store, batch());
  while (!written && std::chrono::steady_clock::now() < until) written = try_append(*store, batch());
  REQUIRE(written);
  CHECK(written->front().outcome == append_outcome::created);
  CHECK(store->log(incident_number(1), 0, 10)->head == 2);
  CHECK(store->check()->problems.empty());
  store->close();
}

TEST_CASE("two services on one database: the laws hold between them, and each sees what the other wrote") {
  const auto db = on_postgres();
  auto one = open_store(db);
  auto two = open_store(db);
  REQUIRE(append_one(*one, open_event(1, "f", {"r"})).outcome == append_outcome::created);
  CHECK(append_one(*two, open_event(2, "f")).incident_id == incident_number(1));
  CHECK(append_one(*two, open_event(3, "g", {"r"})).request->incident_id == incident_number(1));
  // Each caches the state that the other moves on.
  for (std::uint64_t s = 2; s <= 9; ++s)
    REQUIRE(append_one(s % 2 == 0 ? *two : *one, attach_event(1, s)).outcome == append_outcome::created);
  CHECK(append_one(*one, attach_event(1, 9, {}, "late")).head == 9);
  CHECK(one->newest_row().value() == two->newest_row().value());

  constexpr std::uint64_t last = 60;
  std::atomic<unsigned> wins{0};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < 4; ++w)
    threads.emplace_back([&, w] {
      auto& mine = w % 2 == 0 ? *one : *two;
      for (std::uint64_t next = 10; next <= last;) {
        const auto r = append_one(mine, attach_event(1, next, {}, "w" + std::to_string(w)));
        if (r.outcome == append_outcome::created) ++wins;
        next = r.outcome == append_outcome::conflict ? r.head.value() + 1 : next + 1;
      }
    });
  for (auto& t : threads) t.join();
  CHECK(wins == last - 9);
  CHECK(one->log(incident_number(1), 0, 100)->events.size() == last);
  CHECK(two->check()->problems.empty());
  CHECK(ask(db, "SELECT count(*) = max(row) FROM decision_events") == "t");
}
