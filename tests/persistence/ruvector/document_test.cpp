#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <iostream>

#include "persistence/ruvector/dictionaries.hpp"
#include "persistence/ruvector/document_codec.hpp"
#include "persistence/ruvector/sqlite_inspect.hpp"
#include "tests/persistence/ruvector/test_database.hpp"
#include "tests/support/varied_incidents.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<std::string> exported(store& from, std::vector<std::string>* damage = nullptr) {
  std::vector<std::string> lines;
  REQUIRE(from.export_events([&](auto text) { lines.emplace_back(text); },
                             [&](auto what) {
                               if (damage != nullptr) damage->emplace_back(what);
                             }));
  return lines;
}

/// Puts these bytes in the place of row 2's document.
std::string damage_row_2(const test_database& db, const std::string& hex) {
  return db.is_postgres() ? sql(db,
                                "DROP TRIGGER decision_events_append_only ON decision_events;"
                                " UPDATE decision_events SET doc = '\\x" +
                                    hex + "' WHERE row = 2")
                          : sql(db, "DROP TRIGGER decision_events_no_update; UPDATE decision_events SET doc = x'" +
                                        hex + "' WHERE row = 2");
}

std::string hex_of(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

void append_batch(store& to, std::vector<new_event> events) {
  const auto results = try_append(to, std::move(events));
  REQUIRE(results);
  for (const auto& r : *results) REQUIRE(r.outcome == append_outcome::created);
}

}  // namespace

TEST_CASE("a document is packed to a fraction and comes back byte by byte") {
  im::test::varied_incidents incidents{7};
  for (int i = 0; i < 20; ++i)
    for (const auto& event : incidents.whole_life()) {
      const auto packed = pack(event.text);
      CHECK(packed.bytes.size() * 2 < event.text.size());
      CHECK(unpack(packed.bytes) == event.text);
    }
  for (const std::string text : {"", "{}", "[1]", "\x28\xB5\x2F\xFD is how a frame begins"})
    CHECK(unpack(pack(text).bytes) == text);
  const std::string large(ruvector::limits::packed_document_bytes + 1, ' ');
  CHECK(pack(large).bytes == large);
  CHECK(unpack(large) == large);
}

TEST_CASE("every dictionary that was shipped is known by its id, and the first one never changes") {
  CHECK(dictionary_ids() == std::vector<std::uint32_t>{32769});
  CHECK(sha256_hex({reinterpret_cast<const char*>(dictionaries().front().data()), dictionaries().front().size()}) ==
        "fa8fcf43e53e2708c739a9dcf65c9ef7ced7fc400edd2e974bf2c6bef5c4bbc7");
}

TEST_CASE("no change of a frame's bytes passes for a document, or costs more than a bounded document") {
  im::test::varied_incidents incidents{8};
  const auto text = incidents.opening().front().text;
  const auto frame = pack(text).bytes;
  for (std::size_t i = 4; i < frame.size(); ++i)
    for (const unsigned bit : {1U, 16U, 128U}) {
      auto bad = frame;
      bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ bit);
      const auto document = unpack(bad);
      CHECK((!document || *document == text));  // a reserved bit of the header may say nothing
    }
  for (std::size_t size = 4; size < frame.size(); ++size) CHECK_FALSE(unpack(frame.substr(0, size)));
  // Single segment, content size of 8 bytes: 2^40.
  CHECK_THAT(unpack(std::string{"\x28\xB5\x2F\xFD\xE0\0\0\0\0\0\1\0\0", 13}).error(), ContainsSubstring("claims"));
}

TEST_CASE("a document that cannot be unpacked is damage, which names its incident and sequence") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  append(*store, {open_event(1, "f1"), attach_event(1, 2), open_event(2, "f2")});
  const auto event = linked({open_event(1, "f1"), attach_event(1, 2)}).back();
  auto frame = pack(event.text).bytes;
  frame[frame.size() / 2] = static_cast<char>(~frame[frame.size() / 2]);
  store.reset();
  REQUIRE(damage_row_2(db, hex_of(frame)).empty());
  store = open_store(db);
  const auto log = store->log(incident_number(1), 0, 10);
  REQUIRE_FALSE(log);
  CHECK(log.error().code == errc::damaged);
  CHECK_THAT(log.error().message, ContainsSubstring("incident " + incident_number(1).str() + ", sequence 2"));
  CHECK(store->event(event.id).error().code == errc::damaged);
  CHECK(store->incident_state_record(incident_number(1)).error().code == errc::damaged);
  CHECK(store->log(incident_number(2), 0, 10)->events.size() == 1);
  const auto verified = store->verify();
  REQUIRE(verified);
  REQUIRE(verified->broken);
  CHECK(verified->broken->sequence == 2);
  CHECK_THAT(verified->broken->str(), ContainsSubstring("cannot be unpacked"));
  const auto checked = store->check();
  REQUIRE(checked);
  REQUIRE_FALSE(checked->problems.empty());
  CHECK_THAT(checked->problems.front(), ContainsSubstring("sequence 2 cannot be unpacked"));
  CHECK(store->rebuild_projections().error().code == errc::damaged);
  std::vector<std::string> damage;
  CHECK(exported(*store, &damage).size() == 2);
  REQUIRE(damage.size() == 1);
  CHECK_THAT(damage.front(), ContainsSubstring("sequence 2") && ContainsSubstring(event.id.str()));
}

