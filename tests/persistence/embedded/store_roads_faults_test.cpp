/// What goes wrong is told the same by either road.

#include <catch2/catch_test_macros.hpp>

#include "tests/persistence/embedded/road_support.hpp"

namespace {

using namespace im;
using namespace im::test;
using namespace im::ruvector::test;
using namespace std::chrono_literals;
using persistence::store_failure;
using fault = store_failure::fault;

persistence::incident_write opening_of(unsigned n) {
  return sealed_write({open_event(n, "print-" + std::to_string(n))});
}

/// Another process that writes into the file and does not end.
class lock_holder {
public:
  explicit lock_holder(const temp_dir& folder) {
    sqlite3_open((folder / "ruvector.db").c_str(), &db_);
    sqlite3_busy_timeout(db_, 5000);
    REQUIRE(sqlite3_exec(db_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  lock_holder(const lock_holder&) = delete;
  lock_holder& operator=(const lock_holder&) = delete;
  ~lock_holder() { sqlite3_close(db_); }

private:
  sqlite3* db_ = nullptr;
};

}  // namespace

TEST_CASE("an event that is too large is refused, not tried again, and what came with it is not stored") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  auto large = open_event(1, "a");
  large.outputs.text = "{\"note\":\"" + std::string(ruvector::limits::event_bytes, 'x') + "\"}";
  const auto got = store.write({sealed_write({std::move(large)}), opening_of(2)});
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == fault::refused);
  CHECK(got.error().why.code == errc::internal);
  CHECK_FALSE(got.error().maybe_applied);
  CHECK(store.log(incident_number(2))->events.empty());
  CHECK(store.calls().front() == "write_batch 400");
}

TEST_CASE("no answer within the deadline leaves the outcome open, and a repetition finds it") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  const auto hasty = store.connect(50ms);
  {
    const lock_holder other{folder};
    const auto got = write_all(*hasty, {opening_of(1)});
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == fault::away);
    CHECK(got.error().why.code == errc::timeout);
    CHECK(got.error().maybe_applied);
    CHECK(store.calls().back() == "write_batch 0");
  }
  const auto again = store.write({opening_of(1)});
  REQUIRE(again);
  CHECK(again->front()->what == write_outcome::kind::committed);
  CHECK(store.log(incident_number(1))->events.size() == 1);
}

TEST_CASE("the end of a client completes what is under way") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  auto client = store.connect();
  awaited<written> got;
  const lock_holder other{folder};
  client->write(std::make_shared<const std::vector<persistence::incident_write>>(1, opening_of(1)), got.handler());
  client.reset();
  const auto told = got.take();
  REQUIRE_FALSE(told);
  CHECK(told.error().why.code == errc::store_unavailable);
  CHECK(told.error().kind == fault::busy);
}

TEST_CASE("a store that was closed within the process did nothing, and says so") {
  const temp_dir folder;
  reached_store store{folder, road::in_process};
  store.service().drain();
  const auto wrote = store.write({opening_of(1)});
  REQUIRE_FALSE(wrote);
  CHECK(wrote.error().kind == fault::away);
  CHECK(wrote.error().why.code == errc::store_unavailable);
  CHECK_FALSE(wrote.error().maybe_applied);
  const auto read = store.log(incident_number(1));
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == fault::away);
  CHECK_FALSE(store.list(view::incidents));
  CHECK_FALSE(store.ask<result<store_condition>>([](auto& c, auto done) { c.check(std::move(done)); }));
}

TEST_CASE("a log with a hole in it is not read as if it were whole") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  REQUIRE(store.write({sealed_write({open_event(1, "a"), attach_event(1, 2), attach_event(1, 3)})}));
  REQUIRE(
      sql(folder, "DROP TRIGGER decision_events_no_delete; DELETE FROM decision_events WHERE sequence = 2").empty());
  const auto got = store.log(incident_number(1));
  REQUIRE_FALSE(got);
  CHECK(got.error().kind == fault::refused);  // not tried again, and no reason to take the store for away
  CHECK(got.error().why.code == errc::damaged);
}
