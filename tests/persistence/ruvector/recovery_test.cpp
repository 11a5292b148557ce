/// What a start does with the write-ahead log that the last run left, alone and beside another connection.

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "persistence/ruvector/sqlite.hpp"
#include "tests/persistence/ruvector/disk_support.hpp"
#include "tests/persistence/ruvector/faulty_disk.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

/// Copies nothing by itself before it closes.
result<std::unique_ptr<store>> open_at(const temp_dir& dir) {
  return open_sqlite_store(
      dir / "ruvector.db", {.readers = 1, .list_readers = 1},
      {.pages = 1'000'000, .most_pages = 1'000'000, .retry = milliseconds{1}, .lock_wait = milliseconds{20}});
}

/// As a backup, a check or a shell.
class other_connection {
public:
  explicit other_connection(const temp_dir& dir)
      : db_{(dir / "ruvector.db").string(), sqlite::open_mode::read_only, 64} {
    db_.execute("BEGIN; SELECT count(*) FROM decision_events");
  }
  void stay_idle() { db_.execute("COMMIT"); }

private:
  sqlite::connection db_;
};

/// Without its last run's note, a store looks as after a kill.
void forget_clean_end(const temp_dir& dir) { std::filesystem::remove(dir / "ruvector.db.closed"); }

void cut_power(faulty_disk& disk, std::unique_ptr<store>& running, const temp_dir& dir) {
  disk.lose_power_after(1);
  running.reset();
  disk.bring_back(dir.path());
}

void expect_whole(store& of, std::uint64_t head) {
  CHECK(head_of(of, 1) == head);
  CHECK(of.check()->problems == std::vector<std::string>{});
  CHECK_FALSE(of.verify()->broken);
}

}  // namespace

TEST_CASE("a start after a failed sync is refused while another connection is open, and then loses nothing") {
  const bool is_idle = GENERATE(true, false);
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO((is_idle ? "idle" : "holding a snapshot") << ", seed " << seed);
    faulty_disk disk{seed};
    const temp_dir dir;
    auto store = open_at(dir).value();
    append_one(*store, open_event(1, "f1"));
    for (int i = 0; i < 2; ++i) write_much(*store);
    std::optional<other_connection> other{dir};
    write_much(*store);
    {
      // Copies what the other connection sees, and syncs nothing.
      sqlite::connection copying{(dir / "ruvector.db").string(), sqlite::open_mode::read_write, 64};
      int in_log = 0;
      int copied = 0;
      REQUIRE(sqlite3_wal_checkpoint_v2(copying.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied) ==
              SQLITE_OK);
      REQUIRE(copied > 20);
      REQUIRE(copied < in_log);
    }
    auto head = head_of(*store, 1);
    if (is_idle) {
      other->stay_idle();
      disk.fail_sync_of("ruvector.db");  // when the store closes and copies the rest
    } else {
      disk.fail_sync_of("ruvector.db-wal");
      CHECK(try_next(*store, 1).error().code == errc::timeout);
    }
    store.reset();
    const auto refused = open_at(dir);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::store_unavailable);
    CHECK(contains(refused.error().message, "did not end cleanly"));
    CHECK(contains(refused.error().message, "another process"));
    other.reset();
    store = open_at(dir).value();
    head = std::max(head, head_of(*store, 1));  // the write that was not confirmed may be there
    REQUIRE(try_next(*store, 1));
    cut_power(disk, store, dir);
    store = open_at(dir).value();
    expect_whole(*store, head + 1);
  }
}

TEST_CASE("a power cut at any moment of the start after a failed sync loses nothing") {
  int cut_off = 0;
  for (int at = 1;; ++at) {
    INFO("cut off at operation " << at);
    faulty_disk disk{static_cast<std::uint64_t>(at)};
    const temp_dir dir;
    auto store = open_at(dir).value();
    append_one(*store, open_event(1, "f1"));
    write_much(*store);
    const auto head = head_of(*store, 1);
    store.reset();  // the database has all of it, and the log nothing
    store = open_at(dir).value();
    auto large = attach_next(*store, 1);
    large.outputs.text = "{\"note\":\"" + noise(200'000) + "\"}";
    disk.fail_sync_of("ruvector.db-wal", 1);  // not of the log's header
    REQUIRE_FALSE(try_append(*store, read_events(batch_body(linked({large}, store.get()))).value()));
    store.reset();
    disk.lose_power_after(at);
    auto started = open_at(dir);
    if (disk.has_power()) break;
    if (started) started->reset();
    ++cut_off;
    disk.bring_back(dir.path());
    store = open_at(dir).value();
    const auto found = head_of(*store, 1);
    CHECK((found == head || found == head + 1));
    expect_whole(*store, found);
  }
  CHECK(cut_off > 20);
}

TEST_CASE("a start after a clean end serves beside a connection that holds a snapshot, and loses nothing") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    INFO("seed " << seed);
    faulty_disk disk{seed};
    const temp_dir dir;
    auto store = open_at(dir).value();
    append_one(*store, open_event(1, "f1"));
    write_much(*store);
    std::optional<other_connection> other{dir};
    write_much(*store);
    store.reset();
    CHECK(std::filesystem::file_size(dir / "ruvector.db-wal") > 0);
    store = open_at(dir).value();
    REQUIRE(try_next(*store, 1));
    const auto head = head_of(*store, 1);
    other.reset();
    cut_power(disk, store, dir);
    store = open_at(dir).value();
    expect_whole(*store, head);
  }
}

