/// The power goes at any write or sync; then the store is opened again and compared with what it had acknowledged.

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <random>

#include "persistence/ruvector/sqlite_inspect.hpp"
#include "tests/persistence/ruvector/faulty_disk.hpp"
#include "tests/persistence/ruvector/support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

constexpr unsigned incidents = 6;
constexpr int batches = 40;

using logs = std::map<unsigned, std::vector<std::string>>;

/// What one client saw: everything that was acknowledged, and the one batch that was cut off.
class ledger {
public:
  explicit ledger(std::uint64_t seed) : random_{seed} {}

  std::uint64_t roll(std::uint64_t sides) { return random_() % sides; }

  /// One to four events, each the next of some incident, as one write. False: it was refused.
  bool write_to(store& to) {
    std::vector<decision_event> events;
    logs texts;
    for (auto count = 1 + roll(4); count > 0; --count) {
      const auto n = 1 + static_cast<unsigned>(roll(incidents));
      const auto sequence = 1 + acknowledged_[n].size() + texts[n].size();
      auto event = sequence == 1 ? open_event(n, "f" + std::to_string(n)) : attach_event(n, sequence);
      event.outputs.text = "{\"note\":\"" + std::string(roll(6000), 'n') + "\"}";
      const auto& before = texts[n].empty() ? acknowledged_[n] : texts[n];
      seal(event, before.empty() ? std::string{} : sha256_hex(before.back()));
      texts[n].push_back(event.text);
      events.push_back(std::move(event));
    }
    const auto results = try_append(to, read_events(batch_body(events)).value());
    if (!results) {
      cut_off_ = std::move(texts);
      return false;
    }
    for (const auto& r : *results) REQUIRE(r.outcome == append_outcome::created);
    for (auto& [n, added] : texts) std::ranges::move(added, std::back_inserter(acknowledged_[n]));
    return true;
  }

  /// Everything acknowledged is there in its place; of the batch that was cut off all or nothing.
  void compare_with(store& reopened) {
    bool some = false;
    bool all = true;
    for (unsigned n = 1; n <= incidents; ++n) {
      const auto page = reopened.log(incident_number(n), 0, 1000);
      REQUIRE(page);
      auto expected = acknowledged_[n];
      const auto& cut = cut_off_[n];
      const bool there = !cut.empty() && page->events.size() > expected.size();
      if (there) expected.insert(expected.end(), cut.begin(), cut.end());
      some = some || there;
      all = all && (cut.empty() || there);
      const bool same = page->events == expected;
      REQUIRE(same);
      acknowledged_[n] = std::move(expected);
    }
    REQUIRE((all || !some));
    cut_off_.clear();
  }

private:
  std::mt19937_64 random_;
  logs acknowledged_;
  logs cut_off_;
};

/// Writes until the power goes, closing and opening now and then, which copies the write-ahead log.
void write_until_dark(ledger& book, faulty_disk& disk, const temp_dir& dir) {
  auto store = open_store(dir);
  disk.lose_power_after(1 + static_cast<int>(book.roll(150)));
  for (int i = 0; i < batches && book.write_to(*store); ++i)
    if (book.roll(8) == 0) {
      store.reset();
      if (!disk.has_power()) return;
      auto opened = open_sqlite_store(dir / "ruvector.db");
      if (!opened) return;
      store = std::move(*opened);
    }
}

}  // namespace

TEST_CASE("after a crash at any write every acknowledged decision is there, and none is half there") {
  constexpr std::uint64_t seeds = 150;
  std::uint64_t crashes = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    INFO("seed " << seed);
    faulty_disk disk{seed};
    const temp_dir dir;
    ledger book{seed};
    for (int crash = 0; crash < 2; ++crash) {
      write_until_dark(book, disk, dir);
      crashes += disk.has_power() ? 0U : 1U;
      disk.bring_back(dir.path());
      const auto store = open_store(dir);
      book.compare_with(*store);
      const auto checked = store->check();
      REQUIRE(checked);
      REQUIRE(checked->problems == std::vector<std::string>{});
      REQUIRE_FALSE(store->verify()->broken);
      REQUIRE(book.write_to(*store));
    }
  }
  CHECK(crashes > seeds * 3 / 2);
}

TEST_CASE("a first start that is cut off anywhere leaves what the next start takes") {
  int cut_off = 0;
  for (int at = 1;; ++at) {
    INFO("cut off at operation " << at);
    faulty_disk disk{static_cast<std::uint64_t>(at)};
    const temp_dir dir;
    disk.lose_power_after(at);
    (void)open_sqlite_store(dir / "ruvector.db");
    if (disk.has_power()) break;
    ++cut_off;
    disk.bring_back(dir.path());
    const auto store = open_store(dir);
    CHECK(append_one(*store, open_event(1, "f1")).outcome == append_outcome::created);
    CHECK(store->check()->problems.empty());
  }
  CHECK(cut_off > 20);
}
