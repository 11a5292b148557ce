#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <latch>
#include <thread>

#include "tests/persistence/ruvector/test_database.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

TEST_CASE("law 1: one writer wins a sequence, the other learns the head") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  REQUIRE(append_one(*store, open_event(1, "f")).outcome == append_outcome::created);
  REQUIRE(append_one(*store, attach_event(1, 2, {}, "winner")).outcome == append_outcome::created);

  const auto lost = append_one(*store, attach_event(1, 2, {}, "loser"));
  CHECK(lost.outcome == append_outcome::conflict);
  CHECK(lost.head == 2);
  const auto ahead = append_one(*store, attach_event(1, 9));
  CHECK(ahead.outcome == append_outcome::conflict);
  CHECK(ahead.head == 2);
  const auto unknown = append_one(*store, attach_event(7, 2));
  CHECK(unknown.outcome == append_outcome::conflict);
  CHECK(unknown.head == 0);
}

TEST_CASE("law 2: one open incident for a fingerprint") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  REQUIRE(append_one(*store, open_event(1, "f")).outcome == append_outcome::created);

  const auto second = append_one(*store, open_event(2, "f"));
  CHECK(second.outcome == append_outcome::conflict);
  CHECK(second.incident_id == incident_number(1));
  CHECK_FALSE(second.head);
  CHECK(store->log(incident_number(2), 0, 10)->events.empty());

  SECTION("a resolved one leaves its place") {
    REQUIRE(append_one(*store, make_event(incident_number(1), 2, change_to(incident_status::resolved))).outcome ==
            append_outcome::created);
    CHECK(append_one(*store, open_event(2, "f")).outcome == append_outcome::created);

    const auto reopened =
        append_one(*store, make_event(incident_number(1), 3, change_to(incident_status::in_progress)));
    CHECK(reopened.outcome == append_outcome::conflict);
    CHECK(reopened.incident_id == incident_number(2));
    CHECK(store->log(incident_number(1), 0, 10)->head == 2);
    // The refusal left the writer's own copy of the state alone.
    CHECK(append_one(*store, make_event(incident_number(1), 3, change_to(incident_status::closed))).outcome ==
          append_outcome::created);
  }
  SECTION("what opens and ends in one batch is refused too: its end was meant for the one that is open") {
    const auto results =
        append(*store, {open_event(2, "f"), make_event(incident_number(2), 2, change_to(incident_status::resolved))});
    CHECK(results[0].outcome == append_outcome::conflict);
    CHECK(results[1].incident_id == incident_number(1));
    CHECK(store->log(incident_number(2), 0, 10)->events.empty());
  }
  SECTION("two openings in one batch: the first wins") {
    const auto results = append(*store, {open_event(3, "g"), open_event(4, "g")});
    CHECK(results[0].outcome == append_outcome::created);
    CHECK(results[1].outcome == append_outcome::conflict);
    CHECK(results[1].incident_id == incident_number(3));
  }
  CHECK(store->check()->problems.empty());
}

TEST_CASE("law 3: one effect for a request id") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  const auto opened = open_event(1, "f", {"alert-1", "0199aaaa-0000-7000-8000-000000000001"});
  REQUIRE(append_one(*store, opened).outcome == append_outcome::created);
  REQUIRE(append_one(*store, attach_event(1, 2, {"alert-2"})).outcome == append_outcome::created);

  const auto again = append_one(*store, open_event(2, "g", {"alert-9", "0199aaaa-0000-7000-8000-000000000001"}));
  CHECK(again.outcome == append_outcome::duplicate);
  REQUIRE(again.request);
  CHECK(*again.request ==
        covered_by{"0199aaaa-0000-7000-8000-000000000001", incident_number(1), opened.id, 1, disposition::opened});
  CHECK_FALSE(again.identical);
  CHECK(store->request("alert-9").error().code == errc::not_found);
  CHECK(store->request("alert-2")->disposition == disposition::attached);
  CHECK(store->request("alert-2")->sequence == 2);
  // The spelling of a UUID belongs to the request id.
  CHECK(store->request("0199AAAA-0000-7000-8000-000000000001").error().code == errc::not_found);
}

