#include "persistence/ruvector_answers.hpp"

#include <catch2/catch_test_macros.hpp>

#include "messages/json/codec.hpp"
#include "tests/persistence/samples.hpp"
#include "tests/persistence/service_answers.hpp"

namespace {

using namespace im;
using namespace im::persistence;
using namespace im::test;
using kind = write_outcome::kind;

const std::string holder = id_of<incident_id>("holder").str();

using ruvector::append_outcome;
using ruvector::append_result;

/// The same result for each event of a write.
std::string results_of(const std::vector<incident_write>& writes, const std::vector<append_result>& each) {
  std::vector<append_result> all;
  for (std::size_t i = 0; i < writes.size(); ++i)
    for (const auto& event : writes[i].events) {
      all.push_back(each[i]);
      all.back().id = event->id;
    }
  return batch_answer(all);
}

append_result created() { return {}; }

append_result duplicate(std::optional<bool> identical = {}) {
  append_result r;
  r.outcome = append_outcome::duplicate;
  r.identical = identical;
  return r;
}

append_result conflict(std::optional<std::uint64_t> head = {}, std::optional<incident_id> open = {}) {
  append_result r;
  r.outcome = append_outcome::conflict;
  r.head = head;
  r.incident_id = open;
  return r;
}

result<write_outcome> one(const append_result& each) {
  const std::vector writes{sample_write("a", 1, 2)};
  const auto results = parse_batch_results(results_of(writes, {each}), writes);
  REQUIRE(results);
  REQUIRE(results->size() == 1);
  return results->front();
}

std::string log_text(std::uint64_t first, std::uint64_t last, const std::string& tail) {
  json::writer out;
  out.begin_array();
  for (const auto& event : sample_batch("a", first, last).events) json::write(out, *event);
  out.end_array();
  return R"({"events":)" + out.take() + tail + "}";
}

}  // namespace

TEST_CASE("created, and a duplicate that is our own earlier attempt, are committed") {
  REQUIRE(one(created())->what == kind::committed);
  auto again = duplicate(true);
  again.sequence = 1;
  REQUIRE(one(again)->what == kind::committed);
}

TEST_CASE("a duplicate of a request says what that led to") {
  auto covered = duplicate();
  covered.request =
      ruvector::covered_by{"r", id_of<incident_id>("holder"), id_of<event_id>("holder"), 7, disposition::attached};
  const auto got = one(covered);
  REQUIRE(got->what == kind::covered);
  REQUIRE(got->covered->request == "r");
  REQUIRE(got->covered->incident_id.str() == holder);
  REQUIRE(got->covered->sequence == 7);
  REQUIRE(got->covered->disposition == disposition::attached);
}

TEST_CASE("conflicts tell the head of the log, or who holds the fingerprint") {
  const auto taken = one(conflict(12));
  REQUIRE(taken->what == kind::sequence_taken);
  REQUIRE(taken->head == 12);
  REQUIRE(one(conflict())->what == kind::sequence_taken);
  const auto held = one(conflict({}, id_of<incident_id>("holder")));
  REQUIRE(held->what == kind::fingerprint_taken);
  REQUIRE(held->open_incident->str() == holder);
}

TEST_CASE("a single write's conflict says why in its error's details") {
  const auto own = id_of<incident_id>("a");
  const auto got = parse_conflict(ruvector::error_reply({errc::conflict, "why"}, json::encode(conflict(4))).body, own);
  REQUIRE(got->what == kind::sequence_taken);
  REQUIRE(got->head == 4);
  REQUIRE_FALSE(parse_conflict("{}", own));
  REQUIRE_FALSE(parse_conflict("gone", own));
}

TEST_CASE("an outcome that we do not know fails its incident alone") {
  const std::vector writes{sample_write("a", 1, 1), sample_write("b", 1, 1)};
  const auto known = results_of(writes, {created(), duplicate(false)});
  const std::string second = R"("outcome":"duplicate","identical":false)";
  const auto at = known.find(second);
  REQUIRE(at != std::string::npos);
  for (const auto* rest : {second.c_str(), R"("outcome":"rejected")", R"("outcome":"duplicate")",
                           R"("outcome":"duplicate","request":{})", R"("result":"created")"}) {
    auto body = known;
    const auto results = parse_batch_results(body.replace(at, second.size(), rest), writes);
    REQUIRE(results->at(0)->what == kind::committed);
    REQUIRE(results->at(1).error().code == errc::internal);
  }
}

TEST_CASE("results are matched by id, whatever their order") {
  const std::vector writes{sample_write("a", 1, 2), sample_write("b", 1, 1)};
  const std::vector turned{writes[1], writes[0]};
  const auto results = parse_batch_results(results_of(turned, {conflict(3), created()}), writes);
  REQUIRE(results);
  REQUIRE(results->at(0)->what == kind::committed);
  REQUIRE(results->at(1)->what == kind::sequence_taken);
}

