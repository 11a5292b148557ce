#include "telemetry/observatory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "messages/json/codec.hpp"
#include "telemetry/observation_buffer.hpp"
#include "tests/support/fake_observatory.hpp"

using namespace im;
using namespace im::telemetry;
using namespace im::test;
using namespace std::chrono_literals;

namespace {

observation numbered(int n) {
  return {observation_type::decision_made, "incident-manager:1.0.0:test", {}, {}, {}, {{"n", n}}, {}};
}

std::vector<int> numbers(const std::vector<observation>& all) {
  std::vector<int> out;
  for (const auto& one : all) out.push_back(static_cast<int>(one.metrics.at("n")));
  return out;
}

/// Of a test that does not wait for age or pauses.
observatory_config hurried(http::origin to) {
  observatory_config config{.endpoint = std::move(to)};
  config.age = 1ms;
  config.least_pause = 1ms;
  config.most_pause = 4ms;
  return config;
}

struct counted {
  telemetry::metrics metrics{{"1.0.0", "test", "dev"}};
};

}  // namespace

TEST_CASE("the oldest observations are dropped when there are too many") {
  observation_buffer buffer{3};
  CHECK(buffer.add(numbered(1)) == 0);
  CHECK(buffer.add(numbered(2)) == 0);
  auto taken = buffer.take(2);
  CHECK(numbers(taken) == std::vector{1, 2});
  CHECK(buffer.add(numbered(3)) == 0);
  CHECK(buffer.add(numbered(4)) == 0);
  const auto dropped = buffer.give_back(std::move(taken));
  CHECK(dropped == 1);
  CHECK(buffer.add(numbered(5)) == 1);
  CHECK(numbers(buffer.take(9)) == std::vector{3, 4, 5});
  CHECK(buffer.size() == 0);
}

TEST_CASE("an observation reads as the contract has it") {
  observation told = numbered(7);
  told.payload.text = R"({"incident_id":"x"})";
  told.tags = {{"agent", "incident-manager"}};
  CHECK(json::encode(told) ==
        R"({"event_type":"decision_made","agent_id":"incident-manager:1.0.0:test",)"
        R"("execution_ref":"00000000-0000-0000-0000-000000000000","timestamp":"1970-01-01T00:00:00.000Z",)"
        R"("payload":{"incident_id":"x"},"metrics":{"n":7},"tags":{"agent":"incident-manager"}})");
}

TEST_CASE("what is told arrives in order, with the common tags and the key") {
  counted c;
  fake_observatory there;
  auto config = hurried(there.endpoint());
  config.age = 1h;
  config.batch = 2;
  config.api_key = http::secret{"s3cret"};
  config.tags = {{"region", "eu"}};
  observatory to{std::move(config), c.metrics};
  for (int n = 1; n <= 3; ++n) to.tell(numbered(n));

  const auto full = there.posts.take();  // left at once
  CHECK(numbers(full.events) == std::vector{1, 2});
  CHECK(full.events.front().tags.at("region") == "eu");
  CHECK(full.authorization == "Bearer s3cret");
  CHECK(to.flush(http::testing::patience) == 0);
  CHECK(numbers(there.posts.take().events) == std::vector{3});
  CHECK(c.metrics.observations_sent.value() == 3);
  CHECK(c.metrics.observations_dropped.value() == 0);
}

TEST_CASE("a small batch leaves by age") {
  counted c;
  fake_observatory there;
  observatory to{hurried(there.endpoint()), c.metrics};
  to.tell(numbered(1));
  CHECK(numbers(there.posts.take().events) == std::vector{1});
}

TEST_CASE("what it does not take is sent again until it does") {
  counted c;
  fake_observatory there{{http::status::service_unavailable, http::status::unauthorized}};
  observatory to{hurried(there.endpoint()), c.metrics};
  to.tell(numbered(1));
  for (int attempt = 0; attempt < 3; ++attempt) CHECK(numbers(there.posts.take().events) == std::vector{1});
  CHECK(to.flush(http::testing::patience) == 0);
  CHECK(c.metrics.observatory_failures.value() == 2);
  CHECK(c.metrics.observations_sent.value() == 1);
}

