/// Files that are not what was written: what the store, `check` and `verify` say of them, and that nobody reads on in silence.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>

#include "persistence/ruvector/sqlite_inspect.hpp"
#include "tests/persistence/ruvector/support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

namespace fs = std::filesystem;

constexpr unsigned incidents = 30;
constexpr std::size_t page_bytes = ruvector::limits::page_size_bytes;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// A store of `incidents` logs of four entries, closed: one file.
void fill(const temp_dir& dir) {
  const auto store = open_store(dir);
  std::vector<decision_event> events;
  for (unsigned n = 1; n <= incidents; ++n) {
    events.push_back(open_event(n, "f" + std::to_string(n), {"r" + std::to_string(n)}));
    for (std::uint64_t s = 2; s <= 4; ++s) events.push_back(attach_event(n, s));
  }
  for (auto& e : events) e.outputs.text = "{\"note\":\"" + noise(300) + "\"}";
  append(*store, events);
}

using all_logs = std::map<unsigned, std::vector<std::string>>;

/// What can be read; an incident whose log is an error is left out.
all_logs logs_of(store& from) {
  all_logs out;
  for (unsigned n = 1; n <= incidents; ++n)
    if (const auto page = from.log(incident_number(n), 0, 100)) out[n] = page->events;
  return out;
}

/// The error of opening, which names the file or what to do.
std::string refusal(const temp_dir& dir) {
  const auto opened = open_sqlite_store(dir / "ruvector.db");
  REQUIRE_FALSE(opened);
  CHECK((opened.error().code == errc::store_unavailable || opened.error().code == errc::damaged));
  return opened.error().message;
}

/// The bytes that are stored for an entry's document.
std::string stored_document(const temp_dir& dir, incident_id incident, std::uint64_t sequence) {
  const auto store = open_store(dir);
  return pack(store->log(incident, sequence - 1, 1).value().events.front()).bytes;
}

/// Every page with `marker` on it is zeroed, as a lost sector leaves it.
int zero_pages_with(const fs::path& file, std::string_view marker) {
  auto bytes = read_bytes(file);
  int zeroed = 0;
  for (std::size_t at = page_bytes; at < bytes.size(); at += page_bytes)
    if (std::string_view{bytes}.substr(at, page_bytes).find(marker) != std::string_view::npos) {
      bytes.replace(at, page_bytes, page_bytes, '\0');
      ++zeroed;
    }
  write_bytes(file, bytes);
  return zeroed;
}

}  // namespace

TEST_CASE("a bit that turned over is met by somebody, or changed nothing") {
  const temp_dir whole;
  fill(whole);
  const auto bytes = read_bytes(whole / "ruvector.db");
  const auto digest = verify_file(whole / "ruvector.db")->digest;
  all_logs expected;
  {
    const auto store = open_store(whole);
    expected = logs_of(*store);
  }
  REQUIRE(expected.size() == incidents);
  int refused = 0;
  int checked = 0;
  int chained = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    const temp_dir dir;
    auto changed = bytes;
    changed[random() % changed.size()] ^= static_cast<char>(1U << (random() % 8));
    write_bytes(dir / "ruvector.db", changed);
    const auto check = check_file(dir / "ruvector.db");
    if (!check) {
      ++refused;
      continue;
    }
    if (!check->problems.empty()) {
      ++checked;
      continue;
    }
    const auto chain = verify_file(dir / "ruvector.db");
    REQUIRE(chain);
    // The newest entry of a log has no link after it: its change shows in the digest over the heads.
    if (chain->broken || chain->digest != digest) {
      ++chained;
      continue;
    }
    const auto store = open_sqlite_store(dir / "ruvector.db");
    if (!store) {  // the words of a trigger, which nothing reads until somebody wants to write
      ++refused;
      continue;
    }
    REQUIRE(logs_of(**store) == expected);
  }
  INFO(refused << " refused, " << checked << " found by check, " << chained << " by the chain alone");
  CHECK(checked > 20);  // a document's frame has a checksum, so hardly anything is left to the chain
}

TEST_CASE("a lost page is an error to who reads it, shows in health, and leaves other incidents alone") {
  const temp_dir dir;
  fill(dir);
  REQUIRE(zero_pages_with(dir / "ruvector.db", stored_document(dir, incident_number(17), 3)) == 1);
  const auto store = open_store(dir);
  const auto read = store->log(incident_number(17), 0, 100);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == errc::damaged);
  CHECK(contains(read.error().message, "ruvector-service check"));
  CHECK(contains(read.error().message, "restore"));
  const auto health = store->health();
  const auto damage = std::ranges::find(health, "database_damage", &health_check::name);
  REQUIRE(damage != health.end());
  CHECK(damage->status == check_status::warn);
  CHECK(contains(damage->message, "damaged"));

  const auto readable = logs_of(*store);
  CHECK(readable.size() < incidents);
  CHECK(readable.size() > incidents / 2);
  const auto healthy = readable.begin()->first;
  const auto other = attach_next(*store, healthy);
  CHECK(append_one(*store, other).outcome == append_outcome::created);
  const auto report = check_file(dir / "ruvector.db");
  REQUIRE(report);
  REQUIRE_FALSE(report->problems.empty());
  CHECK(contains(report->problems.front(), "SQLite"));
}

