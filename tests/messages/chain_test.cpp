#include "messages/chain.hpp"

#include <catch2/catch_test_macros.hpp>

#include "messages/hash.hpp"
#include "messages/json/codec.hpp"
#include "tests/support/filler.hpp"

namespace {

using namespace im;

decision_event sealed(std::uint64_t sequence, std::string_view previous) {
  auto event = test::filled(decision_event{});
  event.fact.value = fact::noted{};
  event.sequence = sequence;
  seal(event, previous);
  return event;
}

TEST_CASE("a sealed event's digest is that of its text, which names the digest before it") {
  const auto first = sealed(1, "");
  const auto second = sealed(2, first.hash);
  CHECK(first.hash == sha256_hex(first.text));
  CHECK(first.text.find("previous_hash") == std::string::npos);
  CHECK(second.text.find("\"previous_hash\":\"" + first.hash + '"') != std::string::npos);
  CHECK(second.hash != first.hash);
}

TEST_CASE("what is read back and written again has the same digest") {
  const auto event = sealed(2, sha256_hex("the one before"));
  const auto read = json::decode<decision_event>(event.text);
  REQUIRE(read);
  CHECK(sha256_hex(json::encode(*read)) == event.hash);
  CHECK(json::document::parse(event.text)->root().text() == event.text);  // as a store minifies it
}

TEST_CASE("no event is sealed with a time that nobody could read again") {
  for (const auto at : {time_point::min(), first_time - milliseconds{1}, last_time + milliseconds{1}}) {
    auto event = test::filled(decision_event{});
    event.timestamp = at;
    event.review_deadline = at;
    postmortem_output document;
    document.key_moments = {{at, "Acknowledged", {}}};
    event.fact.value = fact::postmortem_written{document};
    seal(event, "");
    CHECK(json::decode<decision_event>(event.text, json::read_bounds::stored()));
  }
}

TEST_CASE("the fold knows the digest of its head, and a link that does not fit it is seen") {
  incident_state state;
  const auto first = sealed(1, "");
  CHECK(links_to(state, first));
  CHECK_FALSE(links_to(state, sealed(1, sha256_hex("the beginning that was cut off"))));
  apply(state, first);
  CHECK(state.head_hash == first.hash);
  CHECK(links_to(state, sealed(2, first.hash)));
  CHECK_FALSE(links_to(state, sealed(2, "")));
  CHECK_FALSE(links_to(state, sealed(2, sha256_hex("another"))));
  state.head_hash.clear();  // read from a store that may rewrite documents
  CHECK(links_to(state, sealed(2, "")));
}

TEST_CASE("the first event of a log links to nothing before it") {
  const incident_state nothing;
  CHECK(links_to(nothing, sealed(1, "")));
  CHECK_FALSE(links_to(nothing, sealed(1, sha256_hex("an event of another log"))));
}

}  // namespace
