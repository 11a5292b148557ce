/// A disk that is full or fails under the store: what is refused, what stays, and how it goes on.

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <mutex>

#include "http/sync_client.hpp"
#include "persistence/ruvector/service.hpp"
#include "persistence/ruvector/sqlite.hpp"
#include "tests/persistence/ruvector/disk_support.hpp"
#include "tests/persistence/ruvector/faulty_disk.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

/// Until a checkpoint had something to do, and could not.
void write_until_checkpoints_fail(store& to) {
  while (part_of_health(to, "database_checkpoint").status == check_status::pass && head_of(to, 1) < 500) write_much(to);
}

}  // namespace

TEST_CASE("a full disk refuses writes by name, keeps what was acknowledged, and is forgotten once there is room") {
  for (const std::int64_t room : {0, 1, 511, 4095, 4120, 9000, 20'000}) {
    INFO("room for " << room << " bytes");
    faulty_disk disk;
    const temp_dir dir;
    auto store = open_store(dir);
    append_one(*store, open_event(1, "f1"));
    disk.leave_room(room);
    auto refused = try_next(*store, 1);
    for (int i = 0; i < 20 && refused; ++i) refused = try_next(*store, 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::store_unavailable);
    CHECK(contains(refused.error().message, "disk of the database is full"));
    CHECK(refused.error().retry_after_s);
    const auto head = head_of(*store, 1);
    CHECK(store->log(incident_number(1), 0, 100)->events.size() == head);
    CHECK_FALSE(try_next(*store, 1));
    CHECK(head_of(*store, 1) == head);
    disk.make_room();
    REQUIRE(try_next(*store, 1));
    CHECK(head_of(*store, 1) == head + 1);
    CHECK(store->check()->problems.empty());
    CHECK_FALSE(store->verify()->broken);
    store.reset();
    CHECK(head_of(*open_store(dir), 1) == head + 1);
  }
}

TEST_CASE("health is lost while the disk is full and comes back by itself, and the log hears of both once") {
  faulty_disk disk;
  const temp_dir dir;
  const auto store = open_store(dir);
  std::vector<std::string> told;  // by the writer's thread, before the write is answered
  store->on_trouble([&](trouble where, std::string_view why) {
    if (where == trouble::writes) told.emplace_back(why);
  });
  append_one(*store, open_event(1, "f1"));
  CHECK(part_of_health(*store, "database_write").status == check_status::pass);
  disk.leave_room(0);
  CHECK_FALSE(try_next(*store, 1));
  CHECK_FALSE(try_next(*store, 1));
  for (int asked = 0; asked < 3; ++asked) {
    const auto writing = part_of_health(*store, "database_write");
    CHECK(writing.status == check_status::fail);
    CHECK(contains(writing.message, "make room"));
    CHECK(part_of_health(*store, "database_read").status == check_status::pass);
  }
  disk.make_room();
  CHECK(eventually([&] { return part_of_health(*store, "database_write").status == check_status::pass; }));
  CHECK(head_of(*store, 1) == 1);
  store->close();
  REQUIRE(told.size() == 2);
  CHECK(contains(told[0], "full"));
  CHECK(told[1].empty());
}

TEST_CASE(
    "a service on a full disk answers 503, is unhealthy with the reason, logs it, and comes back without a restart") {
  faulty_disk disk;
  const temp_dir dir;
  std::mutex mutex;
  std::vector<std::string> logged;
  service_config config;
  config.data_file = dir / "ruvector.db";
  config.api_key = http::secret{"a key"};
  config.log = [&](log_level, std::string_view text) {
    const std::lock_guard lock{mutex};
    logged.emplace_back(text);
  };
  service running{std::move(config)};
  REQUIRE(running.start());
  http::sync_client client{http::origin::parse("http://127.0.0.1:" + std::to_string(running.port())).value()};
  const auto health = [&] { return client.request(http::verb::get, "/api/v1/health", {}, {}).value(); };
  const auto store_one = [&](unsigned n) {
    const auto body = batch_body(linked({open_event(n, "f" + std::to_string(n))}));
    return client.request(http::verb::post, "/api/v1/decision-events/batch", body, {{"Authorization", "Bearer a key"}})
        .value();
  };
  CHECK(store_one(1).status_code == 200);
  CHECK(health().status_code == 200);
  disk.leave_room(0);
  const auto refused = store_one(2);
  CHECK(refused.status_code == 503);
  CHECK(refused.header("Retry-After"));
  CHECK(contains(refused.body, "disk of the database is full"));
  const auto unhealthy = health();
  CHECK(unhealthy.status_code == 503);
  CHECK(contains(unhealthy.body, "make room"));
  disk.make_room();
  CHECK(eventually([&] { return health().status_code == 200; }));
  CHECK(store_one(2).status_code == 200);
  running.stop();
  const auto said = [&](std::string_view part) {
    return std::ranges::count_if(logged, [&](const auto& line) { return contains(line, part); });
  };
  CHECK(said("the store refuses writes: ") == 1);
  CHECK(said("the store takes writes again") == 1);
}

TEST_CASE("a commit whose sync fails stops the store, and the same write after a restart is stored once") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    faulty_disk disk{seed};
    const temp_dir dir;
    auto store = open_store(dir);
    std::vector<std::string> stops;
    store->on_stopped([&](const std::string& why) { stops.push_back(why); });
    append_one(*store, open_event(1, "f1"));
    const auto event = linked({attach_next(*store, 1)}, store.get()).front();
    disk.fail_syncs(1);
    const auto refused = try_append(*store, read_events(batch_body({event})).value());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::timeout);  // its pages may be there after a restart
    CHECK(contains(refused.error().message, "disk of the database failed"));
    const auto next = try_append(*store, read_events(batch_body({event})).value());
    REQUIRE_FALSE(next);
    CHECK(next.error().code == errc::store_unavailable);
    CHECK(contains(next.error().message, "the store is stopped"));
    CHECK(part_of_health(*store, "database_write").status == check_status::fail);
    CHECK(head_of(*store, 1) == 1);
    store.reset();
    CHECK(stops.size() == 1);
    CHECK(std::filesystem::file_size(dir / "ruvector.db-wal") > 0);
    // The system still shows what the disk has not: what is acknowledged now must not need it.
    store = open_store(dir);
    CHECK(append_one(*store, event).outcome != append_outcome::conflict);
    append_one(*store, attach_next(*store, 1));
    disk.lose_power_after(1 + static_cast<int>(seed % 8));
    store.reset();
    disk.bring_back(dir.path());
    store = open_store(dir);
    CHECK(head_of(*store, 1) == 3);
    CHECK(store->check()->problems.empty());
  }
}

