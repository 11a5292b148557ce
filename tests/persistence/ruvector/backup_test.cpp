/// Backups while others write, the way back, and what both refuse.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <thread>

#include "persistence/ruvector/sqlite_backup.hpp"
#include "tests/persistence/ruvector/support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

namespace fs = std::filesystem;

constexpr time_point now{};

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{folder}) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

/// A store with `count` incidents of two events each, closed.
void fill(const temp_dir& dir, unsigned count) {
  const auto store = open_store(dir);
  for (unsigned n = 1; n <= count; ++n) {
    append_one(*store, open_event(n, "f" + std::to_string(n)));
    append_one(*store, attach_next(*store, n));
  }
}

}  // namespace

TEST_CASE("a backup taken amid writes is a store of one moment, and writes go on") {
  const temp_dir dir;
  const auto store = open_store(dir);
  append_one(*store, open_event(1, "busy"));
  const auto copy = dir / "copy.db";
  std::jthread writer{[&](const std::stop_token& stop) {
    for (std::uint64_t s = 2; !stop.stop_requested() && s < 2000; ++s) append_one(*store, attach_next(*store, 1));
  }};
  for (int round = 0; round < 5; ++round) {
    const auto before = store->log(incident_number(1), 0, 1)->head;
    REQUIRE(back_up(dir / "ruvector.db", copy, round > 0));
    const auto after = store->log(incident_number(1), 0, 1)->head;
    const auto checked = check_file(copy);
    REQUIRE(checked);
    CHECK(checked->problems.empty());
    CHECK(checked->events >= before);
    CHECK(checked->events <= after);
    CHECK_FALSE(verify_file(copy)->broken);
  }
}

TEST_CASE("a backup is one private file that needs nothing beside it") {
  const temp_dir dir;
  const auto store = open_store(dir);
  append_one(*store, open_event(1, "f1"));
  REQUIRE(fs::file_size(dir / "ruvector.db-wal") > 0);  // the event is in the log alone
  fs::create_directory(dir / "backups");
  const auto size = back_up(dir / "ruvector.db", dir / "backups" / "b.db", false);
  REQUIRE(size);
  CHECK(names_in(dir / "backups") == std::vector<std::string>{"b.db"});
  CHECK(fs::file_size(dir / "backups" / "b.db") == size->bytes);
  CHECK(fs::status(dir / "backups" / "b.db").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(check_file(dir / "backups" / "b.db")->events == 1);
  CHECK(names_in(dir / "backups") == std::vector<std::string>{"b.db"});
}

TEST_CASE("a backup replaces nothing unless it is told to, and then what belonged to the old one too") {
  const temp_dir dir;
  fill(dir, 3);
  const auto target = dir / "b.db";
  write_bytes(target, "precious");
  CHECK(back_up(dir / "ruvector.db", target, false).error().code == errc::conflict);
  CHECK(read_bytes(target) == "precious");
  write_bytes(dir / "b.db-wal", "of another database");
  REQUIRE(back_up(dir / "ruvector.db", target, true));
  CHECK_FALSE(fs::exists(dir / "b.db-wal"));
  CHECK(check_file(target)->incidents == 3);
  CHECK(back_up(dir / "ruvector.db", dir / "ruvector.db", true).error().code == errc::conflict);
  CHECK(back_up(dir / "nothing.db", target, true).error().code == errc::not_found);
  CHECK(check_file(target)->incidents == 3);
}

TEST_CASE("a backup that cannot be written leaves nothing behind") {
  const temp_dir dir;
  fill(dir, 1);
  CHECK_FALSE(back_up(dir / "ruvector.db", dir / "no-folder/b.db", false));
  write_bytes(dir / "foreign.db", "this is no database, whatever its name says; it is just text");
  fs::create_directory(dir / "out");
  CHECK_FALSE(back_up(dir / "foreign.db", dir / "out/b.db", false));
  CHECK(names_in(dir / "out").empty());
}

TEST_CASE("a restored store has what the backup had, and goes on") {
  const temp_dir from;
  fill(from, 4);
  REQUIRE(back_up(from / "ruvector.db", from / "b.db", false));
  const temp_dir to;
  const auto done = restore(from / "b.db", to / "ruvector.db", false, now);
  REQUIRE(done);
  CHECK(done->verified.incidents == 4);
  CHECK_FALSE(done->kept);
  CHECK(names_in(to.path()) == std::vector<std::string>{"ruvector.db"});
  const auto store = open_store(to);
  CHECK(store->check()->events == 8);
  CHECK(append_one(*store, attach_next(*store, 4)).outcome == append_outcome::created);
  CHECK(append_one(*store, open_event(9, "f4")).incident_id == incident_number(4));
}

TEST_CASE("a backup of an older version restores, and stays as it was") {
  const temp_dir from;
  fill(from, 4);
  REQUIRE(sql(from, back_to_version_4).empty());
  REQUIRE(back_up(from / "ruvector.db", from / "b.db", false, true));
  const auto bytes = read_bytes(from / "b.db");
  CHECK_FALSE(verify_file(from / "b.db")->broken);
  CHECK(check_file(from / "b.db").error().message.find("older schema version 4") != std::string::npos);
  const temp_dir to;
  const auto done = restore(from / "b.db", to / "ruvector.db", false, now);
  REQUIRE(done);
  CHECK(done->verified.events == 8);
  CHECK(read_bytes(from / "b.db") == bytes);
  CHECK(names_in(to.path()) == std::vector<std::string>{"ruvector.db"});
  CHECK(append_one(*open_store(to), attach_event(2, 3)).outcome == append_outcome::created);
}

TEST_CASE("a restore over a store needs force, and keeps the old one with all that it held") {
  const temp_dir dir;
  fill(dir, 2);
  REQUIRE(back_up(dir / "ruvector.db", dir / "b.db", false));
  // The newest decision is in the write-ahead log alone, as after a crash.
  {
    const auto store = open_store(dir);
    append_one(*store, open_event(3, "f3"));
    fs::create_directory(dir / "crashed");
    for (const auto* name : {"ruvector.db", "ruvector.db-wal"}) fs::copy(dir / name, dir / "crashed" / name);
  }
  const auto database = dir / "crashed" / "ruvector.db";
  const auto refused = restore(dir / "b.db", database, false, now);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("--force") != std::string::npos);
  const auto done = restore(dir / "b.db", database, true, now);
  REQUIRE(done);
  REQUIRE(done->kept);
  CHECK(done->kept->filename() == "ruvector.db.kept-1970-01-01T00-00-00.000Z");
  CHECK(check_file(database)->incidents == 2);
  CHECK(check_file(*done->kept)->incidents == 3);
}

