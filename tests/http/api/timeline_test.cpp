#include "http/api/timeline.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/http/api/support.hpp"

using namespace im;
using namespace im::api;
using namespace im::api::test;

namespace {

template <class Fact>
timeline_item told(Fact what) {
  decision_event event;
  event.agent_id = "incident-manager:1.0.0:h";
  event.timestamp = at(now_text);
  event.sequence = 4;
  event.fact.value = std::move(what);
  return timeline_item_of(event);
}

}  // namespace

TEST_CASE("changes are told with who made them and why") {
  fact::incident_changed change;
  change.change = change_kind::assign;
  change.actor = "ada";
  change.assigned_to = "grace";
  change.assigned_team = "sre";
  const auto assigned = told(change);
  CHECK(assigned.type == timeline_type::notification);
  CHECK(assigned.description == "Assigned to grace of sre");
  CHECK(assigned.actor == "ada");
  change = {};
  change.change = change_kind::close;
  change.actor = "ada";
  change.comment = "all good";
  change.resumed_by = approval_id::parse(some_gate);
  CHECK(told(change).description == "Closed, after approval " + std::string{some_gate} + ": all good");
  change = {};
  change.change = change_kind::acknowledge;
  CHECK(told(change).type == timeline_type::acknowledgment);
  CHECK(told(change).actor == "incident-manager:1.0.0:h");
}

TEST_CASE("an evaluation is an escalation only when it was applied") {
  fact::escalation_evaluated looked;
  looked.decision = escalation_decision::escalate;
  looked.from_severity = severity::p1;
  looked.to_severity = severity::p0;
  looked.to_level = 2;
  looked.suspended_on = approval_id::parse(some_gate);
  CHECK(told(looked).type == timeline_type::decision);
  CHECK(told(looked).description ==
        "Escalation evaluated: escalate, P1 to P0 waits for approval " + std::string{some_gate});
  looked.suspended_on.reset();
  looked.applied = true;
  CHECK(told(looked).type == timeline_type::escalation);
  CHECK(told(looked).description == "Escalation evaluated: escalate, P1 to P0, level 2");
}

TEST_CASE("gates are told from request to verdict") {
  CHECK(told(fact::gate_opened{some_pending_gate()}).description ==
        "Approval requested for remediation: roll back v1.2.3");
  fact::gate_changed voted;
  voted.vote = approval_record{"grace", "Grace", approver_type::sre_lead, vote_decision::approved, {}, {}, {}, {}};
  voted.status = approval_status::approved;
  CHECK(told(voted).description == "Vote: approved by sre_lead; the request is approved");
  CHECK(told(voted).actor == "grace");
  fact::gate_changed expired;
  expired.status = approval_status::expired;
  expired.reason = "nobody decided";
  CHECK(told(expired).description == "Approval request is expired: nobody decided");
  CHECK(told(fact::vote_refused{{}, "mallory", approver_type::executive, "not listed"}).actor == "mallory");
  CHECK(told(fact::signals_attached{3, at(now_text), {}}).description == "3 more signals attached");
  CHECK(told(fact::postmortem_published{{}, "ada"}).type == timeline_type::communication);
}

TEST_CASE("an event of a newer version is told by its type alone") {
  const auto page =
      json::document::parse(R"([{"id":"0193502a-7c00-7000-8000-00000000e001","agent_id":"a","decision_type":"new_kind",
    "timestamp":"2026-11-22T01:00:00.000Z","sequence":9,"fact":{"kind":"unheard_of"}}, {"garbage":1}])");
  REQUIRE(page);
  const auto items = read_timeline(page->root());
  REQUIRE(items.size() == 1);
  CHECK(items[0].description == "new_kind");
  CHECK(items[0].sequence == 9);
}