TEST_CASE("what it cannot read is dropped and counted, and nothing waits behind it") {
  counted c;
  fake_observatory there{{http::status::bad_request}};
  auto config = hurried(there.endpoint());
  config.least_pause = config.most_pause = 1h;
  observatory to{std::move(config), c.metrics};
  for (int n = 1; n <= 3; ++n) {  // the second comes when all is quiet again
    to.tell(numbered(n));
    CHECK(numbers(there.posts.take().events) == std::vector{n});
    CHECK(to.flush(http::testing::patience) == 0);
  }
  CHECK(c.metrics.observations_dropped.value() == 1);
  CHECK(c.metrics.observations_sent.value() == 2);
}

TEST_CASE("a post that is too large is halved") {
  counted c;
  fake_observatory there{{http::status::payload_too_large, http::status::payload_too_large}};
  auto config = hurried(there.endpoint());
  config.age = config.least_pause = config.most_pause = 1h;
  config.batch = 4;
  observatory to{std::move(config), c.metrics};
  for (int n = 1; n <= 4; ++n) to.tell(numbered(n));
  CHECK(numbers(there.posts.take().events) == std::vector{1, 2, 3, 4});
  CHECK(numbers(there.posts.take().events) == std::vector{1, 2});
  CHECK(numbers(there.posts.take().events) == std::vector{1});
  CHECK(to.flush(http::testing::patience) == 0);
  CHECK(c.metrics.observations_dropped.value() == 0);
  CHECK(c.metrics.observations_sent.value() == 4);
}

TEST_CASE("a post ends at its bytes, whatever its count") {
  counted c;
  fake_observatory there;
  auto config = hurried(there.endpoint());
  config.age = 1h;
  config.batch = 3;
  observatory to{std::move(config), c.metrics};
  for (int n = 1; n <= 3; ++n) {
    auto large = numbered(n);
    large.tags.emplace("text", std::string(limits::observatory_post_bytes / 2, 'x'));
    to.tell(std::move(large));
  }
  CHECK(numbers(there.posts.take().events) == std::vector{1, 2});
  CHECK(to.flush(http::testing::patience) == 0);
  CHECK(numbers(there.posts.take().events) == std::vector{3});
}

TEST_CASE("while it is away the newest wait, and the oldest are dropped") {
  counted c;
  auto config = hurried({.tls = false, .host = "127.0.0.1", .port = 1, .base = {}});  // nobody listens there
  config.buffered = 4;
  observatory to{std::move(config), c.metrics};
  for (int n = 1; n <= 10; ++n) to.tell(numbered(n));
  CHECK(to.flush(http::testing::patience) == 4);
  CHECK(c.metrics.observations_dropped.value() == 6);
  CHECK(c.metrics.observations_sent.value() == 0);
  CHECK(c.metrics.observatory_failures.value() >= 1);
}

TEST_CASE("after a time away all that is told arrives again") {
  counted c;
  fake_observatory there{{http::status::service_unavailable}};
  observatory to{hurried(there.endpoint()), c.metrics};
  to.tell(numbered(1));
  CHECK(numbers(there.posts.take().events) == std::vector{1});
  CHECK(numbers(there.posts.take().events) == std::vector{1});
  CHECK(to.flush(http::testing::patience) == 0);
  to.tell(numbered(2));
  CHECK(numbers(there.posts.take().events) == std::vector{2});
}

TEST_CASE("an endpoint that takes a post and never answers holds up neither a flush nor the end") {
  counted c;
  const test::silent_server there;
  auto config = hurried({.tls = false, .host = "127.0.0.1", .port = there.port(), .base = {}});
  config.timeout = 1h;
  observatory to{std::move(config), c.metrics};
  to.tell(numbered(1));
  to.tell(numbered(2));
  CHECK(to.flush(10ms) == 2);
}

TEST_CASE("figures are told by themselves") {
  counted c;
  c.metrics.votes[vote_decision::approved].add(2);
  c.metrics.votes[vote_decision::rejected].add();
  c.metrics.commit_commands.observe(5);
  fake_observatory there;
  auto config = hurried(there.endpoint());
  config.figures_every = 1ms;
  config.figures = [&c] {
    observation figures;
    figures.metrics = c.metrics.totals();
    return figures;
  };
  observatory to{std::move(config), c.metrics};
  const auto told = there.posts.take().events;
  REQUIRE_FALSE(told.empty());
  CHECK(told.front().event_type == observation_type::metric);
  CHECK(told.front().metrics.at("llm_im_votes_total") == 3);
  CHECK(told.front().metrics.at("llm_im_commit_commands_count") == 1);
  CHECK(told.front().metrics.at("llm_im_commit_commands_sum") == 5);
}
