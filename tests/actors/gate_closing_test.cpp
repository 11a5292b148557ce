/// Gates of an incident that was resolved, reopened or closed: an approval does not outlive what it was for.

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

namespace {

approval_id requested(world& w, incident_id incident) {
  command c;
  c.context.request = "request of " + incident.str() + std::to_string(w.store->log(incident).size());
  c.incident_id = incident;
  auto asked = sample_request(approval_action::remediation);
  c.body = asked;
  const auto reply = w.ask(std::move(c));
  REQUIRE(reply);
  return w.store->states[incident].gates.back()->request.id;
}

void change(world& w, incident_id incident, change_kind what) {
  const auto done = w.ask(change_of(incident, what));
  INFO((done ? "" : done.error().message));
  REQUIRE(done);
}

const gate_state& gate_of(world& w, incident_id incident, approval_id gate) {
  return *w.store->states[incident].find_gate(gate);
}

bool is_told(const std::vector<event_ptr>& log, std::string_view word) {
  return std::ranges::any_of(log, [&](const event_ptr& e) { return e->outputs.text.find(word) != std::string::npos; });
}

}  // namespace

TEST_CASE("closing an incident cancels what is still asked for it, and no vote opens that again") {
  world w;
  const auto incident = opened(w, severity::p3);
  const auto gate = requested(w, incident);
  change(w, incident, change_kind::resolve);
  CHECK(gate_of(w, incident, gate).review.starts_with("the incident was resolved at "));
  CHECK(gate_of(w, incident, gate).status == approval_status::pending);
  change(w, incident, change_kind::close);
  const auto& ended = gate_of(w, incident, gate);
  CHECK(ended.status == approval_status::cancelled);
  CHECK(ended.decided_reason == "cancelled: the incident was closed");
  CHECK(std::ranges::count(ended.audit, approval_audit_type::request_cancelled, &approval_audit_entry::event_type) ==
        1);
  CHECK(is_told(w.store->log(incident), "notify_requester"));
  const auto late = w.ask(vote_on(incident, gate, "olga", approver_type::on_call_lead));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::conflict);
  CHECK_FALSE(is_told(w.store->log(incident), "execute_approved_action"));
}

TEST_CASE("a gate whose deadline has passed is cancelled by the closing too") {
  world w;
  const auto incident = opened(w, severity::p3);
  const auto gate = requested(w, incident);
  change(w, incident, change_kind::resolve);
  w.clock->jump = std::chrono::hours{400};
  change(w, incident, change_kind::close);
  CHECK(is_terminal(gate_of(w, incident, gate).status));
}

TEST_CASE("an approval after the resolution tells everybody that the incident was resolved") {
  world w;
  const auto incident = opened(w, severity::p3);
  const auto gate = requested(w, incident);
  change(w, incident, change_kind::resolve);
  const auto vote = w.ask(vote_on(incident, gate, "olga", approver_type::on_call_lead));
  REQUIRE(vote);
  REQUIRE(vote->warnings.size() == 1);
  CHECK(vote->warnings.front().starts_with("the incident was resolved at "));
  const auto& told = vote->event->outputs.text;
  CHECK(told.find("execute_approved_action") != std::string::npos);
  CHECK(told.find(R"("review":"the incident was resolved at )") != std::string::npos);
}

TEST_CASE("what is asked for a resolved incident says so from the beginning, and a reopening takes it back") {
  world w;
  const auto incident = opened(w, severity::p3);
  change(w, incident, change_kind::resolve);
  const auto gate = requested(w, incident);
  CHECK(gate_of(w, incident, gate).review.starts_with("the incident was resolved at "));
  change(w, incident, change_kind::reopen);
  CHECK(gate_of(w, incident, gate).review.empty());
}

TEST_CASE("a self-approval, and an approval after one's own rejection, are refused and stand in the audit trail") {
  world w;
  const auto incident = opened(w, severity::p3);
  const auto first = requested(w, incident);
  const auto own = w.ask(vote_on(incident, first, "Rita", approver_type::on_call_lead));
  REQUIRE_FALSE(own);
  CHECK(own.error().code == errc::forbidden);
  CHECK(gate_of(w, incident, first).audit.back().actor_id == "Rita");
  CHECK(w.ask(vote_on(incident, first, "olga", approver_type::on_call_lead, vote_decision::rejected)));
  const auto back = w.ask(vote_on(incident, first, "Olga ", approver_type::on_call_lead));
  REQUIRE_FALSE(back);
  CHECK(back.error().code == errc::conflict);
  CHECK(gate_of(w, incident, first).status == approval_status::rejected);
  CHECK(gate_of(w, incident, first).audit.back().details.starts_with("refused, not counted"));
}
