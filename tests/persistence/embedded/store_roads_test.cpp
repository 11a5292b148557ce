/// An embedded store and one behind HTTP are one store: the same calls, the same answers, the same rows.

#include <catch2/catch_test_macros.hpp>

#include "tests/persistence/embedded/road_support.hpp"

namespace {

using namespace im;
using namespace im::test;
using namespace im::ruvector::test;
using persistence::store_failure;
using kind = write_outcome::kind;

/// Opens incident `n` and attaches signals up to `last`.
persistence::incident_write whole(unsigned n, const std::string& fingerprint, std::uint64_t last = 1) {
  std::vector<decision_event> events{open_event(n, fingerprint, {"opening-" + std::to_string(n)})};
  for (std::uint64_t s = 2; s <= last; ++s)
    events.push_back(attach_event(n, s, {std::to_string(n) + "/" + std::to_string(s)}));
  return sealed_write(std::move(events));
}

write_outcome only(const written& got) {
  REQUIRE(got);
  REQUIRE(got->size() == 1);
  REQUIRE(got->front());
  return *got->front();
}

void commit(reached_store& store, persistence::incident_write write) {
  REQUIRE(only(store.write({std::move(write)})).what == kind::committed);
}

/// Something of each kind that the store lists.
void fill(reached_store& store) {
  for (unsigned n = 1; n <= 3; ++n) {
    const auto id = incident_number(n);
    auto gated = make_event(id, 2, gate(n, id), {"gate-" + std::to_string(n)});
    commit(store, sealed_write({with_actions(open_event(n, "print-" + std::to_string(n)), n), std::move(gated)}));
  }
  commit(store, whole(4, "quiet", 20));
}

/// What the API hands on, by every query there is.
std::vector<std::string> texts(reached_store& store) {
  std::vector<std::string> out;
  const auto keep = [&](const result<std::string>& got) {
    out.push_back(got ? *got : std::string{to_string(got.error().code)} + ": " + got.error().message);
  };
  for (const auto which : {view::incidents, view::approvals, view::postmortems, view::escalations}) {
    keep(store.list(which));
    keep(store.list(which, {{"limit", "2"}}));
    keep(store.list(which, {{"limit", "none"}}));
  }
  keep(store.list(view::incidents, {{"q", "latency OF print-2 "}, {"source", "llm-sentinel"}}));
  keep(store.list(view::incidents, {{"fingerprint", "a&b=c%"}}));
  const auto get = [&](view which, const uuid& id) {
    keep(store.ask<result<std::string>>([&](auto& c, auto done) { c.get(which, id, std::move(done)); }));
  };
  get(view::approvals, gate_number(2).value());
  get(view::approvals, gate_number(9).value());
  get(view::postmortems, postmortem_number(1).value());
  const auto log = [&](unsigned n, std::uint64_t after, std::size_t limit) {
    keep(store.ask<result<std::string>>(
        [&](auto& c, auto done) { c.incident_log(incident_number(n), after, limit, std::move(done)); }));
  };
  log(4, 0, 500);
  log(4, 7, 3);
  log(9, 0, 500);
  const auto actions = [&](const std::string& after) {
    keep(store.ask<result<std::string>>(
        [&](auto& c, auto done) { c.orchestrator_actions(after, seconds{0}, std::move(done)); }));
  };
  actions("");
  actions("1");
  actions("no cursor");
  return out;
}

}  // namespace

TEST_CASE("what is written is read back, text for text") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  const auto first = whole(1, "a", 3);
  const auto got = store.write({first, whole(2, "b", 1)});
  REQUIRE(got);
  REQUIRE(got->size() == 2);
  CHECK(got->at(0)->what == kind::committed);
  CHECK(got->at(1)->what == kind::committed);

  const auto page = store.log(incident_number(1));
  REQUIRE(page);
  REQUIRE(page->events.size() == 3);
  CHECK_FALSE(page->more);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(json::encode(*page->events[i]) == first.events[i]->text);
    CHECK(page->events[i]->hash == first.events[i]->hash);
  }
  CHECK(store.log(incident_number(1), 2)->events.size() == 1);
  const auto event = store.ask<persistence::store_result<event_ptr>>(
      [&](auto& c, auto done) { c.read_event(first.events[1]->id, std::move(done)); });
  REQUIRE(event);
  CHECK(json::encode(**event) == first.events[1]->text);
  CHECK(store.calls() == std::vector<std::string>{"write_batch 200", "read_log 200", "read_log 200", "read_event 200"});
}

TEST_CASE("a log that goes no further has an empty page, and so has one that is not there") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  commit(store, whole(1, "a", 3));
  for (const auto& page :
       {store.log(incident_number(1), 3), store.log(incident_number(1), 9), store.log(incident_number(2))}) {
    REQUIRE(page);
    CHECK(page->events.empty());
    CHECK_FALSE(page->more);
  }
}

TEST_CASE("of many incidents those are found that have a log") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  commit(store, whole(2, "b", 3));
  const auto found = [&](std::vector<incident_id> among) {
    const auto got = store.ask<persistence::store_result<incident_list>>(
        [&](auto& c, auto done) { c.find_logs({std::move(among)}, std::move(done)); });
    REQUIRE(got);
    return got->ids;
  };
  CHECK(found({incident_number(1), incident_number(2), incident_number(3)}) == std::vector{incident_number(2)});
  CHECK(found({incident_number(1)}).empty());
  CHECK(found({}).empty());
}