TEST_CASE("events of one incident are stored all or none, incidents are independent") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  REQUIRE(append_one(*store, open_event(1, "f", {"r"})).outcome == append_outcome::created);

  const auto results = append(*store, {open_event(2, "a"), attach_event(1, 2), open_event(3, "b"), attach_event(2, 2),
                                       attach_event(1, 4), attach_event(3, 2, {"r"})});
  CHECK(results[0].outcome == append_outcome::created);
  CHECK(results[3].outcome == append_outcome::created);
  for (const auto i : {1U, 4U}) {
    CHECK(results[i].outcome == append_outcome::conflict);
    CHECK(results[i].head == 1);
  }
  for (const auto i : {2U, 5U}) {
    CHECK(results[i].outcome == append_outcome::duplicate);
    REQUIRE(results[i].request);
    CHECK(results[i].request->request_id == "r");
  }
  CHECK(results[4].id == attach_event(1, 4).id);
  CHECK(store->log(incident_number(1), 0, 10)->head == 1);
  CHECK(store->log(incident_number(2), 0, 10)->head == 2);
  CHECK(store->log(incident_number(3), 0, 10)->head == 0);
  CHECK(store->check()->problems.empty());
}

TEST_CASE("an identical retry is told apart from a lost race") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  const std::vector batch{open_event(1, "f", {"r1"}), attach_event(1, 2, {"r2"})};
  REQUIRE(append(*store, batch)[1].outcome == append_outcome::created);

  const auto retried = append(*store, batch);
  for (const auto i : {0U, 1U}) {
    CHECK(retried[i].outcome == append_outcome::duplicate);
    CHECK(retried[i].identical == true);
    CHECK(retried[i].sequence == i + 1);
    CHECK_FALSE(retried[i].request);
  }
  auto longer = batch;
  longer.push_back(attach_event(1, 3));
  const auto went_on = append(*store, longer);
  CHECK(went_on[0].identical == true);
  CHECK(went_on[2].outcome == append_outcome::created);

  // Decided again for the same request: the same id, but another content. Its first effect counts.
  auto changed = attach_event(1, 4, {"r2"});
  changed.id = batch[1].id;
  const auto other = append_one(*store, changed);
  CHECK(other.outcome == append_outcome::duplicate);
  CHECK_FALSE(other.identical);
  REQUIRE(other.request);
  CHECK(other.request->sequence == 2);

  // The same id for another request is nobody's retry.
  auto stranger = attach_event(1, 4, {"r4"});
  stranger.id = batch[1].id;
  CHECK(append_one(*store, stranger).outcome == append_outcome::conflict);
}

TEST_CASE("the same content in another order of keys is identical") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  const auto event = open_event(1, "f");
  REQUIRE(append_one(*store, event).outcome == append_outcome::created);
  const auto text = json::encode(event);
  const auto doc = json::document::parse(text);
  std::vector<new_event> one;
  one.push_back(read_event(doc->root().canonical()).value());
  REQUIRE(one.front().document() != text);
  const auto results = try_append(*store, std::move(one));
  CHECK(results->front().identical == true);
}

TEST_CASE("one id twice in a batch is refused whole") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  auto second = attach_event(1, 2);
  second.id = open_event(1, "f").id;
  const auto results = append(*store, {open_event(1, "f"), second, open_event(2, "g")});
  CHECK(results[0].outcome == append_outcome::conflict);
  CHECK(results[1].outcome == append_outcome::conflict);
  CHECK(results[2].outcome == append_outcome::created);
}

TEST_CASE("the schema refuses to change the log") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  REQUIRE(append_one(*store, open_event(1, "f")).outcome == append_outcome::created);
  const auto refused = [&](const std::string& statement, std::string_view words) {
    CHECK_THAT(sql(db, statement), Catch::Matchers::ContainsSubstring(std::string{words}));
  };
  refused("UPDATE decision_events SET doc = '{}'", "append-only");
  refused("DELETE FROM decision_events", "append-only");
  const std::string second_open =
      ", sequence, open, fingerprint_key, status, severity, category, escalated, source, created_ms, due_kind, due_ms"
      " FROM incidents";
  if (db.is_postgres()) {
    refused("TRUNCATE decision_events", "append-only");
    refused("TRUNCATE policies CASCADE", "append-only");
    refused("UPDATE policies SET etag = ''", "append-only");
    refused("INSERT INTO decision_events SELECT * FROM decision_events", "duplicate key");
    refused("INSERT INTO incidents SELECT gen_random_uuid()" + second_open, "incidents_open_fingerprint");
  } else {
    refused("INSERT OR REPLACE INTO decision_events SELECT * FROM decision_events", "append-only");
    refused("INSERT INTO incidents SELECT zeroblob(16)" + second_open, "UNIQUE");
    REQUIRE(append_one(*store, attach_event(1, 2)).outcome == append_outcome::created);
    const auto entry = [](const std::string& sequence, const std::string& previous_row) {
      return " INTO decision_events SELECT 9, randomblob(16), incident_id, " + sequence +
             ", agent, decision_type, timestamp_ms, actions, " + previous_row +
             ", doc FROM decision_events WHERE row = 1";
    };
    refused("INSERT OR REPLACE" + entry("1", "NULL"), "append-only");
    refused("INSERT OR REPLACE" + entry("2", "1"), "append-only");
    refused("INSERT" + entry("3", "NULL"), "follows the one before it");
    refused("INSERT" + entry("4", "2"), "follows the one before it");
    refused("INSERT" + entry("1", "2"), "follows the one before it");
    refused("INSERT" + entry("NULL", "2"), "follows the one before it");
    CHECK(sql(db, "BEGIN; INSERT" + entry("3", "2") + "; ROLLBACK").empty());
  }
  CHECK(store->log(incident_number(1), 0, 10)->head == (db.is_postgres() ? 1 : 2));
  CHECK(store->check()->problems.empty());
}