TEST_CASE("a database that cannot take over its write-ahead log says so, loses nothing, and heals by itself") {
  faulty_disk disk;
  const temp_dir dir;
  auto store = open_store(dir);
  append_one(*store, open_event(1, "f1"));
  disk.refuse_writes_to("ruvector.db");
  write_until_checkpoints_fail(*store);
  const auto checkpoint = part_of_health(*store, "database_checkpoint");
  CHECK(checkpoint.status == check_status::warn);
  CHECK(contains(checkpoint.message, "write-ahead log"));
  CHECK(part_of_health(*store, "database_write").status == check_status::pass);
  const auto head = head_of(*store, 1);
  store.reset();  // its last copy fails too
  store = open_store(dir);
  CHECK(head_of(*store, 1) == head);
  // What the last run left has to be in the database before anything is acknowledged.
  const auto refused = try_next(*store, 1);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::store_unavailable);
  CHECK(contains(refused.error().message, "full"));
  disk.make_room();
  CHECK(eventually([&] {
    return part_of_health(*store, "database_checkpoint").status == check_status::pass &&
           part_of_health(*store, "database_write").status == check_status::pass;
  }));
  REQUIRE(try_next(*store, 1));
  CHECK(store->check()->problems.empty());
}

TEST_CASE("a checkpoint that fails for want of room succeeds once there is some, though nobody writes") {
  faulty_disk disk;
  const temp_dir dir;
  const auto store =
      open_sqlite_store(dir / "ruvector.db", {.readers = 1, .list_readers = 1}, {.retry = milliseconds{10}}).value();
  append_one(*store, open_event(1, "f1"));
  disk.refuse_growth_of("ruvector.db");
  write_until_checkpoints_fail(*store);
  CHECK(part_of_health(*store, "database_checkpoint").status == check_status::warn);
  disk.make_room();
  CHECK(eventually([&] { return part_of_health(*store, "database_checkpoint").status == check_status::pass; }));
}

