/// The judge finds what it is there to find: each log here is a sound one with one thing wrong.

#include "tests/chaos/judge.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/chaos/model.hpp"

using namespace im::chaos;

namespace {

const js::object policy = js::parse(R"({
  "rules": [{"action_types": ["rollback", "escalation_override", "incident_closure"], "severities": ["P0", "P1"], "min_approvals": 2,
             "required_approvers": [{"approver_type": "incident_commander", "required": true},
                                    {"approver_type": "sre_lead", "required": true}]}],
  "closure_gated_severities": ["P0", "P1"]})")
                              .as_object();

const js::array both_roles = policy.at("rules").at(0).at("required_approvers").as_array();
const js::array one_role{both_roles.at(0)};

std::string second(int number) {
  return std::string{"2026-11-24T12:00:"} + (number < 10 ? "0" : "") + std::to_string(number) + ".000Z";
}

/// A log under construction; each event at the second that it is given.
class log_of {
public:
  log_of& add(js::object fact, int at, js::array requests = {}) {
    events_.push_back({{"id", "event " + std::to_string(events_.size() + 1)},
                       {"incident_id", "i"},
                       {"sequence", events_.size() + 1},
                       {"timestamp", second(at)},
                       {"request_ids", std::move(requests)},
                       {"fact", std::move(fact)}});
    return *this;
  }
  log_of& open(std::string_view severity = "P1") {
    return add({{"kind", "incident_opened"},
                {"incident",
                 {{"status", "NEW"},
                  {"severity", severity},
                  {"sla", {{"acknowledgment_deadline", second(10)}, {"resolution_deadline", second(40)}}}}}},
               0, {"events:open"});
  }
  /// A gate that asks two people by second 20.
  log_of& ask(std::string_view purpose = "action", std::string_view severity = "P1", int minimum = 2,
              const js::array& required = both_roles) {
    return add({{"kind", "gate_opened"},
                {"gate",
                 {{"purpose", purpose},
                  {"status", "pending"},
                  {"request",
                   {{"approval_request_id", "g"},
                    {"action_type", "rollback"},
                    {"incident_severity", severity},
                    {"approval_deadline", second(20)},
                    {"min_approvals_required", minimum},
                    {"required_approvers", required}}}}}},
               1, {"hitl.request:ask"});
  }
  log_of& vote(std::string_view who, std::string_view role, std::string_view status, int at,
               std::string_view decision = "approved") {
    return add({{"kind", "gate_changed"},
                {"request_id", "g"},
                {"status", status},
                {"vote", {{"approver_id", who}, {"approver_type", role}, {"decision", decision}}}},
               at);
  }
  log_of& decide(std::string_view status, int at, js::array requests = {}) {
    return add({{"kind", "gate_changed"}, {"request_id", "g"}, {"status", status}}, at, std::move(requests));
  }
  log_of& approve() { return vote("ada", "incident_commander", "pending", 2).vote("grace", "sre_lead", "approved", 3); }
  log_of& change(js::object members, int at) {
    members["kind"] = "incident_changed";
    return add(std::move(members), at);
  }
  log_of& evaluate(js::object members, int at, js::array requests = {}) {
    members["kind"] = "escalation_evaluated";
    return add(std::move(members), at, std::move(requests));
  }

  /// Sealed with the hashes that the texts have; `spoil` may change an event first.
  template <class Spoil>
  [[nodiscard]] incident_log sealed(Spoil spoil) const {
    incident_log log{"i", {}, {}};
    for (std::size_t i = 0; i < events_.size(); ++i) {
      auto event = events_[i];
      if (i == 1) event["previous_hash"] = first_hash;
      spoil(i + 1, event);
      log.texts.push_back(js::serialize(event));
      log.events.emplace_back(std::move(event));
    }
    return log;
  }
  [[nodiscard]] incident_log made() const {
    return sealed([](std::size_t, js::object&) {});
  }