TEST_CASE("a log that is longer than a page says so") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  commit(store, whole(1, "a", limits::log_page_events + 1));
  const auto page = store.log(incident_number(1));
  REQUIRE(page);
  CHECK(page->events.size() == limits::log_page_events);
  CHECK(page->more);
  const auto rest = store.log(incident_number(1), limits::log_page_events);
  REQUIRE(rest);
  CHECK(rest->events.size() == 1);
  CHECK_FALSE(rest->more);
}

TEST_CASE("each law is told to the incident that it is about, and the others of the write are stored") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  const auto known = whole(1, "a", 2);
  commit(store, known);
  commit(store, whole(2, "b", 1));

  const auto got = store.write({
      known,                                                            // an attempt that is repeated
      sealed_write({attach_event(2, 3)}, known.events[0]->hash),        // law 1: a gap
      whole(3, "a", 2),                                                 // law 2
      sealed_write({open_event(4, "d"), attach_event(4, 2, {"1/2"})}),  // law 3, in the second event
      whole(5, "e", 2),
  });
  REQUIRE(got);
  REQUIRE(got->size() == 5);
  CHECK(got->at(0)->what == kind::committed);
  CHECK(got->at(1)->what == kind::sequence_taken);
  CHECK(got->at(1)->head == 1);
  CHECK(got->at(2)->what == kind::fingerprint_taken);
  CHECK(got->at(2)->open_incident == incident_number(1));
  REQUIRE(got->at(3)->what == kind::covered);
  CHECK(got->at(3)->covered->request == "1/2");
  CHECK(got->at(3)->covered->incident_id == incident_number(1));
  CHECK(got->at(3)->covered->event_id == known.events[1]->id);
  CHECK(got->at(3)->covered->sequence == 2);
  CHECK(got->at(4)->what == kind::committed);

  CHECK(store.log(incident_number(2))->events.size() == 1);
  CHECK(store.log(incident_number(3))->events.empty());
  CHECK(store.log(incident_number(4))->events.empty());  // all of an incident or nothing
  CHECK(store.log(incident_number(5))->events.size() == 2);
}

TEST_CASE("a fingerprint's newest incident, and whether it is open") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  const auto nothing = store.find("a & b");
  REQUIRE(nothing);
  CHECK_FALSE(nothing->newest);
  CHECK_FALSE(nothing->open);
  commit(store, whole(1, "a & b"));
  CHECK(store.find("a & b")->newest == incident_number(1));
  CHECK(store.find("a & b")->open);
  const auto head = store.log(incident_number(1))->events.back()->hash;
  commit(store, sealed_write({make_event(incident_number(1), 2, change_to(incident_status::closed))}, head));
  CHECK(store.find("a & b")->newest == incident_number(1));
  CHECK_FALSE(store.find("a & b")->open);
}

TEST_CASE("of many fingerprints each has its answer, in the order asked") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  commit(store, whole(1, "a"));
  commit(store, whole(2, "b"));
  const auto found = store.find_all({"b", "none", "a", "b"});
  REQUIRE(found);
  REQUIRE(found->found.size() == 4);
  CHECK(found->found[0]->newest == incident_number(2));
  CHECK_FALSE(found->found[1]->newest);
  CHECK(found->found[2]->newest == incident_number(1));
  CHECK(found->found[3]->newest == incident_number(2));
  CHECK(store.find_all({})->found.empty());
}

TEST_CASE("policies, deadlines and health are read by either road") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  commit(store, whole(1, "a"));
  const auto policy = store.ask<persistence::store_result<policy_answer>>([](auto& c, auto done) {
    c.read_policy({policy_kind::sla, "none", "", ""}, std::move(done));
  });
  REQUIRE_FALSE(policy);
  CHECK(policy.error().why.code == errc::not_found);
  const auto due = store.ask<persistence::store_result<due_page>>(
      [](auto& c, auto done) { c.read_due(at_second(1'000'000), "", std::move(done)); });
  REQUIRE(due);
  REQUIRE(due->entries.size() == 1);
  CHECK(due->entries.front().incident_id == incident_number(1));
  CHECK(store.ask<result<store_condition>>([](auto& c, auto done) { c.check(std::move(done)); }));
}

TEST_CASE("a long poll hears of a write") {
  const temp_dir folder;
  reached_store store{folder, EACH_ROAD};
  awaited<result<std::string>> polled;
  store.client().orchestrator_actions("", seconds{60}, polled.handler());
  commit(store, sealed_write({with_actions(open_event(1, "a"), 2)}));
  const auto got = polled.take();
  REQUIRE(got);
  CHECK(json::document::parse(*got)->root().find("actions")->size() == 2);
}

TEST_CASE("what the API hands on is the same text, by whichever road it was written or is read") {
  const temp_dir one;
  const temp_dir other;
  std::vector<std::vector<std::string>> all;
  for (const auto* folder : {&one, &other}) {
    const auto first = folder == &one ? road::in_process : road::http;
    const auto second = folder == &one ? road::http : road::in_process;
    {
      reached_store store{*folder, first};
      fill(store);
      all.push_back(texts(store));
    }
    reached_store store{*folder, second};
    all.push_back(texts(store));
    const auto checked = store.service().data().check();
    REQUIRE(checked);
    CHECK(checked->problems == std::vector<std::string>{});
    const auto verified = store.service().data().verify();
    REQUIRE(verified);
    CHECK_FALSE(verified->broken);
  }
  CHECK(all[0].front().find(incident_number(1).str()) != std::string::npos);  // they do not agree on nothing
  CHECK(all[0] == all[1]);
  CHECK(all[0] == all[2]);
  CHECK(all[0] == all[3]);
}
