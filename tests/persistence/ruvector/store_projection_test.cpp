#include <catch2/catch_test_macros.hpp>
#include <set>

#include "tests/persistence/ruvector/test_database.hpp"

using namespace im;
using namespace im::ruvector;
using namespace im::ruvector::test;

namespace {

json::document parsed(const std::string& text) { return json::document::parse(text).value(); }

std::string member(const std::string& text, std::string_view name) {
  const auto doc = parsed(text);
  const auto found = doc.root().find(name);
  return !found ? "" : found->as_string() ? std::string{*found->as_string()} : found->text();
}

fact::postmortem_written written(unsigned n, incident_id incident) {
  fact::postmortem_written f;
  f.document.postmortem_id = postmortem_number(n);
  f.document.incident_id = incident;
  f.document.summary = "It was slow.";
  return f;
}

fact::gate_changed decided(unsigned n, approval_status status) {
  fact::gate_changed f;
  f.request_id = gate_number(n);
  f.status = status;
  f.reason = "voted";
  return f;
}

/// Three incidents: 1 with a gate that was approved and a published post-mortem, 2 open with a pending gate, 3 plain.
void fill(store& to) {
  const auto one = incident_number(1);
  const auto two = incident_number(2);
  std::vector<decision_event> events{open_event(1, "f1", {"r1"}), open_event(2, "f2"), open_event(3, "f3")};
  events.push_back(make_event(one, 2, gate(1, one)));
  events.push_back(make_event(one, 3, decided(1, approval_status::approved)));
  events.push_back(make_event(one, 4, change_to(incident_status::resolved, change_kind::resolve)));
  events.push_back(make_event(one, 5, written(1, one)));
  events.push_back(make_event(one, 6, fact::postmortem_published{postmortem_number(1), "alice"}));
  events.push_back(make_event(two, 2, gate(2, two, gate_purpose::apply_escalation)));
  for (const auto& r : append(to, events)) REQUIRE(r.outcome == append_outcome::created);
}

}  // namespace

TEST_CASE("every projection is the fold of its log, through snapshots and a rebuild") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  fill(*store);
  for (std::uint64_t s = 2; s <= 50; ++s)
    REQUIRE(append_one(*store, attach_event(3, s, {"burst-" + std::to_string(s)})).outcome == append_outcome::created);
  const auto same_as_fold = [&] {
    for (const unsigned n : {1U, 2U, 3U}) {
      list_filter filter;
      const auto state = fold_of(*store, incident_number(n));
      filter.fingerprint = "f" + std::to_string(n);
      const auto page = store->incidents(filter);
      REQUIRE(page->items.size() == 1);
      CHECK(page->items[0] == json::encode(state.record));
      CHECK(member(store->incident_state_record(incident_number(n)).value(), "status") ==
            to_string(state.record.status));
    }
    CHECK(store->check()->problems.empty());
  };
  same_as_fold();
  CHECK(fold_of(*store, incident_number(3)).record.event_count == 50);
  const auto rebuilt = store->rebuild_projections();
  REQUIRE(rebuilt);
  CHECK(rebuilt->incidents == 3);
  CHECK(rebuilt->events == 58);
  same_as_fold();
  CHECK(append_one(*store, attach_event(3, 51)).outcome == append_outcome::created);
  CHECK(append_one(*store, open_event(4, "f3")).incident_id == incident_number(3));
  CHECK(store->check()->problems.empty());
}

TEST_CASE("a rebuild brings back what was lost") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  fill(*store);
  REQUIRE(
      sql(db, "DELETE FROM incidents; DELETE FROM approvals; DELETE FROM requests; DELETE FROM postmortems").empty());
  CHECK_FALSE(store->check()->problems.empty());
  REQUIRE(store->rebuild_projections());
  CHECK(store->check()->problems.empty());
  CHECK(store->approval(gate_number(1)));
  CHECK(store->request("r1")->sequence == 1);
}

TEST_CASE("a database of version 2, whose request keys are hashes alone, still knows what each request led to") {
  const test_database db{EACH_DATABASE};
  const request_id old = "events:01a20ef1-e604-7a35-845f-00000000cb1c";
  constexpr std::uint64_t head = 70;
  {
    auto store = open_store(db);
    REQUIRE(append_one(*store, open_event(1, "f", {old, "plain"})).outcome == append_outcome::created);
    for (std::uint64_t s = 2; s <= head; ++s) append_one(*store, attach_event(1, s));
  }
  REQUIRE(back_to_unpacked(db).empty());
  if (!db.is_postgres()) REQUIRE(sql(db, from_version_5_to_4).empty());
  REQUIRE(sql(db,
              "DROP INDEX incidents_ended_fingerprint; CREATE INDEX incidents_fingerprint ON incidents"
              " (fingerprint_key, created_ms, incident_id); ALTER TABLE requests RENAME COLUMN ordered_key TO"
              " request_key")
              .empty());
  REQUIRE(sql(db, db.is_postgres() ? "UPDATE requests SET request_key = gen_random_uuid();"
                                     " DELETE FROM im_schema_version WHERE version > 2"
                                   : "UPDATE requests SET request_key = randomblob(16); PRAGMA user_version=2")
              .empty());
  auto store = open_store(db);
  for (const auto& known : {old, request_id{"plain"}}) {
    CHECK(append_one(*store, attach_event(1, head + 1, {known})).outcome == append_outcome::duplicate);
    CHECK(store->request(known)->sequence == 1);
  }
  CHECK(append_one(*store, attach_event(1, head + 1)).outcome == append_outcome::created);
  CHECK(store->log(incident_number(1), 0, 100)->events.size() == head + 1);
  CHECK(store->check()->problems.empty());
  // The older program, were it still running, would look under keys that are no longer there.
  CHECK(sql(db, "SELECT request_key FROM requests").find("request_key") != std::string::npos);
}