TEST_CASE("a restore is refused while a process has the database open") {
  const temp_dir dir;
  fill(dir, 1);
  REQUIRE(back_up(dir / "ruvector.db", dir / "b.db", false));
  auto store = open_store(dir);
  const auto refused = restore(dir / "b.db", dir / "ruvector.db", true, now);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("open") != std::string::npos);
  CHECK(append_one(*store, open_event(2, "f2")).outcome == append_outcome::created);
  store.reset();
  CHECK(restore(dir / "b.db", dir / "ruvector.db", true, now));
}

TEST_CASE("a backup that does not hold together is not restored, and what is there stays") {
  const temp_dir dir;
  fill(dir, 40);
  REQUIRE(back_up(dir / "ruvector.db", dir / "b.db", false));
  const auto before = read_bytes(dir / "ruvector.db");
  const auto whole = read_bytes(dir / "b.db");
  const auto refused = [&](std::string_view bytes) {
    write_bytes(dir / "bad.db", bytes);
    CHECK_FALSE(restore(dir / "bad.db", dir / "ruvector.db", true, now));
    CHECK_FALSE(try_out(dir / "bad.db"));
    CHECK(read_bytes(dir / "ruvector.db") == before);
    for (const auto& name : names_in(dir.path())) {
      CHECK_FALSE(name.contains("kept"));
      CHECK_FALSE(name.contains("try"));
    }
  };
  SECTION("cut off") { refused(std::string_view{whole}.substr(0, whole.size() / 2)); }
  SECTION("empty") { refused(""); }
  SECTION("a page of zeros, whichever it is") {
    constexpr std::size_t page_bytes = ruvector::limits::page_size_bytes;
    REQUIRE(whole.size() / page_bytes > 20);
    for (std::size_t at = 0; at < whole.size(); at += page_bytes) {
      INFO("page " << at / page_bytes + 1);
      auto bytes = whole;
      bytes.replace(at, page_bytes, page_bytes, '\0');
      refused(bytes);
    }
  }
  SECTION("a decision changed") {
    const temp_dir copy;
    fs::copy(dir / "b.db", copy / "ruvector.db");
    REQUIRE(sql(copy,
                "DROP TRIGGER decision_events_no_update; UPDATE decision_events"
                " SET doc = pack(replace(unpack(doc), '\"none\"', '\"gone\"')) WHERE row = 1")
                .empty());
    refused(read_bytes(copy / "ruvector.db"));
  }
  SECTION("another program's") { refused("this is no database, whatever its name says; it is just text"); }
}

TEST_CASE("a backup is tried out in a store of its own that is gone afterwards") {
  const temp_dir dir;
  fill(dir, 2);
  REQUIRE(back_up(dir / "ruvector.db", dir / "b.db", false));
  const auto before = names_in(dir.path());
  const auto tried = try_out(dir / "b.db");
  REQUIRE(tried);
  CHECK(tried->checked.events == 4);
  CHECK(tried->verified.digest == verify_file(dir / "ruvector.db")->digest);
  CHECK(names_in(dir.path()) == before);
}

TEST_CASE("a backup that would not restore is not made, and the one before it stays") {
  const temp_dir dir;
  fill(dir, 3);
  fs::create_directory(dir / "out");
  const auto target = dir / "out/b.db";
  const auto good = back_up(dir / "ruvector.db", target, false, true);
  REQUIRE(good);
  REQUIRE(good->tried);
  CHECK(good->tried->verified.events == 6);
  const auto bytes = read_bytes(target);
  REQUIRE(sql(dir, "DELETE FROM requests; UPDATE incidents SET severity = 0").empty());
  const auto refused = back_up(dir / "ruvector.db", target, true, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("would not restore") != std::string::npos);
  CHECK(read_bytes(target) == bytes);
  CHECK(names_in(dir / "out") == std::vector<std::string>{"b.db"});
}

TEST_CASE("a restore that was cut off is neither a new store nor the old one") {
  const temp_dir dir;
  fill(dir, 1);
  REQUIRE(back_up(dir / "ruvector.db", dir / "b.db", false));
  fs::rename(dir / "ruvector.db", dir / "ruvector.db.kept");
  write_bytes(dir / "ruvector.db.restoring", "half of a");
  const auto opened = open_sqlite_store(dir / "ruvector.db");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("restore") != std::string::npos);
  CHECK_FALSE(fs::exists(dir / "ruvector.db"));
  write_bytes(dir / "bad.db", "no backup");
  CHECK_FALSE(restore(dir / "bad.db", dir / "ruvector.db", false, now));
  CHECK_FALSE(open_sqlite_store(dir / "ruvector.db"));
  REQUIRE(restore(dir / "b.db", dir / "ruvector.db", false, now));
  CHECK(open_store(dir)->check()->incidents == 1);
}
