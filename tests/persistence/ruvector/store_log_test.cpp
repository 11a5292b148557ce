#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>

#include "tests/persistence/ruvector/test_database.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

/// Entries of incidents 1 to 3, which take turns in the log, up to this sequence each.
void fill(store& to, std::uint64_t from, std::uint64_t upto) {
  for (auto s = from; s <= upto; ++s) {
    std::vector<decision_event> events;
    for (const unsigned n : {1U, 2U, 3U})
      events.push_back(s == 1 ? open_event(n, "f" + std::to_string(n)) : attach_event(n, s));
    for (const auto& r : append(to, events)) REQUIRE(r.outcome == append_outcome::created);
  }
}

/// Every page of a log of `head` entries is what it has to be.
void expect_pages(store& in, std::uint64_t head) {
  constexpr std::array<std::size_t, 5> page_sizes{0, 1, 2, 64, 1000};
  for (std::uint64_t after = 0; after <= head + 1; after += after % 32 > 1 && after % 32 < 30 ? 7 : 1)
    for (const auto limit : page_sizes) {
      const auto page = in.log(incident_number(2), after, limit).value();
      CHECK(page.head == head);
      const auto left = head > after ? head - after : 0;
      REQUIRE(page.events.size() == std::min<std::uint64_t>(left, limit));
      auto expected = after;
      CHECK(std::ranges::all_of(page.events, [&](const auto& text) {
        const auto entry = read_stored(text).value();
        return entry.sequence == ++expected && entry.incident_id == incident_number(2);
      }));
    }
}

void expect_sound(store& in, std::uint64_t events) {
  CHECK(in.check().value().problems.empty());
  CHECK(in.check().value().events == events);
  CHECK_FALSE(in.verify().value().broken);
  CHECK(in.verify().value().events == events);
}

}  // namespace

TEST_CASE("a log is read from any sequence on, in pages of any size") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  CHECK(store->log(incident_number(2), 0, 10)->head == 0);
  fill(*store, 1, 150);
  expect_pages(*store, 150);
  expect_sound(*store, 450);
}

TEST_CASE("a log goes on after a restart, wherever its last snapshot is") {
  const test_database db{EACH_DATABASE};
  constexpr std::uint64_t step = 5;  // so that it ends at, before and after snapshots, which are 16 apart
  constexpr std::uint64_t head = 165;
  for (std::uint64_t s = 1; s <= head; s += step) fill(*open_store(db), s, s + step - 1);
  auto store = open_store(db);
  expect_pages(*store, head);
  expect_sound(*store, 3 * head);
}

TEST_CASE("an incident's events are found whether they stand in its log or beside it") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  fill(*store, 1, 70);
  std::string foreign = R"({
    "id": "0199aaaa-0000-7000-8000-00000000000a", "agent_id": "cost-analyzer:2.1.0:host-7", "agent_version": "2.1.0",
    "agent_classification": "INCIDENT_ANALYSIS", "decision_type": "no_action_required",
    "inputs_hash": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "outputs": {},
    "confidence": 0.5, "constraints_applied": {}, "execution_ref": "0199aaaa-0000-7000-8000-00000000000b",
    "timestamp": "2026-11-22T01:00:00Z", "environment": "production", "requires_review": false, "incident_id": ")";
  foreign += incident_number(2).str() + "\"}";
  std::vector<new_event> beside;
  beside.push_back(read_event(foreign).value());
  const auto stored = try_append(*store, std::move(beside));
  REQUIRE(stored->front().outcome == append_outcome::created);
  event_query of_two;
  of_two.incident = incident_number(2);
  CHECK(store->query(of_two)->total == 71);
  of_two.agent_id = "cost-analyzer";
  CHECK(store->query(of_two)->events.size() == 1);
  of_two.agent_id = "incident-manager";
  of_two.from = at_second(60);
  CHECK(store->query(of_two)->total == 11);
}

TEST_CASE("entries from before entries named each other are read, followed and judged as they were") {
  const temp_dir dir;
  fill(*open_store(dir), 1, 70);
  REQUIRE(sql(dir, back_to_version_4).empty());
  auto store = open_store(dir);
  expect_pages(*store, 70);
  CHECK(append_one(*store, attach_event(2, 70, {}, "late")).outcome == append_outcome::conflict);
  const auto refused = [&](const std::string& how, const std::string& sequence, const std::string& previous_row) {
    const auto said = sql(dir, how + " INTO decision_events SELECT 9999, randomblob(16), incident_id, " + sequence +
                                   ", agent, decision_type, timestamp_ms, actions, " + previous_row +
                                   ", doc FROM decision_events WHERE row = 1");
    CHECK(said.find("append-only") != std::string::npos);
  };
  refused("INSERT", "70", "(69 - 1) * 3 + 1");
  refused("INSERT", "2", "1");
  refused("INSERT OR REPLACE", "64", "(63 - 1) * 3 + 1");
  refused("INSERT OR REPLACE", "1", "NULL");
  fill(*store, 71, 200);
  expect_pages(*store, 200);
  expect_sound(*store, 600);
  event_query of_two;
  of_two.incident = incident_number(2);
  CHECK(store->query(of_two)->total == 200);
  CHECK(fold_of(*store, incident_number(2)).head() == 200);
  REQUIRE(store->rebuild_projections());
  expect_sound(*store, 600);
}

TEST_CASE("a log that its links no longer hold together is damage, not a shorter log") {
  const temp_dir dir;
  auto store = open_store(dir);
  fill(*store, 1, 80);
  const auto expect_damage = [&](std::uint64_t after) {
    const auto page = store->log(incident_number(2), after, 1000);
    REQUIRE_FALSE(page);
    CHECK(page.error().code == errc::damaged);
  };
  SECTION("its first entry is gone") {
    REQUIRE(sql(dir, "DROP TRIGGER decision_events_no_delete; DELETE FROM decision_events WHERE row = 2").empty());
    expect_damage(0);
    CHECK(store->log(incident_number(2), 70, 1000)->events.size() == 10);
  }
  SECTION("its last entry is gone") {
    REQUIRE(sql(dir, "DROP TRIGGER decision_events_no_delete; DELETE FROM decision_events WHERE row = 239").empty());
    expect_damage(0);
    expect_damage(79);
  }
  SECTION("an entry names another row") {
    REQUIRE(sql(dir,
                "DROP TRIGGER decision_events_no_update; UPDATE decision_events SET previous_row = 4000"
                " WHERE row = 20")
                .empty());
    expect_damage(0);
    event_query of_two;
    of_two.incident = incident_number(2);
    CHECK(store->query(of_two)->total == 6 + 17);  // before the broken link, and from the next mark on
  }
  SECTION("an entry names a row of another incident") {
    REQUIRE(sql(dir,
                "DROP TRIGGER decision_events_no_update; UPDATE decision_events SET previous_row = 4000"
                " WHERE row = 20; UPDATE decision_events SET previous_row = 17 WHERE row = 22")
                .empty());
    expect_damage(0);
  }
  SECTION("the list knows nothing of it") {
    REQUIRE(sql(dir, "DELETE FROM incidents").empty());
    expect_damage(0);
    CHECK(store->incident_state_record(incident_number(2)).error().code == errc::damaged);
  }
  SECTION("the entry of its snapshot is gone") {
    REQUIRE(
        sql(dir, "DROP TRIGGER decision_events_no_delete; DELETE FROM decision_events WHERE sequence >= 80").empty());
    CHECK(store->incident_state_record(incident_number(2)).error().code == errc::damaged);
  }
  const auto report = store->check();
  REQUIRE(report);
  CHECK_FALSE(report->problems.empty());
}