TEST_CASE("many writers at once: every event once, one transaction for many") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  constexpr unsigned writers = 8;
  constexpr unsigned each = 100;
  std::latch all_done{writers * each};
  std::atomic<unsigned> created{0};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < writers; ++w)
    threads.emplace_back([&, w] {
      for (unsigned i = 0; i < each; ++i) {
        const auto n = w * each + i + 1;
        auto events = read_events(batch_body(linked({open_event(n, "f" + std::to_string(n)), attach_event(n, 2)})));
        store->append(std::move(*events), [&](auto results) {
          if (results && results->front().outcome == append_outcome::created) ++created;
          all_done.count_down();
        });
      }
    });
  for (auto& t : threads) t.join();
  all_done.wait();
  CHECK(created == writers * each);
  CHECK(store->commits() < writers * each);
  const auto report = store->check();
  for (const auto& problem : report->problems) UNSCOPED_INFO(problem);
  CHECK(report->events == 2 * writers * each);
  CHECK(report->problems.empty());
}

TEST_CASE("writers that race for the same sequences: one winner each") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  REQUIRE(append_one(*store, open_event(1, "f")).outcome == append_outcome::created);
  constexpr std::uint64_t last = 40;
  std::atomic<unsigned> wins{0};
  std::vector<std::thread> threads;
  for (unsigned w = 0; w < 4; ++w)
    threads.emplace_back([&, w] {
      for (std::uint64_t next = 2; next <= last;) {
        const auto r = append_one(*store, attach_event(1, next, {}, "w" + std::to_string(w)));
        if (r.outcome == append_outcome::created) ++wins;
        next = r.outcome == append_outcome::conflict ? r.head.value() + 1 : next + 1;
      }
    });
  for (auto& t : threads) t.join();
  CHECK(wins == last - 1);
  CHECK(store->log(incident_number(1), 0, 100)->events.size() == last);
  CHECK(store->check()->problems.empty());
}

TEST_CASE("a closed store refuses, and a reopened one has everything") {
  const test_database db{EACH_DATABASE};
  {
    auto store = open_store(db);
    REQUIRE(append(*store, {open_event(1, "f", {"r"}), attach_event(1, 2)})[1].outcome == append_outcome::created);
    store->close();
    std::vector<new_event> one;
    one.push_back(read_event(json::encode(attach_event(1, 3))).value());
    const auto refused = try_append(*store, std::move(one));
    CHECK(refused.error().code == errc::draining);
  }
  auto store = open_store(db);
  CHECK(store->log(incident_number(1), 0, 10)->events.size() == 2);
  CHECK(store->request("r")->incident_id == incident_number(1));
  CHECK(store->committed_row() == 2);
  CHECK(append_one(*store, attach_event(1, 3)).outcome == append_outcome::created);
  CHECK(append_one(*store, open_event(2, "f")).incident_id == incident_number(1));
}

TEST_CASE("a file that is no database of ours is refused in words") {
  const temp_dir dir;
  REQUIRE(sql(dir, "CREATE TABLE other (a)").empty());
  const auto opened = open_sqlite_store(dir / "ruvector.db");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::store_unavailable);
  CHECK(opened.error().message.find("another program") != std::string::npos);
}

TEST_CASE("an event that does not link to the one before it is refused like a lost race") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  REQUIRE(append(*store, {open_event(1, "f"), attach_event(1, 2)})[1].outcome == append_outcome::created);
  auto forged = attach_event(1, 3);
  seal(forged, sha256_hex("another history"));
  const auto refused = append_one(*store, forged);
  CHECK(refused.outcome == append_outcome::conflict);
  CHECK(refused.head == 2);
  auto unlinked = attach_event(1, 3);
  seal(unlinked, "");
  CHECK(append_one(*store, unlinked).outcome == append_outcome::conflict);
  // A link may also break inside one batch.
  auto next = attach_event(1, 4);
  seal(next, sha256_hex("not the third"));
  CHECK(append(*store, {attach_event(1, 3), next})[0].outcome == append_outcome::conflict);
  CHECK(append_one(*store, attach_event(1, 3)).outcome == append_outcome::created);
}
