/// Each call of the file system fails in turn, as in SQLite's own tests; then the store is opened again on a disk that works.

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <map>
#include <set>
#include <thread>

#include "tests/persistence/ruvector/faulty_disk.hpp"
#include "tests/persistence/ruvector/support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

namespace fs = std::filesystem;

constexpr unsigned incidents = 3;
constexpr unsigned writes = 9;
/// Each call in turn; under a sanitizer, which takes ten times as long, each seventh.
#ifdef IM_SANITIZED
constexpr std::uint64_t stride = 7;
#else
constexpr std::uint64_t stride = 1;
#endif
/// So small that a run copies the log beside its commits, finishes it on the writer and begins it anew, several times.
constexpr checkpoint_steps small_steps{.pages = 1, .commits = 1, .most_pages = 24, .retry = milliseconds{1}};

result<std::unique_ptr<store>> open_at(const temp_dir& dir) {
  return open_sqlite_store(dir / "ruvector.db", {.readers = 1, .list_readers = 1}, small_steps);
}

/// So that each run makes the same calls.
void let_settle(const store& of) {
  while (!of.is_quiet()) std::this_thread::yield();
}

/// What one client knows: what was acknowledged, and what may have been stored.
class client {
public:
  /// The next event of an incident, sent again while it is refused for a reason that may pass. False: it was not acknowledged.
  bool write(store& to, unsigned n) {
    auto& log = acknowledged_[n];
    auto event = log.empty() ? open_event(n, "f" + std::to_string(n)) : attach_event(n, log.size() + 1);
    seal(event, log.empty() ? std::string{} : sha256_hex(log.back()));
    for (int tries = 0; tries < 3; ++tries) {
      const auto results = try_append(to, read_events(batch_body({event})).value());
      let_settle(to);
      if (!results) {
        if (results.error().code == errc::timeout) perhaps_.insert(n);
        continue;
      }
      REQUIRE(results->front().outcome != append_outcome::conflict);
      log.push_back(event.text);
      perhaps_.erase(n);
      return true;
    }
    return false;
  }

  /// All that was acknowledged is there, and nothing that was refused.
  void compare_with(store& opened) {
    for (unsigned n = 1; n <= incidents; ++n) {
      const auto page = opened.log(incident_number(n), 0, 100);
      REQUIRE(page);
      auto& expected = acknowledged_[n];
      if (perhaps_.contains(n) && page->events.size() == expected.size() + 1) expected.push_back(page->events.back());
      REQUIRE(page->events == expected);
    }
    perhaps_.clear();
    const auto checked = opened.check();
    REQUIRE(checked);
    REQUIRE(checked->problems == std::vector<std::string>{});
    REQUIRE_FALSE(opened.verify()->broken);
  }

private:
  std::map<unsigned, std::vector<std::string>> acknowledged_;
  std::set<unsigned> perhaps_;
};

/// The files of a store whose process ended without closing it, and what was acknowledged: some of it in the log alone.
struct crashed_store {
  client known;
  std::map<std::string, std::string> files;

  crashed_store() {
    const temp_dir dir;
    const auto running =
        open_sqlite_store(dir / "ruvector.db", {.readers = 1, .list_readers = 1}, {.most_pages = 1'000'000}).value();
    for (unsigned i = 0; i < 4; ++i) REQUIRE(known.write(*running, 1 + i % incidents));
    for (const auto* name : {"ruvector.db", "ruvector.db-wal"}) files[name] = read_bytes(dir / name);
    REQUIRE_FALSE(files["ruvector.db-wal"].empty());
  }

  void put_into(const temp_dir& dir) const {
    for (const auto& [name, bytes] : files) write_bytes(dir / name.c_str(), bytes);
  }
};

struct run_result {
  bool opened = false;
  bool stopped = false;
  unsigned acknowledged_after_stop = 0;
};

/// Opens, writes and closes.
run_result run(const temp_dir& dir, client& by) {
  run_result out;
  std::atomic<bool> stopped = false;
  auto opened = open_at(dir);
  if (!opened) return out;
  out.opened = true;
  auto& store = **opened;
  store.on_stopped([&](const std::string&) { stopped = true; });
  let_settle(store);
  for (unsigned i = 0; i < writes; ++i) {
    const bool before = stopped;
    if (by.write(store, 1 + i % incidents) && before) ++out.acknowledged_after_stop;
  }
  opened->reset();
  out.stopped = stopped;
  return out;
}

}  // namespace

TEST_CASE("whichever call of the file system fails, what was acknowledged is there after a restart and a power cut") {
  const bool and_all_after = GENERATE(false, true);
  const crashed_store crashed;
  std::uint64_t calls = 0;
  std::map<std::string, unsigned> failed;
  unsigned stops = 0;
  for (std::uint64_t number = 1;; number += stride) {
    faulty_disk disk{number};
    const temp_dir dir;
    crashed.put_into(dir);
    auto by = crashed.known;
    disk.fail_call(number, and_all_after);
    const auto done = run(dir, by);
    const auto what = disk.failed_first();
    INFO("call " << number << ", a " << what << (and_all_after ? ", and all after it" : ""));
    if (what.empty()) {
      calls = number - 1;
      CHECK_FALSE(done.stopped);
      break;
    }
    ++failed[what];
    if (done.stopped) ++stops;
    REQUIRE(done.acknowledged_after_stop == 0);
    // The disk may have lost what it took.
    if (done.opened && (what == "write" || what == "sync")) REQUIRE(done.stopped);
    disk.fail_call(0);
    auto again = open_at(dir);
    REQUIRE(again);
    by.compare_with(**again);
    REQUIRE(by.write(**again, 1));
    again->reset();
    disk.bring_back(dir.path());
    again = open_at(dir);
    REQUIRE(again);
    by.compare_with(**again);
  }
  CHECK(calls > 300);
  CHECK(stops > 50 / stride);
  if (stride > 1) return;
  for (const auto* kind : {"open", "read", "write", "sync", "size", "lock", "map", "cut"}) {
    INFO(kind);
    CHECK(failed.contains(kind));
  }
}

TEST_CASE("whichever call fails of a first start, it says so or serves, and the next one serves") {
  for (std::uint64_t number = 1;; number += stride) {
    INFO("call " << number);
    faulty_disk disk{number};
    const temp_dir dir;
    disk.fail_call(number);
    auto opened = open_at(dir);
    if (opened) opened->reset();
    if (disk.failed_first().empty()) break;
    disk.fail_call(0);
    opened = open_at(dir);
    REQUIRE(opened);
    client by;
    REQUIRE(by.write(**opened, 1));
    opened->reset();
    disk.bring_back(dir.path());
    opened = open_at(dir);
    REQUIRE(opened);
    by.compare_with(**opened);
  }
}