TEST_CASE("a batch's answer that is cut, or lacks an event, is no answer") {
  const std::vector writes{sample_write("a", 1, 2), sample_write("b", 1, 1)};
  const auto whole = results_of(writes, {created(), created()});
  REQUIRE(parse_batch_results(whole, writes));
  for (std::size_t size = 0; size < whole.size(); ++size)
    REQUIRE_FALSE(parse_batch_results(std::string_view{whole}.substr(0, size), writes));
  REQUIRE_FALSE(parse_batch_results(results_of({writes[0]}, {created()}), writes));
  REQUIRE_FALSE(parse_batch_results(R"({"results":{}})", writes));
}

TEST_CASE("a log's page knows whether there is more") {
  const auto page = parse_log(log_text(3, 5, ""), 3);
  REQUIRE(page);
  REQUIRE(page->events.size() == 3);
  REQUIRE(page->events.front()->sequence == 3);
  REQUIRE(page->events.front()->id == sample_event("a", 3)->id);
  REQUIRE(page->more);
  REQUIRE_FALSE(parse_log(log_text(3, 5, ""), 4)->more);
  REQUIRE(parse_log(log_text(3, 5, R"(,"head":9)"), 100)->more);
  REQUIRE_FALSE(parse_log(log_text(3, 5, R"(,"head":5)"), 3)->more);
  REQUIRE_FALSE(parse_log(R"({"events":[]})", 3)->more);
}

TEST_CASE("a log that is out of order, or holds what is no event, is no log") {
  REQUIRE_FALSE(parse_log(R"({"events":[{"id":1}]})", 3));
  REQUIRE_FALSE(parse_log(R"({})", 3));
  json::writer out;
  out.begin_array();
  json::write(out, *sample_event("a", 2));
  json::write(out, *sample_event("a", 1));
  out.end_array();
  REQUIRE_FALSE(parse_log(out.str(), 3));
}

TEST_CASE("a fingerprint's newest incident, and whether it is open") {
  const auto page = [](incident_status status) { return newest_answer(id_of<incident_id>("holder"), status); };
  REQUIRE(parse_fingerprint(page(incident_status::escalated))->open);
  REQUIRE(parse_fingerprint(page(incident_status::escalated))->newest->str() == holder);
  REQUIRE_FALSE(parse_fingerprint(page(incident_status::resolved))->open);
  REQUIRE(parse_fingerprint(page(incident_status::closed))->newest);
  REQUIRE_FALSE(parse_fingerprint(page_answer({}))->newest);
  auto lost = page(incident_status::escalated);
  const std::string status = R"("status":"ESCALATED")";
  REQUIRE(lost.find(status) != std::string::npos);
  REQUIRE_FALSE(parse_fingerprint(lost.replace(lost.find(status), status.size(), R"("status":"LOST")")));
}

TEST_CASE("deadlines come as a list or as a page") {
  const auto entry =
      R"([{"incident_id":")" + holder + R"(","kind":"approval","due_at":"2026-11-22T01:00:00.000Z","cursor":"17.x"}])";
  const auto list = parse_due(entry, 2);
  REQUIRE(list);
  REQUIRE(list->entries.at(0).due_at == t0);
  REQUIRE(list->entries.at(0).kind == deadline_kind::approval);
  REQUIRE(list->next_cursor.empty());
  REQUIRE(parse_due(entry, 1)->next_cursor == "17.x");
  REQUIRE(parse_due(R"({"items":)" + entry + R"(,"next_cursor":"c"})", 2)->next_cursor == "c");
  REQUIRE_FALSE(parse_due(R"([{"incident_id":"x"}])", 2));
}

TEST_CASE("health: healthy and degraded serve") {
  REQUIRE(parse_health(R"({"status":"healthy"})"));
  const auto degraded = parse_health(
      R"({"status":"degraded","checks":[{"name":"a","status":"pass"},{"name":"b","status":"warn","message":"it grows"}]})");
  REQUIRE(degraded);
  REQUIRE(degraded->warnings == std::vector<std::string>{"b: it grows"});
  const auto unhealthy =
      parse_health(R"({"status":"unhealthy","checks":[{"name":"database_read","status":"pass","message":""},)"
                   R"({"name":"database_write","status":"fail","message":"the disk is full"}]})");
  REQUIRE(unhealthy.error().code == errc::store_unavailable);
  REQUIRE(unhealthy.error().message == "the store is unhealthy, database_write: the disk is full");
  REQUIRE(parse_health(R"({"status":"unhealthy"})").error().code == errc::store_unavailable);
  REQUIRE(parse_health("<html>").error().code == errc::store_unavailable);
}
