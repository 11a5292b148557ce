#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <limits>
#include <set>

#include "messages/hash.hpp"
#include "messages/ids.hpp"
#include "messages/incident.hpp"
#include "messages/limits.hpp"
#include "tests/support/samples.hpp"

namespace {

using namespace im;
using namespace im::test;

TEST_CASE("a version 5 id is the one that RFC 9562 gives") {
  const auto dns = uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
  REQUIRE(dns);
  CHECK(uuid::v5(*dns, "www.example.com").str() == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  CHECK(derive_event_id("a") == derive_event_id("a"));
  CHECK(derive_event_id("a") != derive_event_id("b"));
}

TEST_CASE("an id that is derived from a version 7 id sorts by its time, and is its own in all else") {
  const std::string early = uuid::v7(t0).str();
  const std::string late = uuid::v7(after(1)).str();
  std::set<uuid> seen;
  for (const auto& cause : {"events:" + early, "entailed:1:events:" + early, "events:" + early + "/gate", early,
                            late + " and then " + early, "x-" + early + "-"}) {
    CAPTURE(cause);
    const auto id = derive_event_id(cause).value();
    CHECK(id == derive_event_id(cause).value());
    CHECK(id.str().substr(0, 13) == early.substr(0, 13));
    CHECK(id.bytes()[6] >> 4 == 8);
    CHECK(id.bytes()[8] >> 6 == 2);
    CHECK(seen.insert(id).second);
  }
  CHECK(*seen.rbegin() < derive_event_id("events:" + late).value());
  const auto other = uuid::parse("2ed6657d-e927-4686-95e1-2665a8aea6a2");
  for (const auto* cause :
       {"a", "", "-", "2ed6657d-e927-4686-95e1-2665a8aea6a2", "01a20ef1-e604-7a35-845f-00000000cb1"})
    CHECK(other->at_time_in(cause) == other);
}

TEST_CASE("version 7 ids sort by their time, carry it and never repeat") {
  std::set<uuid> seen;
  uuid before;
  for (int i = 0; i < 1000; ++i) {
    const auto id = uuid::v7(after(i * 0.001));
    CHECK(before < id);
    CHECK(seen.insert(id).second);
    CHECK(id.bytes()[6] >> 4 == 7);
    CHECK(id.bytes()[8] >> 6 == 2);
    before = id;
  }
  for (int i = 0; i < 1000; ++i) CHECK(seen.insert(uuid::v7(t0)).second);
  CHECK(uuid::v7(time_point{milliseconds{0x0123456789AB}}).str().starts_with("01234567-89ab-7"));
}

TEST_CASE("ids are read in either case and in no other form") {
  const auto id = uuid::parse("2ED6657D-E927-568b-95e1-2665A8AEA6A2");
  REQUIRE(id);
  CHECK(id->str() == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  for (const auto* bad : {"", "2ed6657de927568b95e12665a8aea6a2", "{2ed6657d-e927-568b-95e1-2665a8aea6a2}",
                          "2ed6657d-e927-568b-95e1-2665a8aea6a", "2ed6657d-e927-568b-95e1-2665a8aea6a2 ",
                          "2ed6657g-e927-568b-95e1-2665a8aea6a2", "2ed6657d+e927-568b-95e1-2665a8aea6a2",
                          "2ed6657d-e927-568b-95e1--665a8aea6a2"}) {
    CAPTURE(bad);
    CHECK_FALSE(uuid::parse(bad));
  }
}

TEST_CASE("an incident's shard is the shard of its fingerprint") {
  std::set<std::size_t> used;
  for (std::size_t shards = 1; shards <= 16; ++shards)
    for (int i = 0; i < 200; ++i) {
      const auto fingerprint = "fingerprint " + std::to_string(i);
      const auto shard = shard_of_fingerprint(fingerprint, shards);
      CHECK(shard < shards);
      CHECK(shard_of(mint_incident_id(after(i), fingerprint), shards) == shard);
      if (shards == limits::registry_shards) used.insert(shard);
    }
  CHECK(used.size() == limits::registry_shards);
}

TEST_CASE("times are written in UTC with milliseconds") {
  CHECK(to_string(t0) == "2026-11-22T01:00:00.000Z");
  CHECK(to_string(time_point{milliseconds{1}}) == "1970-01-01T00:00:00.001Z");
}

TEST_CASE("times are read as RFC 3339 has them") {
  const std::vector<std::pair<std::string_view, std::string_view>> rows{
      {"2026-11-22T01:00:00.000Z", "2026-11-22T01:00:00.000Z"},
      {"2026-11-22T01:00:00Z", "2026-11-22T01:00:00.000Z"},
      {"2026-11-22t01:00:00z", "2026-11-22T01:00:00.000Z"},
      {"2026-11-22 01:00:00Z", "2026-11-22T01:00:00.000Z"},
      {"2026-11-22T01:00:00.5Z", "2026-11-22T01:00:00.500Z"},
      {"2026-11-22T01:00:00.123456789Z", "2026-11-22T01:00:00.123Z"},
      {"2026-11-22T01:00:00.9999Z", "2026-11-22T01:00:00.999Z"},
      {"2026-11-22T01:00:00+05:30", "2026-11-21T19:30:00.000Z"},
      {"2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"},
      {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
      {"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
      {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"}};
  for (const auto& [text, expected] : rows) {
    CAPTURE(text);
    const auto at = parse_time(text);
    REQUIRE(at);
    CHECK(to_string(*at) == expected);
  }
}

TEST_CASE("what is no time is none") {
  for (const auto* bad : {"",
                          "2026-11-22",
                          "2026-11-22T01:00Z",
                          "2026-11-22T01:00:00",
                          "2026-11-22T01:00:00.Z",
                          "2026-11-22T01:00:00,5Z",
                          "2026-11-22T24:00:00Z",
                          "2026-11-22T01:60:00Z",
                          "2026-11-22T01:00:61Z",
                          "2026-02-29T00:00:00Z",
                          "2026-13-01T00:00:00Z",
                          "2026-00-01T00:00:00Z",
                          "2026-11-31T00:00:00Z",
                          "1969-12-31T23:59:59Z",
                          "10000-01-01T00:00:00Z",
                          "2026-11-22T01:00:00+0530",
                          "2026-11-22T01:00:00+05",
                          "2026-11-22T01:00:00+24:00",
                          "2026-11-22T01:00:00Z ",
                          " 2026-11-22T01:00:00Z",
                          "2026-1-22T01:00:00Z",
                          "2026-11-22T01:00:00ZZ",
                          "-026-11-22T01:00:00Z",
                          "1970-01-01T00:00:00+01:00",
                          "9999-12-31T23:59:59-01:00",
                          "1700000000"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_time(bad));
  }
}

TEST_CASE("whatever moment is written can be read again") {
  CHECK(to_string(first_time) == "1970-01-01T00:00:00.000Z");
  CHECK(to_string(last_time) == "9999-12-31T23:59:59.999Z");
  for (const auto at : {first_time, first_time - milliseconds{1}, time_point::min(), t0, last_time,
                        last_time + milliseconds{1}, time_point::max()}) {
    const auto again = parse_time(to_string(at));
    REQUIRE(again);
    CHECK((*again == at) == readable(at));
  }
}

TEST_CASE("a moment that is counted stays within what can be read, whatever the number") {
  CHECK(later(t0, 0) == t0);
  CHECK(later(t0, 900) == t0 + seconds{900});
  CHECK(later(t0, -900) == t0 - seconds{900});
  CHECK(later(t0, 0.0011) == t0 + milliseconds{2});  // never early
  constexpr auto infinite = std::numeric_limits<double>::infinity();
  for (const double far : {1e12, 1e300, infinite, std::numeric_limits<double>::quiet_NaN()})
    CHECK(later(t0, far) == last_time);
  for (const double far : {-1e12, -1e300, -infinite}) CHECK(later(t0, far) == first_time);
  CHECK(later(last_time, 0.001) == last_time);
  CHECK(later(time_point::max(), 1) == last_time);
  CHECK(later(time_point::min(), 1) == first_time + seconds{1});
}

TEST_CASE("seconds between keep fractions and sign") {
  CHECK(seconds_between(t0, after(1.5)) == 1.5);
  CHECK(seconds_between(after(2), t0) == -2);
}

TEST_CASE("digests are the known ones") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==  // RFC 4231, case 2
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(to_hex(std::string_view{"\x00\xff\x10", 3}) == "00ff10");
}

TEST_CASE("a derived fingerprint tells its inputs apart") {
  const affected_resource a{resource_type::service, "a", "A", {}};
  const affected_resource b{resource_type::model, "a", "A", {}};
  const auto of = [](std::string_view source, const affected_resource& resource, std::string_view title) {
    return derive_fingerprint(source, incident_category::other, resource, title);
  };
  CHECK(of("s", a, "t") == of("s", a, "t"));
  CHECK(of("s", a, "t") != of("s", b, "t"));
  CHECK(of("s\",\"", a, "t") != of("s", a, "\",\"t"));
  CHECK(of("s", a, "t").size() == 64);
}

}  // namespace