  /// Of the text of `open()`, by sha256sum.
  static constexpr std::string_view first_hash = "61d712340bc2e285d3c67d3e237a2314c7037befc49574b287191092f511f5fd";

private:
  std::vector<js::object> events_;
};

template <class Judge>
std::string finds(const incident_log& log, Judge judge) {
  violations found;
  judge(log, found);
  return found.empty() ? std::string{} : found.front().what;
}

std::string gates(const log_of& log) {
  return finds(log.made(), [](const incident_log& made, violations& found) {
    tally counted;
    judge_gates(made, policy, counted, found);
  });
}

std::string clock(const log_of& log) {
  return finds(log.made(), [](const incident_log& made, violations& found) { judge_clock(made, found); });
}

bool says(const std::string& told, std::string_view what) {
  INFO(told);
  return told.find(what) != std::string::npos;
}

std::string requests(const log_of& log, const entry& made) {
  return finds(log.made(), [&](const incident_log& one, violations& found) {
    tally counted;
    judge_requests({one}, {made}, counted, found);
  });
}

}  // namespace

TEST_CASE("the elements of an array are cut out byte for byte") {
  const auto found = elements_of(R"({"x":"\"events\":[1]","events":[{"a":"],[\"{"}, [1,2],3],"y":[4]})", "events");
  CHECK(found == std::vector<std::string>{R"({"a":"],[\"{"})", " [1,2]", "3"});
  CHECK(elements_of(R"({"events":[]})", "events").empty());
}

TEST_CASE("a chain with a gap, a double or a wrong hash is found") {
  const auto log = log_of{}.open().change({{"status", "ACKNOWLEDGED"}}, 1);
  const auto chain = [](const incident_log& made, violations& found) { judge_chain(made, found); };
  const auto spoiled = [&](std::size_t which, auto spoil) {
    return finds(log.sealed([&](std::size_t sequence, js::object& event) {
      if (sequence == which) spoil(event);
    }),
                 chain);
  };
  CHECK(finds(log.made(), chain).empty());
  CHECK(says(spoiled(2, [](js::object& event) { event["sequence"] = 3; }), "a gap or a fork"));
  CHECK(says(spoiled(2, [](js::object& event) { event["id"] = "event 1"; }), "its id stands in the log twice"));
  CHECK(says(spoiled(2, [](js::object& event) { event["request_ids"] = js::array{"events:open"}; }),
             "request id stands"));
  CHECK(says(spoiled(2, [](js::object& event) { event.erase("previous_hash"); }), "previous_hash"));
  CHECK(says(spoiled(1, [](js::object& event) { event["timestamp"] = second(9); }), "previous_hash"));
  CHECK(says(spoiled(2, [](js::object& event) { event["incident_id"] = "j"; }), "another incident"));
  const auto attach = [](js::object& event) { event["fact"] = {{"kind", "signals_attached"}, {"count", 2}}; };
  CHECK(says(spoiled(2, attach), "counts other signals"));
}

TEST_CASE("a request that is lost, misplaced, or refused and done is found; one that is there once is not") {
  const std::string id = "0197b1c2-0000-7000-8000-000000000001";
  const auto log = log_of{}.open().change({{"status", "ACKNOWLEDGED"}}, 1);
  const auto with = log_of{log}.add({{"kind", "noted"}}, 2, {js::string{"hitl.request:i:" + id}});
  const auto twice = log_of{with}.add({{"kind", "noted"}}, 3, {js::string{"hitl.request:j:" + id}});
  entry made{.id = id, .what = "request", .incident = "i", .end = ending::acknowledged, .status = 200};
  CHECK(requests(with, made).empty());
  CHECK(says(requests(log, made), "is in no log"));
  CHECK(says(requests(twice, made), "more than once"));
  made.incident = "j";
  CHECK(says(requests(with, made), "the log of another incident"));
  made.end = ending::refused;
  CHECK(says(requests(with, made), "was refused and took effect"));
  CHECK(requests(log, made).empty());
  made.end = ending::unknown;
  CHECK(requests(with, made).empty());
  CHECK(requests(log, made).empty());
  const auto refusal = log_of{log}.add({{"kind", "vote_refused"}}, 2, {js::string{"hitl.decide:g:m:" + id}});
  made.end = ending::refused;
  made.by_rule = true;
  CHECK(requests(refusal, made).empty());
}