TEST_CASE("a checkpoint whose sync fails stops the store, and the next start copies all of the log again") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    INFO("seed " << seed);
    faulty_disk disk{seed};
    const temp_dir dir;
    auto store = open_store(dir);
    append_one(*store, open_event(1, "f1"));
    std::atomic<int> stops = 0;
    store->on_stopped([&](const std::string& why) {
      CHECK(contains(why, "checkpoint failed"));
      ++stops;
    });
    disk.fail_sync_of("ruvector.db");
    auto acknowledged = head_of(*store, 1);
    auto large = attach_next(*store, 1);
    large.outputs.text = "{\"note\":\"" + noise(200'000) + "\"}";
    while (try_append(*store, read_events(batch_body(linked({large}, store.get()))).value())) {
      REQUIRE(++acknowledged < 500);
      large = attach_next(*store, 1);
      large.outputs.text = "{\"note\":\"" + noise(200'000) + "\"}";
    }
    CHECK(stops == 1);
    CHECK(part_of_health(*store, "database_write").status == check_status::fail);
    store.reset();
    disk.bring_back(dir.path());
    store = open_store(dir);
    CHECK(head_of(*store, 1) >= acknowledged);
    CHECK(store->check()->problems.empty());
    store.reset();  // copies all of it
    disk.bring_back(dir.path());
    CHECK(open_store(dir)->check()->problems.empty());
  }
}

TEST_CASE("a checkpoint beside an older reader whose last writes fail loses nothing") {
  faulty_disk disk;
  const temp_dir dir;
  constexpr unsigned small = 7;
  constexpr unsigned large = 24;  // more pages than wake the checkpointer
  {
    const auto store = open_store(dir);
    append_one(*store, open_event(1, "f1"));
  }  // all of it is in the database
  auto store = open_store(dir);
  for (unsigned n = 2; n <= small; ++n) {
    auto event = open_event(n, "f" + std::to_string(n));
    event.outputs.text = "{\"note\":\"" + noise(3000) + "\"}";
    append_one(*store, event);
  }
  const auto file = (dir / "ruvector.db").string();
  const auto rows = [&] {
    sqlite::connection newer{file, sqlite::open_mode::read_only, 64};
    return sqlite::statement{newer, "SELECT count(*) FROM decision_events"}.first(
        [](sqlite::row r) { return r.integer(0); });
  };
  {
    // A checkpoint copies what this reader sees and no more; the end of that lies behind the end of the database.
    sqlite::connection older{file, sqlite::open_mode::read_only, 64};
    older.execute("BEGIN; SELECT count(*) FROM decision_events");
    disk.refuse_growth_of("ruvector.db");
    for (unsigned i = 0; i < large; ++i) write_much(*store);
    CHECK(eventually([&] { return part_of_health(*store, "database_checkpoint").status == check_status::warn; }));
    CHECK(rows() == small + large);
    CHECK(store->check()->problems.empty());
  }
  store.reset();
  disk.make_room();
  store = open_store(dir);
  CHECK(rows() == small + large);
  CHECK(store->check()->problems.empty());
  CHECK_FALSE(store->verify()->broken);
}

TEST_CASE("a log that a reader keeps from starting over is a trouble until the reader is gone") {
  const temp_dir dir;
  const auto store = open_sqlite_store(dir / "ruvector.db", {.readers = 1, .list_readers = 1},
                                       {.pages = 8, .commits = 1, .most_pages = 64})
                         .value();
  append_one(*store, open_event(1, "f1"));
  {
    sqlite::connection older{(dir / "ruvector.db").string(), sqlite::open_mode::read_only, 64};
    older.execute("BEGIN; SELECT count(*) FROM decision_events");
    for (int i = 0; i < 12; ++i) write_much(*store);
    CHECK(eventually([&] { return part_of_health(*store, "database_log_size").status == check_status::warn; }));
    CHECK(contains(part_of_health(*store, "database_log_size").message, "does not start over"));
    CHECK(store->log_bytes() > 256 * 4096);
  }
  CHECK(eventually([&] {
    write_much(*store);
    return part_of_health(*store, "database_log_size").status == check_status::pass &&
           store->log_bytes() < std::uint64_t{256} * 4096;
  }));
}
