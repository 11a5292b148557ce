#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <string>
#include <utility>

#include "tests/model/world.hpp"
#include "tests/support/rounds.hpp"
#include "tests/support/samples.hpp"

using namespace im;
using namespace im::test;
using namespace im::test::model;

namespace {

constexpr auto default_seeds = rounds(std::uint64_t{10'000});

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::stoull(text) : otherwise;
}

std::string told_of(std::uint64_t seed, const std::vector<violation>& found) {
  auto text = "seed " + std::to_string(seed) + " (IM_MODEL_SEED=" + std::to_string(seed) + " runs it alone)";
  for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), 8); ++i)
    text += "\n  broken: " + std::string{found[i].rule} + ": " + found[i].what;
  return text;
}

}  // namespace

TEST_CASE("whatever is lost, doubled, late or dies, the log keeps every promise") {
  const auto only = setting("IM_MODEL_SEED", 0);
  const auto seeds = only != 0 ? 1 : setting("IM_MODEL_SEEDS", default_seeds);
  tally sum;
  for (std::uint64_t i = 1; i <= seeds; ++i) {
    const auto seed = only != 0 ? only : i;
    world one{seed};
    if (const auto& found = one.run(); !found.empty()) FAIL(told_of(seed, found));
    sum += one.count();
  }
  WARN(seeds << " seeds: " << sum.events << " events of " << sum.incidents << " incidents, " << sum.acknowledged
             << " acknowledged, " << sum.lost_races << " lost races, " << sum.fired << " deadlines, "
             << sum.kept_votes_counted << " kept votes counted, " << sum.resumed << " resumed; "
             << sum.verdicts[approval_status::approved] << " approved, " << sum.verdicts[approval_status::rejected]
             << " rejected, " << sum.verdicts[approval_status::expired] << " expired, "
             << sum.verdicts[approval_status::cancelled] << " cancelled");
  if (only != 0) return;
  // The seeds reach what they are to test.
  CHECK(sum.lost_races > seeds);
  CHECK(sum.fired > seeds);
  CHECK(sum.resumed > seeds / 50);
  CHECK(sum.kept_votes_counted > seeds / 50);
  for (const auto end :
       {approval_status::approved, approval_status::rejected, approval_status::expired, approval_status::cancelled})
    CHECK(sum.verdicts[end] > seeds / 50);
}

TEST_CASE("a store that breaks a law is found out") {
  const auto noticed = [](int law, std::string_view rule) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      world one{seed, law};
      if (std::ranges::any_of(one.run(), [&](const violation& v) { return v.rule == rule; })) return true;
    }
    return false;
  };
  CHECK(noticed(1, rule::no_gap));
  CHECK(noticed(2, rule::one_open));
  CHECK(noticed(3, rule::covered_once));
}

namespace {

/// Changes one event of a sound log; false: not this one.
using forgery = bool (*)(decision_event&);

template <class Fact>
Fact* in(decision_event& event) {
  return std::get_if<Fact>(&event.fact.value);
}

bool ends_as(decision_event& event, approval_status status) {
  const auto* changed = in<fact::gate_changed>(event);
  return changed && changed->status == status;
}

/// Whether the audit reports `rule` of each log with a forgery in it, of so many seeds; and it met some.
bool always_noticed(std::string_view rule, forgery forge) {
  int met = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    world one{seed};
    if (!one.run().empty()) return false;
    audit judge{one.policies()};
    std::vector<decision_event> log;
    for (const auto& event : one.journal()) log.push_back(*event);
    if (std::ranges::none_of(log, forge)) continue;
    ++met;
    for (const auto& event : log) judge.take(event);
    judge.end(t0);
    if (std::ranges::none_of(judge.found(), [&](const violation& v) { return v.rule == rule; })) return false;
  }
  return met > 0;
}

}  // namespace

TEST_CASE("a forged log is found out") {
  CHECK(always_noticed(rule::no_gap, [](decision_event& e) { return e.sequence == 2 && ++e.sequence; }));
  CHECK(always_noticed(rule::unique_id, [](decision_event& e) {
    e.id = id_of<event_id>("the same");  // of all up to the one where this ends
    return e.sequence == 2;
  }));
  CHECK(always_noticed(rule::counted_once, [](decision_event& e) {
    auto* attached = in<fact::signals_attached>(e);
    return attached && ++attached->count;
  }));
  CHECK(always_noticed(rule::quorum, [](decision_event& e) {
    return ends_as(e, approval_status::approved) && (in<fact::gate_changed>(e)->vote.reset(), true);
  }));
  CHECK(always_noticed(rule::quorum, [](decision_event& e) {
    return ends_as(e, approval_status::approved) && (in<fact::gate_changed>(e)->vote->approver_id = "mallory", true) &&
           (in<fact::gate_changed>(e)->vote->approver_type = approver_type::specific_user, true);
  }));
  CHECK(always_noticed(rule::rejection, [](decision_event& e) {
    return ends_as(e, approval_status::rejected) &&
           (in<fact::gate_changed>(e)->status = approval_status::pending, true);
  }));
  CHECK(always_noticed(rule::deadline, [](decision_event& e) {
    return ends_as(e, approval_status::expired) && (e.timestamp = t0, true);
  }));
  CHECK(always_noticed(rule::goes_on, [](decision_event& e) {
    auto* changed = in<fact::gate_changed>(e);
    return changed && changed->next_evaluation_at && (changed->next_evaluation_at.reset(), true);
  }));
  CHECK(always_noticed(rule::goes_on, [](decision_event& e) {
    auto* changed = in<fact::gate_changed>(e);
    return changed && changed->next_evaluation_at && (changed->next_evaluation_at = e.timestamp, true);
  }));
  CHECK(always_noticed(rule::resumption, [](decision_event& e) {
    auto* change = in<fact::incident_changed>(e);
    return change && change->resumed_by && (change->resumed_by.reset(), true);
  }));
}