TEST_CASE("a request id that two incidents cover is found") {
  const auto log = log_of{}.open().made();
  auto other = log;
  other.id = "j";
  violations found;
  tally counted;
  judge_requests({log, other}, {}, counted, found);
  CHECK(counted.doubled == 1);
  CHECK(found.size() == 1);
}

TEST_CASE("two incidents that are open for one fingerprint are found, and one after the other is none") {
  auto first = log_of{}.open().made();
  auto second_one = first;
  second_one.id = "j";
  const auto closed = log_of{}.open().change({{"status", "RESOLVED"}}, 5).made();
  violations found;
  judge_openings({first, closed}, found);
  CHECK(found.empty());
  judge_openings({first, second_one}, found);
  CHECK(found.size() == 1);
}

TEST_CASE("a sound approval is sound, and one without its quorum, its people or its time is found") {
  const auto asked = log_of{}.open().ask();
  CHECK(gates(log_of{asked}.approve()).empty());
  CHECK(gates(log_of{asked}.vote("ada", "incident_commander", "rejected", 2, "rejected")).empty());
  CHECK(says(gates(log_of{asked}.vote("ada", "incident_commander", "approved", 2)), "without its quorum"));
  CHECK(
      says(gates(log_of{asked}.vote("ada", "incident_commander", "pending", 2).vote("ada", "sre_lead", "approved", 3)),
           "votes twice"));
  CHECK(gates(log_of{asked}
                  .vote("ada", "incident_commander", "pending", 2)
                  .vote("ada", "incident_commander", "rejected", 3, "rejected"))
            .empty());
  CHECK(says(gates(log_of{asked}.vote("eve", "executive", "pending", 2)), "does not list"));
  CHECK(says(
      gates(log_of{asked}.vote("ada", "incident_commander", "pending", 2).vote("grace", "sre_lead", "approved", 20)),
      "after the deadline"));
  CHECK(says(gates(log_of{asked}
                       .vote("grace", "sre_lead", "pending", 2, "rejected")
                       .vote("ada", "incident_commander", "approved", 3)),
             "without its quorum"));
  CHECK(says(gates(log_of{asked}.decide("approved", 2)), "without its quorum"));
  CHECK(says(gates(log_of{asked}.decide("rejected", 2)), "nobody rejects it"));
  CHECK(says(gates(log_of{}.open().ask("action", "P1", 1, one_role).vote("ada", "incident_commander", "approved", 2)),
             "fewer than the policy"));
}

TEST_CASE("a second verdict, a second opening and an early expiry are found") {
  const auto asked = log_of{}.open().ask();
  CHECK(gates(log_of{asked}.decide("expired", 20)).empty());
  CHECK(says(gates(log_of{asked}.decide("expired", 19)), "before its deadline"));
  CHECK(says(gates(log_of{asked}.decide("expired", 20).decide("cancelled", 21)), "it was expired already"));
  CHECK(says(gates(log_of{asked}.ask()), "opened twice"));
  CHECK(says(gates(log_of{}.open().decide("expired", 20)), "before it is opened"));
}

