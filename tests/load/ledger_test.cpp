#include <catch2/catch_test_macros.hpp>

#include "messages/json/writer.hpp"
#include "tests/load/ledger.hpp"
#include "tests/load/reconcile.hpp"

using namespace im;
using namespace im::load;

namespace {

const time_point some_moment{std::chrono::hours{500'000}};
const incident_id first = incident_id::mint(some_moment);
const incident_id second = incident_id::mint(some_moment);

/// Operations 0, 1 and 5 were acknowledged, the last for another incident.
ledger three_acknowledged() {
  ledger noted;
  noted.acknowledge(0, first);
  noted.acknowledge(1, first);
  noted.acknowledge(5, second);
  return noted;
}

/// A page of a log whose events, from sequence `from` on, each cover one request.
std::string page_of(const std::vector<std::string>& requests, int from, int head) {
  json::writer out;
  out.begin_object();
  out.key("events");
  out.begin_array();
  for (const auto& request : requests) {
    out.begin_object();
    out.key("sequence");
    out.number(from++);
    out.key("request_ids");
    out.begin_array();
    out.string(request);
    out.end_array();
    out.end_object();
  }
  out.end_array();
  out.key("head");
  out.number(head);
  out.end_object();
  return out.take();
}

}  // namespace

TEST_CASE("what was acknowledged and is found once, where it was told, holds") {
  const auto noted = three_acknowledged();
  reconciler r{noted};
  r.found(5, second);
  r.found(0, first);
  r.found(1, first);
  const auto sum = r.finish();
  CHECK(sum.holds());
  CHECK(sum.acknowledged == 3);
  CHECK(sum.incidents == 2);
  CHECK(sum.extra == 0);
}

TEST_CASE("what is in no log is missing") {
  const auto noted = three_acknowledged();
  reconciler r{noted};
  r.found(0, first);
  const auto sum = r.finish();
  CHECK(sum.missing == 2);
  CHECK_FALSE(sum.holds());
}

TEST_CASE("what is found twice is doubled, acknowledged or not") {
  const auto noted = three_acknowledged();
  reconciler r{noted};
  for (const auto operation : {0U, 1U, 1U, 3U, 3U, 77U}) r.found(operation, first);
  r.found(5, second);
  const auto sum = r.finish();
  CHECK(sum.missing == 0);
  CHECK(sum.doubled == 2);
  CHECK(sum.extra == 2);
  CHECK_FALSE(sum.holds());
}

TEST_CASE("what is found in another incident's log is misplaced") {
  const auto noted = three_acknowledged();
  reconciler r{noted};
  r.found(0, second);
  r.found(1, first);
  r.found(5, second);
  CHECK(r.finish().misplaced == 1);
  CHECK_FALSE(r.finish().holds());
}

TEST_CASE("an acknowledgement told twice is one, and threads' ledgers add up") {
  auto noted = three_acknowledged();
  noted.acknowledge(0, first);
  CHECK(noted.acknowledged() == 3);
  ledger other;
  other.acknowledge(9, second);
  other.acknowledge(2, incident_id::mint(some_moment));
  noted.merge(other);
  CHECK(noted.acknowledged() == 5);
  CHECK(noted.incidents().size() == 3);
  REQUIRE(noted.told(9) != nullptr);
  CHECK(*noted.told(9) == second);
  CHECK(noted.told(3) == nullptr);
  CHECK(noted.told(1000) == nullptr);
}

TEST_CASE("a run knows its own ids again, whatever stands in front, and no others") {
  const run_id ids{uuid::v7(some_moment)};
  for (const std::uint64_t n : {0ULL, 1ULL, 255ULL, 1'000'000'007ULL, (1ULL << 48U) - 1}) {
    const auto text = ids.text(n);
    CHECK(uuid::parse(view(text)).has_value());
    CHECK(ids.number(view(text)) == n);
    CHECK(ids.number("events:" + std::string{view(text)}) == n);
    CHECK_FALSE(ids.number(std::string{view(text)} + ":resolved").has_value());
  }
  CHECK(view(ids.text(7)) < view(ids.text(8)));
  CHECK(view(ids.text(8'000)).substr(0, 13) == uuid::v7(some_moment + seconds{1}).str().substr(0, 13));
  const run_id others{uuid::v7(some_moment)};
  CHECK_FALSE(ids.number(view(others.text(4))).has_value());
  CHECK_FALSE(ids.number("short").has_value());
}

TEST_CASE("a log is read page by page to its head") {
  const run_id ids{uuid::v7(some_moment)};
  const auto noted = three_acknowledged();
  reconciler r{noted};
  const auto id = [&](std::uint64_t n) { return "events:" + std::string{view(ids.text(n))}; };
  CHECK(read_log_page(page_of({id(0), "due:somebody:else"}, 1, 3), first, ids, r) == 2);
  CHECK_FALSE(read_log_page(page_of({id(1)}, 3, 3), first, ids, r).has_value());
  CHECK_FALSE(read_log_page(page_of({}, 0, 0), first, ids, r).has_value());
  CHECK_FALSE(read_log_page("no JSON", second, ids, r).has_value());
  const auto sum = r.finish();
  CHECK(sum.missing == 1);
  CHECK(sum.doubled == 0);
}