TEST_CASE("check finds what is not as the log tells") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  fill(*store);
  for (std::uint64_t s = 2; s <= 20; ++s)
    REQUIRE(append_one(*store, attach_event(3, s)).outcome == append_outcome::created);
  REQUIRE(store->check()->problems.empty());
  const auto finds = [&](const std::string& tampering, std::string_view words) {
    REQUIRE(sql(db, tampering).empty());
    const auto report = store->check();
    REQUIRE(report);
    REQUIRE_FALSE(report->problems.empty());
    CHECK(report->problems.front().find(words) != std::string::npos);
  };
  const auto unlocked = [&](const std::string& trigger) {
    return db.is_postgres() ? std::string{"DROP TRIGGER decision_events_append_only ON decision_events; "}
                            : "DROP TRIGGER decision_events_" + trigger + "; ";
  };
  SECTION("an index column") { finds("UPDATE incidents SET severity = 0", "differs from the fold"); }
  SECTION("a snapshot") { finds("UPDATE snapshots SET state = '{}'", "snapshot"); }
  SECTION("a gate") { finds("UPDATE approvals SET status = 1", "approvals differ"); }
  SECTION("a post-mortem") { finds("UPDATE postmortems SET status = 0", "post-mortems differ"); }
  SECTION("a request") { finds("UPDATE requests SET event_row = 3", "request index"); }
  SECTION("a surplus row") {
    const std::string id = db.is_postgres() ? "gen_random_uuid()" : "zeroblob(16)";
    finds("INSERT INTO requests VALUES (" + id + ", 1, 0)", "requests has 2 rows");
  }
  SECTION("a gap") {
    finds(unlocked("no_delete") + "DELETE FROM decision_events WHERE sequence = 4 AND agent != 0",
          "gap after sequence 3");
    CHECK_FALSE(store->log(incident_number(3), 0, 100));
    CHECK_FALSE(store->rebuild_projections());
    CHECK(store->request("r1"));  // the failed rebuild changed nothing
  }
  SECTION("a changed document") {
    finds(unlocked("no_update") + "UPDATE decision_events SET decision_type = 9 WHERE row = 1", "the index differs");
  }
  SECTION("an agent's name") { finds("UPDATE agents SET agent_id = 'a:1.0.0:b'", "the index differs"); }
  SECTION("an agent's number") {
    finds(unlocked("no_update") + "UPDATE decision_events SET agent = 77 WHERE row = 1", "the index differs");
  }
}

TEST_CASE("approvals are listed by their filters, newest first, and carry their incident") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  fill(*store);
  list_filter filter;
  const auto all = store->approvals(filter);
  REQUIRE(all->items.size() == 2);
  CHECK(member(all->items[0], "incident_id") == incident_number(2).str());
  CHECK(member(all->items[1], "status") == "approved");
  filter.approval_statuses.add(approval_status::pending);
  CHECK(store->approvals(filter)->items.size() == 1);
  filter.incident = incident_number(1);
  CHECK(store->approvals(filter)->items.empty());
  CHECK(member(*store->approval(gate_number(1)), "decided_reason") == "voted");
  CHECK(store->approval(gate_number(9)).error().code == errc::not_found);
}

TEST_CASE("a post-mortem shows the status it has now") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  fill(*store);
  list_filter filter;
  filter.postmortem_statuses.add(postmortem_status::published);
  const auto page = store->postmortems(filter);
  REQUIRE(page->items.size() == 1);
  CHECK(member(page->items[0], "status") == "published");
  CHECK(member(*store->postmortem(postmortem_number(1)), "summary") == "It was slow.");
}

TEST_CASE("escalations are incidents that are raised or wait for approval to be") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  fill(*store);
  auto page = store->escalations({});
  REQUIRE(page->items.size() == 1);
  CHECK(member(page->items[0], "incident_id") == incident_number(2).str());
  CHECK(member(page->items[0], "pending_approval") == gate_number(2).str());
  fact::escalation_evaluated raised;
  raised.decision = escalation_decision::escalate;
  raised.applied = true;
  raised.from_severity = severity::p2;
  raised.to_severity = severity::p1;
  raised.to_level = 1;
  raised.status = incident_status::escalated;
  REQUIRE(append_one(*store, make_event(incident_number(3), 2, raised)).outcome == append_outcome::created);
  page = store->escalations({});
  REQUIRE(page->items.size() == 2);
  CHECK(parsed(page->items[0]).root().find("history")->size() == 1);
}

