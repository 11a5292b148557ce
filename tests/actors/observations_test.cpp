#include "actors/observations.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "messages/json/node.hpp"
#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;
using telemetry::observation;
using telemetry::observation_type;

namespace {

class recorder final : public telemetry::observer {
public:
  void tell(observation what) noexcept override { told.push_back(std::move(what)); }

  [[nodiscard]] std::vector<observation> of(observation_type type) const {
    std::vector<observation> out;
    std::ranges::copy_if(told, std::back_inserter(out), [&](const observation& o) { return o.event_type == type; });
    return out;
  }

  std::vector<observation> told;
};

/// A member of an observation's payload, as text; empty: it has none.
std::string member(const observation& of, std::string_view name) {
  const auto payload = json::document::parse(of.payload.text);
  REQUIRE(payload);
  const auto value = payload->root().find(name);
  return value ? value->text() : std::string{};
}

struct observed_world {
  recorder heard;
  world w;
  observed_world() { observe(w.env, heard); }
};

}  // namespace

TEST_CASE("a command and what it led to are told once that is stored") {
  observed_world o;
  o.w.store->held = true;
  auto signal = signal_of(severity::p1);
  signal.context.correlation_id = "call-7";
  signal.context.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto answer = o.w.send(std::move(signal));
  o.w.run();
  CHECK(o.heard.told.empty());
  o.w.release();
  REQUIRE((*answer)->has_value());
  const auto& event = *(**answer)->event;

  const auto made = o.heard.of(observation_type::decision_made);
  REQUIRE(made.size() == 2);  // opened, and evaluated
  CHECK(made[0].agent_id == "incident-manager:1.0.0:test");
  CHECK(made[0].execution_ref == event.execution_ref);
  CHECK(made[0].timestamp == event.timestamp);
  CHECK(made[0].metrics.at("confidence") == 1);
  CHECK(made[0].tags.at("decision_type") == "incident_open");
  CHECK(made[1].tags.at("agent") == "incident-escalation");
  CHECK(member(made[0], "decision_event_id") == '"' + event.id.str() + '"');

  const auto asked = o.heard.of(observation_type::agent_invocation);
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].execution_ref == event.execution_ref);
  CHECK(member(asked[0], "incident_id") == '"' + event.incident_id.str() + '"');
  CHECK(member(asked[0], "decision_event_id") == '"' + event.id.str() + '"');
  CHECK(member(asked[0], "correlation_id") == R"("call-7")");
  CHECK(member(asked[0], "trace_id") == R"("4bf92f3577b34da6a3ce929d0e0e4736")");
  CHECK(member(asked[0], "parent_span_id") == R"("00f067aa0ba902b7")");
  CHECK(member(asked[0], "persisted") == "true");
  CHECK(o.heard.told.size() == 3);
}

TEST_CASE("a repetition is told of the incident that answers it") {
  observed_world o;
  auto signal = signal_of(severity::p2);
  const auto again = signal;
  const auto first = o.w.ask(std::move(signal));
  REQUIRE(first);
  const auto id = first->state->record.id;
  REQUIRE(o.w.ask(change_of(id, change_kind::resolve)));
  REQUIRE(o.w.ask(change_of(id, change_kind::close)));
  o.heard.told.clear();
  REQUIRE(o.w.ask(again)->replayed);
  REQUIRE(o.heard.told.size() == 1);
  CHECK(member(o.heard.told.front(), "incident_id") == '"' + id.str() + '"');
  CHECK(member(o.heard.told.front(), "replayed") == "true");
}

TEST_CASE("a refusal is told as an error of the agent that was asked, by its code alone") {
  observed_world o;
  const auto unknown = mint_incident_id(t0, "nobody's");
  REQUIRE_FALSE(o.w.ask(change_of(unknown, change_kind::acknowledge)));
  REQUIRE_FALSE(o.w.ask(read_of(unknown)));  // a read asks no agent
  REQUIRE(o.heard.told.size() == 1);
  const auto& told = o.heard.told.front();
  CHECK(told.event_type == observation_type::error);
  CHECK(told.tags.at("agent") == "incident-manager");
  CHECK(member(told, "code") == R"("NOT_FOUND")");
  CHECK(member(told, "persisted").empty());
  CHECK(told.payload.text.find("there is no incident") == std::string::npos);
}

TEST_CASE("the clock's own commands are told, too") {
  observed_world o;
  const auto id = opened(o.w, severity::p1);
  o.heard.told.clear();
  o.w.pass(seconds{181});  // P1 is evaluated again after three minutes
  const auto asked = o.heard.of(observation_type::agent_invocation);
  REQUIRE_FALSE(asked.empty());
  CHECK(asked.front().agent_id == "incident-escalation:1.0.0:test");
  CHECK(member(asked.front(), "incident_id") == '"' + id.str() + '"');
  CHECK(asked.size() <= o.heard.of(observation_type::decision_made).size());
}

TEST_CASE("a dry run decides, and stores nothing") {
  observed_world o;
  const auto id = opened(o.w);
  o.heard.told.clear();
  auto dry = evaluation_of(id, severity::p0);
  dry.context.dry_run = true;
  const auto answer = o.w.ask(std::move(dry));
  REQUIRE(answer);
  REQUIRE(o.heard.told.size() == 1);
  CHECK(o.heard.told.front().event_type == observation_type::agent_invocation);
  CHECK(member(o.heard.told.front(), "dry_run") == "true");
  CHECK(member(o.heard.told.front(), "persisted") == "false");
}