TEST_CASE("an export has every DecisionEvent, byte by byte, in the order of commits") {
  const test_database db{EACH_DATABASE};
  const auto store = open_store(db);
  std::vector<std::string> expected;
  im::test::varied_incidents incidents{9};
  for (int i = 0; i < 20; ++i) {
    std::vector<new_event> batch;
    for (const auto& event : incidents.opening()) {
      expected.push_back(event.text);
      batch.push_back(read_event(event.text).value());
    }
    append_batch(*store, std::move(batch));
  }
  CHECK(exported(*store) == expected);
}

TEST_CASE("a store of before documents were packed is packed, and reads as it did") {
  const test_database db{EACH_DATABASE};
  constexpr unsigned incidents = 30;
  {
    const auto store = open_store(db);
    for (unsigned n = 1; n <= incidents; ++n)
      append(*store, {open_event(n, "f" + std::to_string(n)), attach_event(n, 2), attach_event(n, 3)});
  }
  const auto before = exported(*open_store(db));
  const auto digest = open_store(db)->verify()->digest;
  REQUIRE(back_to_unpacked(db).empty());
  if (!db.is_postgres()) CHECK_FALSE(verify_file(db.folder() / "ruvector.db")->broken);
  SECTION("in one go") {}
  SECTION("going on where it was interrupted") {
    // What the first transactions leave: the steps are taken, some entries have moved.
    REQUIRE(sql(db, "CREATE TABLE saved AS SELECT * FROM decision_events WHERE row > 40").empty());
    REQUIRE(open_store(db));
    REQUIRE(
        sql(db, db.is_postgres()
                    ? "ALTER TABLE decision_events DISABLE TRIGGER USER; DELETE FROM decision_events WHERE row > 40;"
                      " ALTER TABLE decision_events ENABLE TRIGGER USER; ALTER TABLE saved RENAME TO unpacked_events"
                    : "DROP TRIGGER decision_events_no_update; DROP TRIGGER decision_events_no_delete;"
                      " DROP TRIGGER decision_events_no_replace; DROP TRIGGER decision_events_follow;"
                      " DELETE FROM decision_events WHERE row > 40; ALTER TABLE saved RENAME TO unpacked_events")
            .empty());
    if (!db.is_postgres()) {
      CHECK_THAT(verify_file(db.folder() / "ruvector.db").error().message, ContainsSubstring("a start of the service"));
      CHECK_THAT(check_file(db.folder() / "ruvector.db").error().message, ContainsSubstring("a start of the service"));
    }
  }
  const auto store = open_store(db);
  CHECK(exported(*store) == before);
  CHECK(store->verify()->digest == digest);
  CHECK(store->check()->problems.empty());
  CHECK(append_one(*store, attach_event(1, 4)).outcome == append_outcome::created);
  CHECK_THAT(sql(db, "DELETE FROM decision_events"), ContainsSubstring("append-only"));
  CHECK_THAT(sql(db, "SELECT 1 FROM unpacked_events"), ContainsSubstring("unpacked_events"));  // it is gone
}

TEST_CASE("an incident that is opened and evaluated takes at most 2 KB in SQLite and 2.5 KB in PostgreSQL") {
  const test_database db{EACH_DATABASE};
  constexpr std::size_t count = 5000;
  constexpr std::size_t together = 64;
  std::chrono::nanoseconds writing{0};
  std::size_t text_bytes = 0;
  {
    const auto store = open_store(db);
    im::test::varied_incidents incidents{20'261'201};
    for (std::size_t done = 0; done < count;) {
      std::vector<new_event> batch;
      for (std::size_t i = 0; i < together && done < count; ++i, ++done)
        for (auto& event : incidents.opening()) {
          text_bytes += event.text.size();
          batch.push_back(new_event_of(std::make_shared<const decision_event>(std::move(event))).value());
        }
      const auto at = std::chrono::steady_clock::now();
      append_batch(*store, std::move(batch));
      writing += std::chrono::steady_clock::now() - at;
    }
    store->close();
  }
  std::uint64_t bytes = 0;
  if (db.is_postgres()) {
    bytes = std::stoull(im::test::query_value(
        db.url(),
        "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = current_schema() AND c.relkind = 'r'"));
  } else {
    REQUIRE(sql(db, "PRAGMA wal_checkpoint(TRUNCATE)").empty());
    bytes = std::filesystem::file_size(db.folder() / "ruvector.db");
  }
  std::cout << db.kind() << ": " << bytes / count << " bytes an incident, of " << text_bytes / count
            << " bytes of DecisionEvents; written in " << std::chrono::duration<double>(writing).count() << " s\n";
  CHECK(bytes / count <= (db.is_postgres() ? 2560U : 2048U));
}
