#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <random>
#include <set>

#include "actors/logic/approval_gate.hpp"
#include "tests/support/policies.hpp"
#include "tests/support/rounds.hpp"
#include "tests/support/samples.hpp"

// Whatever people and the clock do, in whatever order: at most one verdict, and no approval without its quorum.

namespace {

using namespace im;
using namespace im::test;
using enum approver_type;

constexpr std::uint64_t seed = 20261122;
constexpr int runs = rounds(10'000);

/// The quorum, counted afresh and otherwise than the code under test does it.
bool has_quorum(const gate_state& gate) {
  std::set<std::string> listed;
  std::set<approver_type> roles;
  std::set<std::string> users;
  for (const auto& vote : gate.votes) {
    if (vote.decision == vote_decision::rejected) return false;
    for (const auto& r : gate.request.required_approvers)
      if (r.approver_type == specific_user ? r.approver_id == vote.approver_id
                                           : r.approver_type == vote.approver_type) {
        listed.insert(vote.approver_id);
        roles.insert(vote.approver_type);
        users.insert(vote.approver_id);
      }
  }
  for (const auto& r : gate.request.required_approvers)
    if (r.required &&
        !(r.approver_type == specific_user ? users.contains(*r.approver_id) : roles.contains(r.approver_type)))
      return false;
  return !listed.empty() && static_cast<int>(listed.size()) >= gate.request.min_approvals_required;
}

class dice {
public:
  explicit dice(std::uint64_t from) : bits_{from} {}
  int below(int bound) { return static_cast<int>(bits_() % static_cast<std::uint64_t>(bound)); }
  bool chance(int percent) { return below(100) < percent; }

private:
  std::mt19937_64 bits_;
};

approval_record random_vote(dice& roll) {
  static constexpr std::array people{"ann", "ben", "cora", "dora", "eve", "finn"};
  static constexpr std::array roles{incident_commander, on_call_lead, sre_lead, executive, specific_user};
  return vote_of(people[static_cast<std::size_t>(roll.below(6))], roles[static_cast<std::size_t>(roll.below(5))],
                 roll.chance(6) ? vote_decision::rejected : vote_decision::approved);
}

gate_state random_gate(dice& roll) {
  auto request = sample_request(roll.chance(30) ? approval_action::data_access : approval_action::rollback);
  const auto level =
      request.action_type == approval_action::data_access ? severity::p2 : static_cast<severity>(roll.below(4));
  if (roll.chance(50)) request.expiry_action = static_cast<expiry_action>(roll.below(3));
  if (request.action_type != approval_action::data_access && roll.chance(30))  // of which dora alone decides
    request.min_approvals_required = 2 + roll.below(3);
  const auto gate = logic::open_gate(request, sample_state(level), test_approval(), id_of<approval_id>("gate"),
                                     gate_purpose::action, t0);
  REQUIRE(gate);
  return *gate;
}

/// One random thing that happens to the gate; nothing when it was refused.
std::optional<logic::gate_step> random_step(dice& roll, const gate_state& gate, time_point now) {
  const auto taken = [](result<logic::gate_step> step) {
    return step ? std::optional{std::move(*step)} : std::nullopt;
  };
  const int kind = roll.below(100);
  if (kind < 75) return taken(logic::cast_vote(gate, random_vote(roll), test_approval(), now));
  if (kind < 77) return taken(logic::cancel_gate(gate, roll.chance(50) ? "rita" : "mallory", "", test_approval(), now));
  if (kind < 85) return taken(logic::escalate_gate(gate, "rita", "", test_approval(), now));
  return logic::gate_due(gate, test_approval(), now);
}

bool sound(const gate_state& before, const logic::gate_step& step) {
  const bool terminal = is_terminal(step.after.status);
  return !(is_terminal(before.status) && step.changed) &&                               // decided once
         (step.after.status != approval_status::approved || has_quorum(step.after)) &&  // and by people
         step.verdict.output.action_authorized == (step.after.status == approval_status::approved) &&
         terminal == !step.after.next_due_at.has_value() && (step.changed || step.after == before) &&
         std::ranges::equal(before.audit, std::span{step.after.audit}.first(before.audit.size()));
}

TEST_CASE("however events fall, a gate is decided at most once and never approved without its quorum") {
  INFO("seed " << seed);
  dice roll{seed};
  std::array<int, 6> ends{};
  for (int run = 0; run < runs; ++run) {
    auto gate = random_gate(roll);
    auto folded = sample_state();
    folded.gates = {gate};
    int verdicts = 0;
    double now_s = 0;
    for (int events = 0; events < 40; ++events) {
      now_s += roll.chance(10) ? roll.below(4000) : roll.below(5);
      const auto step = random_step(roll, gate, after(now_s));
      if (!step) continue;
      if (!sound(gate, *step)) FAIL("run " << run << ", event " << events << ": " << step->verdict.output.reason);
      if (!step->changed) continue;
      verdicts += is_terminal(step->after.status) ? 1 : 0;
      apply(folded, event_of(step->change, folded.head() + 1, after(now_s)));
      gate = step->after;
    }
    if (verdicts > 1 || *folded.gates.front() != gate)
      FAIL("run " << run << ": " << verdicts << " verdicts, or the fold differs");
    ++ends[static_cast<std::size_t>(gate.status)];
  }
  // The dice reach every end often enough for the test to mean something.
  for (const auto end :
       {approval_status::approved, approval_status::rejected, approval_status::expired, approval_status::cancelled})
    CHECK(ends[static_cast<std::size_t>(end)] > runs / 100);
}

TEST_CASE("the same votes in any order come to the same verdict, unless one rejects") {
  INFO("seed " << seed);
  std::mt19937_64 bits{seed};
  std::vector votes{vote_of("cora", incident_commander), vote_of("sam", sre_lead), vote_of("olga", on_call_lead),
                    vote_of("cora", incident_commander), vote_of("eve", executive)};
  for (int run = 0; run < runs; ++run) {
    std::ranges::shuffle(votes, bits);
    gate_state gate;
    gate.request.required_approvers = test_approval().rules[0].required_approvers;
    gate.request.min_approvals_required = 2;
    gate.request.approval_deadline = after(10);
    gate.votes = votes;
    if (!logic::judge_approval(gate, test_approval(), t0).output.action_authorized) FAIL("run " << run);
  }
}

TEST_CASE("the stateless judgement approves exactly what has its quorum") {
  INFO("seed " << seed);
  dice roll{seed};
  int approved = 0;
  for (int run = 0; run < runs; ++run) {
    auto gate = random_gate(roll);
    for (int i = roll.below(8); i > 0; --i) gate.votes.push_back(random_vote(roll));
    gate.status = roll.chance(20) ? approval_status::escalated : approval_status::pending;
    const auto output = logic::judge_approval(gate, test_approval(), after(1)).output;
    if (output.action_authorized != has_quorum(gate) ||
        output.action_authorized != (output.decision == approval_decision::approved))
      FAIL("run " << run << ": " << output.reason);
    approved += output.action_authorized ? 1 : 0;
    if (logic::judge_approval(gate, test_approval(), gate.request.approval_deadline).output.action_authorized)
      FAIL("run " << run << ": approved after the deadline");
  }
  CHECK(approved > runs / 100);
}

}  // namespace