TEST_CASE("a damaged incident does not refuse the writes that happen to wait with it") {
  const temp_dir dir;
  auto store = open_store(dir);
  for (unsigned n = 1; n <= 3; ++n) append_one(*store, open_event(n, "f" + std::to_string(n)));
  std::vector<std::vector<new_event>> writes;
  for (unsigned n = 1; n <= 3; ++n)
    writes.push_back(read_events(batch_body(linked({attach_next(*store, n)}, store.get()))).value());
  store.reset();
  REQUIRE(sql(dir, "DROP TRIGGER decision_events_no_update; UPDATE decision_events SET doc = 'x' WHERE row = 2") == "");
  store = open_store(dir);
  // The first job holds the writer up, so that the three are taken together.
  std::promise<void> go;
  std::vector<std::promise<result<std::vector<append_result>>>> answers(3);
  append_one(*store, open_event(4, "f4"));
  auto blocker = read_events(batch_body({open_event(5, "f5")})).value();
  const auto before = store->commits();
  store->append(std::move(blocker), [&](const auto&) { go.get_future().wait(); });
  for (std::size_t i = 0; i < 3; ++i)
    store->append(std::move(writes[i]), [&, i](auto r) { answers[i].set_value(std::move(r)); });
  go.set_value();
  CHECK(answers[0].get_future().get());
  const auto refused = answers[1].get_future().get();
  REQUIRE_FALSE(refused);
  CHECK(contains(refused.error().message, "cannot be read"));
  CHECK(answers[2].get_future().get());
  CHECK(store->commits() == before + 3);
  const auto health = store->health();
  CHECK(std::ranges::find(health, "database_write", &health_check::name)->status == check_status::pass);
  CHECK(std::ranges::find(health, "database_damage", &health_check::name)->status == check_status::warn);
}

TEST_CASE("a start on what is no whole store says what to do, and changes nothing") {
  const temp_dir dir;
  fill(dir);
  const auto database = dir / "ruvector.db";
  const auto whole = read_bytes(database);
  SECTION("an empty file") {
    write_bytes(database, "");
    CHECK(contains(refusal(dir), "is empty"));
    CHECK(fs::file_size(database) == 0);
  }
  SECTION("a file that is no database") {
    write_bytes(database, "this is no database, whatever its name says");
    const auto said = refusal(dir);
    CHECK(contains(said, "ruvector.db does not begin as a SQLite database does"));
    CHECK(contains(said, "restore"));
    CHECK(read_bytes(database) == "this is no database, whatever its name says");
  }
  SECTION("the database of another program") {
    fs::remove(database);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(database.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "CREATE TABLE bookmarks (url TEXT)", nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(other);
    CHECK(contains(refusal(dir), "belongs to another program"));
  }
  SECTION("a file that was cut to half") {
    write_bytes(database, std::string_view{whole}.substr(0, whole.size() / 2));
    const auto said = refusal(dir);
    CHECK(contains(said, "damaged"));
    CHECK(contains(said, "restore"));
  }
  SECTION("a file that was cut within its first page") {
    write_bytes(database, std::string_view{whole}.substr(0, 100));
    CHECK(contains(refusal(dir), "restore"));
  }
  SECTION("a first page that is not one") {
    auto bytes = whole;
    bytes.replace(100, 300, 300, '\xff');
    write_bytes(database, bytes);
    CHECK(contains(refusal(dir), "damaged"));
  }
  SECTION("a write-ahead log whose database is missing") {
    fs::remove(database);
    write_bytes(dir / "ruvector.db-wal", "decisions");
    CHECK(contains(refusal(dir), "is missing, but its write-ahead log"));
    CHECK(read_bytes(dir / "ruvector.db-wal") == "decisions");
    CHECK_FALSE(fs::exists(database));
  }
}

TEST_CASE("check and verify tell of a file that no store would open") {
  const temp_dir dir;
  fill(dir);
  const auto whole = read_bytes(dir / "ruvector.db");
  write_bytes(dir / "half.db", std::string_view{whole}.substr(0, whole.size() / 2));
  const auto half = check_file(dir / "half.db");
  CHECK((!half || !half->problems.empty()));
  write_bytes(dir / "text.db", "this is no database, whatever its name says");
  CHECK(contains(check_file(dir / "text.db").error().message, "a file of another kind"));
  CHECK(contains(verify_file(dir.path()).error().message, "a folder"));
  write_bytes(dir / "empty.db", "");
  CHECK(contains(check_file(dir / "empty.db").error().message, "it is empty"));
  CHECK_FALSE(check_file(dir / "empty.db"));
  CHECK_FALSE(verify_file(dir / "empty.db"));
  auto zeroed = whole;
  const auto middle = whole.size() / 2 / page_bytes * page_bytes;
  zeroed.replace(middle, page_bytes, page_bytes, '\0');
  write_bytes(dir / "zeroed.db", zeroed);
  const auto report = check_file(dir / "zeroed.db");
  REQUIRE(report);
  CHECK_FALSE(report->problems.empty());
}
