/// The chain through every log, value by value, and on a file that somebody changed.

#include <catch2/catch_test_macros.hpp>

#include "persistence/ruvector/sqlite_inspect.hpp"
#include "tests/persistence/ruvector/support.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

struct kept_entry {
  incident_id incident;
  std::uint64_t sequence;
  event_id id;
  std::string document;
};

/// Two logs of three and two entries, as a store would hand them over.
std::vector<kept_entry> two_logs() {
  std::vector<kept_entry> entries;
  for (const auto& e :
       linked({open_event(1, "f1"), attach_event(1, 2), attach_event(1, 3), open_event(2, "f2"), attach_event(2, 2)}))
    entries.push_back({e.incident_id, e.sequence, e.id, e.text});
  return entries;
}

verify_report verified(const std::vector<kept_entry>& entries) {
  log_verifier verifier;
  for (const auto& e : entries)
    if (!verifier.take({e.incident, e.sequence, e.id, e.document, {}})) break;
  return verifier.finish();
}

void replace_in(std::string& text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("whole logs verify, and their digest is that of their heads") {
  const auto entries = two_logs();
  const auto report = verified(entries);
  CHECK_FALSE(report.broken);
  CHECK(report.events == 5);
  CHECK(report.incidents == 2);
  const auto first = sha256_hex(incident_number(1).str() + sha256_hex(entries[2].document));
  CHECK(report.digest == sha256_hex(first + incident_number(2).str() + sha256_hex(entries[4].document)));
  CHECK(verified({}).digest == sha256_hex(""));
}

TEST_CASE("the first broken link is named") {
  auto entries = two_logs();
  SECTION("a document that was changed: the next one tells") {
    replace_in(entries[1].document, "none", "gone");
    const auto report = verified(entries);
    REQUIRE(report.broken);
    CHECK(report.broken->incident_id == incident_number(1));
    CHECK(report.broken->sequence == 3);
    CHECK(report.broken->id == entries[2].id);
    CHECK(report.broken->expected == "previous_hash " + sha256_hex(entries[1].document));
    CHECK(report.broken->found == sha256_hex(two_logs()[1].document));
    CHECK(report.events == 2);
  }
  SECTION("an entry that was taken out") {
    entries.erase(entries.begin() + 1);
    const auto report = verified(entries);
    REQUIRE(report.broken);
    CHECK(report.broken->sequence == 3);
    CHECK(report.broken->expected == "sequence 2");
  }
  SECTION("a log that lost its beginning") {
    entries.erase(entries.begin() + 3);
    CHECK(verified(entries).broken->str().starts_with("incident " + incident_number(2).str() + ", sequence 2, event "));
  }
  SECTION("two logs whose ends changed places") {
    std::swap(entries[2].document, entries[4].document);
    CHECK(verified(entries).broken->expected == "its document");
  }
  SECTION("a first entry that follows another") {
    entries[0].document = attach_event(1, 1).text;
    auto late = attach_event(1, 1);
    seal(late, std::string(64, 'e'));
    entries[0].document = late.text;
    entries[0].id = late.id;
    CHECK(verified(entries).broken->expected == "previous_hash none");
  }
  SECTION("an entry that names nothing") {
    auto loose = attach_event(1, 2);
    seal(loose, {});
    entries[1].document = loose.text;
    CHECK(verified(entries).broken->found == "none");
  }
  SECTION("a document that is none") {
    entries[4].document.pop_back();
    CHECK(verified(entries).broken->found == "no JSON document");
  }
}

TEST_CASE("a log that was cut short verifies, and the digest that was kept elsewhere tells") {
  auto entries = two_logs();
  const auto before = verified(entries).digest;
  entries.pop_back();
  const auto shorter = verified(entries);
  CHECK_FALSE(shorter.broken);
  CHECK(shorter.digest != before);
  replace_in(entries.back().document, "none", "gone");
  CHECK(verified(entries).digest != shorter.digest);
}

TEST_CASE("a store's file verifies while it is written to, and no longer once a stored decision was changed") {
  const temp_dir dir;
  const auto store = open_store(dir);
  for (unsigned n = 1; n <= 3; ++n) {
    append_one(*store, open_event(n, "f" + std::to_string(n)));
    append_one(*store, attach_next(*store, n));
  }
  const auto whole = verify_file(dir / "ruvector.db");
  REQUIRE(whole);
  CHECK_FALSE(whole->broken);
  CHECK(whole->events == 6);
  CHECK(whole->incidents == 3);
  REQUIRE(sql(dir,
              "DROP TRIGGER decision_events_no_update;"
              "UPDATE decision_events SET doc = pack(replace(unpack(doc), '\"none\"', '\"gone\"')) WHERE row = 3") ==
          "");
  const auto broken = verify_file(dir / "ruvector.db");
  REQUIRE(broken);
  REQUIRE(broken->broken);
  CHECK(broken->broken->incident_id == incident_number(2));
  CHECK(broken->broken->sequence == 2);
  CHECK(store->check()->problems.empty());  // nothing that SQLite or the projections would notice
  CHECK(verify_file(dir / "none.db").error().code == errc::not_found);
}