TEST_CASE("pages of incidents follow each other without a gap or a repeat") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  std::vector<decision_event> events;
  for (unsigned n = 1; n <= 25; ++n) events.push_back(open_event(n, "f" + std::to_string(n)));  // all of one moment
  append(*store, events);
  for (unsigned n = 1; n <= 5; ++n)
    append_one(*store, make_event(incident_number(n), 2, change_to(incident_status::resolved, change_kind::resolve)));
  const auto walk = [&](list_filter filter) {
    std::set<std::string> seen;
    filter.limit = 10;
    for (;;) {
      const auto page = store->incidents(filter).value();
      for (const auto& item : page.items) CHECK(seen.insert(member(item, "id")).second);
      if (!page.next_cursor) return seen.size();
      filter.after = list_cursor::parse(*page.next_cursor);
      REQUIRE(filter.after);
    }
  };
  list_filter filter;
  CHECK(walk(filter) == 25);
  filter.open = true;
  CHECK(walk(filter) == 20);
  filter.open = false;
  CHECK(walk(filter) == 5);
  filter.open.reset();
  filter.text = "LATENCY of F2";
  CHECK(walk(filter) == 7);
  filter.text = "%";
  CHECK(walk(filter) == 0);
  filter = {};
  filter.severities.add(severity::p0);
  CHECK(walk(filter) == 0);
  filter = {};
  filter.fingerprint = "f7";
  filter.open = true;
  CHECK(walk(filter) == 1);
  filter.open.reset();
  CHECK(walk(filter) == 1);
  append_one(*store, make_event(incident_number(7), 2, change_to(incident_status::resolved, change_kind::resolve)));
  CHECK(walk(filter) == 1);
  filter.open = true;
  CHECK(walk(filter) == 0);
}

TEST_CASE("deadlines come in order, up to a moment, and end with the incident") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  for (unsigned n = 1; n <= 3; ++n) {
    auto e = open_event(n, "f" + std::to_string(n));
    std::get<fact::incident_opened>(e.fact.value).next_evaluation_at = at_second(100 * (4 - static_cast<int>(n)));
    append_one(*store, e);
  }
  const auto due = store->deadlines(at_second(200), std::nullopt, 10).value();
  REQUIRE(due.size() == 2);
  CHECK(due[0].incident_id == incident_number(3));
  CHECK(due[0].kind == deadline_kind::evaluation);
  CHECK(due[1].due_at == at_second(200));
  const auto rest =
      store->deadlines(at_second(1000), list_cursor{due[1].due_at, due[1].incident_id.value()}, 10).value();
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].incident_id == incident_number(1));
  append_one(*store, make_event(incident_number(3), 2, change_to(incident_status::resolved, change_kind::resolve)));
  CHECK(store->deadlines(at_second(100), std::nullopt, 10)->empty());
}

TEST_CASE("a log that opened no incident is kept, and is no incident") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  REQUIRE(append_one(*store, make_event(incident_number(1), 1, fact::noted{}, {"n1"})).outcome ==
          append_outcome::created);
  CHECK(store->incidents({})->items.empty());
  CHECK(store->incident_state_record(incident_number(1)).error().code == errc::not_found);
  CHECK(append_one(*store, make_event(incident_number(1), 2, opening(incident_number(1), "f"))).outcome ==
        append_outcome::created);
  CHECK(store->incidents({})->items.size() == 1);
  CHECK(store->check()->problems.empty());
}

TEST_CASE("orchestrator actions come in commit order, page by page") {
  const test_database db{EACH_DATABASE};
  auto store = open_store(db);
  append(*store, {with_actions(open_event(1, "f1"), 3), open_event(2, "f2"), with_actions(open_event(3, "f3"), 2)});
  std::vector<std::string> seen;
  feed_cursor at;
  for (;;) {
    const auto page = store->actions(at, 2).value();
    if (page.actions.empty()) break;
    for (const auto& action : page.actions)
      seen.push_back(member(action, "incident_id") + member(action, "parameters"));
    // The cursor of the last action is where the next page begins.
    CHECK(member(page.actions.back(), "cursor") == page.next.str());
    at = feed_cursor::parse(page.next.str()).value();
  }
  const auto one = incident_number(1).str();
  const auto three = incident_number(3).str();
  CHECK(seen == std::vector<std::string>{one + R"({"n":0})", one + R"({"n":1})", one + R"({"n":2})",
                                         three + R"({"n":0})", three + R"({"n":1})"});
  CHECK(member(store->actions({}, 1)->actions[0], "action_type") == "log_timeline_event");
}
