#include "persistence/ruvector_answers.hpp"

#include <catch2/catch_test_macros.hpp>

#include "messages/json/codec.hpp"
#include "tests/persistence/samples.hpp"

namespace {

using namespace im;
using namespace im::persistence;
using namespace im::test;
using kind = write_outcome::kind;

const std::string holder = id_of<incident_id>("holder").str();

/// `{"id": …, rest}` for each event of a write.
std::string results_of(const std::vector<incident_write>& writes, const std::vector<std::string>& rests) {
  json::writer out;
  out.begin_object();
  out.key("results");
  out.begin_array();
  for (std::size_t i = 0; i < writes.size(); ++i)
    for (const auto& event : writes[i].events) out.raw(R"({"id":")" + event->id.str() + R"(",)" + rests[i] + "}");
  out.end_array();
  out.end_object();
  return out.take();
}

result<write_outcome> one(const std::string& rest) {
  const std::vector writes{sample_write("a", 1, 2)};
  const auto results = parse_batch_results(results_of(writes, {rest}), writes);
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
  REQUIRE(one(R"("outcome":"created")")->what == kind::committed);
  REQUIRE(one(R"("outcome":"duplicate","identical":true,"sequence":1)")->what == kind::committed);
}

TEST_CASE("a duplicate of a request says what that led to") {
  const auto got = one(R"("outcome":"duplicate","request":{"request_id":"r","incident_id":")" + holder +
                       R"(","event_id":")" + holder + R"(","sequence":7,"disposition":"attached"})");
  REQUIRE(got->what == kind::covered);
  REQUIRE(got->covered->request == "r");
  REQUIRE(got->covered->incident_id.str() == holder);
  REQUIRE(got->covered->sequence == 7);
  REQUIRE(got->covered->disposition == disposition::attached);
}

TEST_CASE("conflicts tell the head of the log, or who holds the fingerprint") {
  const auto taken = one(R"("outcome":"conflict","head":12)");
  REQUIRE(taken->what == kind::sequence_taken);
  REQUIRE(taken->head == 12);
  REQUIRE(one(R"("outcome":"conflict")")->what == kind::sequence_taken);
  const auto held = one(R"("outcome":"conflict","incident_id":")" + holder + "\"");
  REQUIRE(held->what == kind::fingerprint_taken);
  REQUIRE(held->open_incident->str() == holder);
}

TEST_CASE("a single write's conflict says why in its error's details") {
  const auto own = id_of<incident_id>("a");
  const auto got =
      parse_conflict(R"({"success":false,"error":{"code":"CONFLICT","details":{"outcome":"conflict","head":4}}})", own);
  REQUIRE(got->what == kind::sequence_taken);
  REQUIRE(got->head == 4);
  REQUIRE_FALSE(parse_conflict("{}", own));
  REQUIRE_FALSE(parse_conflict("gone", own));
}

TEST_CASE("an outcome that we do not know fails its incident alone") {
  for (const auto* rest :
       {R"("outcome":"rejected")", R"("outcome":"duplicate")", R"("outcome":"duplicate","identical":false)",
        R"("outcome":"duplicate","request":{})", R"("result":"created")"}) {
    const std::vector writes{sample_write("a", 1, 1), sample_write("b", 1, 1)};
    const auto results = parse_batch_results(results_of(writes, {R"("outcome":"created")", rest}), writes);
    REQUIRE(results->at(0)->what == kind::committed);
    REQUIRE(results->at(1).error().code == errc::internal);
  }
}

TEST_CASE("results are matched by id, whatever their order") {
  const std::vector writes{sample_write("a", 1, 2), sample_write("b", 1, 1)};
  const std::vector turned{writes[1], writes[0]};
  const auto results =
      parse_batch_results(results_of(turned, {R"("outcome":"conflict","head":3)", R"("outcome":"created")"}), writes);
  REQUIRE(results);
  REQUIRE(results->at(0)->what == kind::committed);
  REQUIRE(results->at(1)->what == kind::sequence_taken);
}

TEST_CASE("a batch's answer that is cut, or lacks an event, is no answer") {
  const std::vector writes{sample_write("a", 1, 2), sample_write("b", 1, 1)};
  const auto whole = results_of(writes, {R"("outcome":"created")", R"("outcome":"created")"});
  REQUIRE(parse_batch_results(whole, writes));
  for (std::size_t size = 0; size < whole.size(); ++size)
    REQUIRE_FALSE(parse_batch_results(std::string_view{whole}.substr(0, size), writes));
  REQUIRE_FALSE(parse_batch_results(results_of({writes[0]}, {R"("outcome":"created")"}), writes));
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
  const auto page = [](const std::string& status) {
    return R"({"items":[{"id":")" + holder + R"(","status":")" + status + R"("}]})";
  };
  REQUIRE(parse_fingerprint(page("ESCALATED"))->open);
  REQUIRE(parse_fingerprint(page("ESCALATED"))->newest->str() == holder);
  REQUIRE_FALSE(parse_fingerprint(page("RESOLVED"))->open);
  REQUIRE(parse_fingerprint(page("CLOSED"))->newest);
  REQUIRE_FALSE(parse_fingerprint(R"({"items":[]})")->newest);
  REQUIRE_FALSE(parse_fingerprint(page("LOST")));
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
  REQUIRE(parse_health(R"({"status":"degraded","checks":[]})"));
  REQUIRE(parse_health(R"({"status":"unhealthy"})").error().code == errc::store_unavailable);
  REQUIRE(parse_health("<html>").error().code == errc::store_unavailable);
}