TEST_CASE("a P0 or a closing that nobody approved is found, and so is a second resumption") {
  const js::object rise{{"severity", "P0"}, {"status", "ESCALATED"}};
  const js::object close{{"status", "CLOSED"}};
  auto resumed = close;
  resumed["resumed_by"] = "g";
  CHECK(says(gates(log_of{}.open().change(rise, 5)), "a P0 without approval"));
  CHECK(says(gates(log_of{}.open().evaluate({{"applied", true}, {"to_severity", "P0"}}, 5)), "a P0 without approval"));
  CHECK(gates(log_of{}.open().evaluate({{"applied", false}, {"to_severity", "P0"}}, 5)).empty());
  CHECK(says(gates(log_of{}.open().change(close, 5)), "closed without approval"));
  CHECK(gates(log_of{}.open("P3").change(close, 5)).empty());
  CHECK(gates(log_of{}.open().ask("close_incident").approve().change(resumed, 3)).empty());
  CHECK(says(gates(log_of{}.open().ask("close_incident").change(resumed, 3)), "closed without approval"));
  CHECK(says(gates(log_of{}.open().ask("close_incident").approve().change(resumed, 3).change(resumed, 4)),
             "goes on twice"));
}

TEST_CASE("a clock that acts early, twice or for nothing is found") {
  const js::array due_gate{"due:i:approval:g:then"};
  const js::array due_sla{"due:i:sla_acknowledgment:then"};
  const auto asked = log_of{}.open().ask();
  CHECK(clock(log_of{asked}.decide("expired", 20, due_gate)).empty());
  CHECK(says(clock(log_of{asked}.decide("pending", 19, due_gate)), "the clock acted"));
  CHECK(says(clock(log_of{asked}.decide("expired", 20).decide("expired", 21, due_gate)), "the clock acted"));
  const js::object breach{{"acknowledgment_breached", true}};
  CHECK(clock(log_of{}.open().evaluate(breach, 10, due_sla)).empty());
  CHECK(says(clock(log_of{}.open().evaluate(breach, 9, due_sla)), "breach that is none"));
  CHECK(says(clock(log_of{}.open().evaluate(breach, 10, due_sla).evaluate(breach, 11, due_sla)), "the clock acted"));
  CHECK(
      says(clock(log_of{}.open().change({{"status", "ACKNOWLEDGED"}}, 9).evaluate(breach, 11)), "breach that is none"));
  CHECK(clock(log_of{}.open().change({{"status", "ACKNOWLEDGED"}}, 11).evaluate(breach, 12)).empty());
}

TEST_CASE(
    "an escalation that expired undecided is evaluated again when its end said, and one that was refused is not") {
  const js::array due_evaluation{"due:i:evaluation:then"};
  const auto asked = log_of{}.open().change({{"status", "ACKNOWLEDGED"}}, 1).ask("apply_escalation");
  const auto expired = log_of{asked}.add(
      {{"kind", "gate_changed"}, {"request_id", "g"}, {"status", "expired"}, {"next_evaluation_at", second(30)}}, 20);
  CHECK(clock(log_of{expired}.evaluate({}, 30, due_evaluation)).empty());
  CHECK(says(clock(log_of{expired}.evaluate({}, 29, due_evaluation)), "the clock acted"));
  CHECK(overdue(expired.made(), second(30)).size() == 1);
  CHECK(says(clock(log_of{asked}.decide("rejected", 20).evaluate({}, 30, due_evaluation)), "the clock acted"));
}

TEST_CASE("what is overdue and undone is found, and what has been done is not") {
  const auto log = log_of{}.open().ask();
  CHECK(overdue(log.made(), second(9)).empty());
  CHECK(overdue(log.made(), second(10)).size() == 1);
  CHECK(overdue(log.made(), second(20)).size() == 2);
  CHECK(overdue(log.made(), second(40)).size() == 3);
  CHECK(overdue(log_of{log}.decide("cancelled", 12).made(), second(20)).size() == 1);
  CHECK(overdue(log_of{log}.change({{"status", "RESOLVED"}}, 12).made(), second(19)).empty());
  CHECK(
      overdue(log_of{log}.evaluate({{"acknowledgment_breached", true}, {"next_evaluation_at", second(15)}}, 10).made(),
              second(15))
          .size() == 1);
}