TEST_CASE("a run that was killed is recovered only once no other connection is open") {
  const temp_dir dir;
  auto store = open_at(dir).value();
  append_one(*store, open_event(1, "f1"));
  {
    const other_connection other{dir};
    write_much(*store);
    store.reset();
    forget_clean_end(dir);
    CHECK_FALSE(open_at(dir));
    CHECK_FALSE(open_at(dir));
  }
  store = open_at(dir).value();
  CHECK(std::filesystem::file_size(dir / "ruvector.db-wal") == 0);
  expect_whole(*store, 2);
}

TEST_CASE("a note of a clean end serves one start") {
  const temp_dir dir;
  auto store = open_at(dir).value();
  append_one(*store, open_event(1, "f1"));
  store.reset();
  CHECK(std::filesystem::exists(dir / "ruvector.db.closed"));
  store = open_at(dir).value();
  CHECK_FALSE(std::filesystem::exists(dir / "ruvector.db.closed"));
}

TEST_CASE(
    "a start on a full disk with a log to recover is unhealthy at once, and a reader of an old state prolongs it") {
  faulty_disk disk;
  const temp_dir dir;
  auto store = open_at(dir).value();
  append_one(*store, open_event(1, "f1"));
  write_much(*store);
  disk.refuse_writes_to("ruvector.db");
  store.reset();  // its last copy fails
  store = open_at(dir).value();
  const auto writing = part_of_health(*store, "database_write");
  CHECK(writing.status == check_status::fail);
  CHECK(contains(writing.message, "make room"));
  {
    const other_connection other{dir};
    disk.make_room();
    CHECK(eventually(
        [&] { return contains(part_of_health(*store, "database_checkpoint").message, "reads an old state"); }));
    const auto refused = try_next(*store, 1);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::store_unavailable);
    CHECK(part_of_health(*store, "database_write").status == check_status::fail);
  }
  CHECK(eventually([&] { return part_of_health(*store, "database_write").status == check_status::pass; }));
  REQUIRE(try_next(*store, 1));
  cut_power(disk, store, dir);
  store = open_at(dir).value();
  expect_whole(*store, 3);
}

TEST_CASE("a commit whose entry in the index of the log fails may have taken effect, and the next one replaces it") {
  constexpr std::uint64_t first_block = 4062;  // frames that the index holds before it grows
  faulty_disk disk;
  const temp_dir dir;
  auto store = open_at(dir).value();
  append_one(*store, open_event(1, "f1"));
  while (store->log_bytes() / im::ruvector::limits::page_size_bytes < first_block - 100) write_much(*store);
  disk.refuse_index_growth();
  result<std::vector<append_result>> failed;
  decision_event event;
  do {
    event = attach_next(*store, 1);
    event.outputs.text = "{\"note\":\"" + noise(40'000) + "\"}";
    event = linked({event}, store.get()).front();
    failed = try_append(*store, read_events(batch_body({event})).value());
  } while (failed);
  CHECK(failed.error().code == errc::timeout);
  CHECK(contains(failed.error().message, "may have taken effect"));
  const auto head = head_of(*store, 1);
  {
    // What a start after a crash at this moment finds.
    const temp_dir crashed;
    for (const auto* name : {"ruvector.db", "ruvector.db-wal"}) write_bytes(crashed / name, read_bytes(dir / name));
    expect_whole(*open_at(crashed).value(), head + 1);
  }
  disk.make_room();
  REQUIRE(try_next(*store, 1));  // another event in its place
  CHECK(append_one(*store, event).outcome == append_outcome::conflict);
  cut_power(disk, store, dir);
  store = open_at(dir).value();
  expect_whole(*store, head + 1);
}
