/// Which versions of the policies stay in memory.

#include <catch2/catch_test_macros.hpp>

#include <caf/event_based_actor.hpp>

#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

namespace {

policy_refs version(std::size_t number) {
  const auto ref = [&](const char* id) { return policy_ref{id, "1.0." + std::to_string(number)}; };
  return {ref("escalation"), ref("approval"), ref("sla")};
}

/// A cache of its own, asked by nobody else.
struct asked_cache {
  world w;
  policy_cache_actor cache =
      w.system().spawn<policy_cache>(w.env, w.persistence(), policy_names{"escalation", "approval", "sla"});

  ~asked_cache() { caf::anon_send_exit(cache, caf::exit_reason::user_shutdown); }

  /// How many documents the store was asked for, to answer this.
  std::size_t reads_for(const policy_refs& refs) {
    const auto before = w.store->policy_reads;
    bool answered = false;
    w.system().spawn([&, refs](caf::event_based_actor* self) {
      send_request(self, cache, caf::infinite, policies_atom_v, refs).then([&](const policy_set_ptr& set) {
        answered = set != nullptr;
      });
    });
    w.run();
    REQUIRE(answered);
    return w.store->policy_reads - before;
  }
};

}  // namespace

TEST_CASE("one version of the policies too many takes the place of the longest unused, and of no other") {
  asked_cache a;
  for (std::size_t i = 0; i < limits::policy_versions; ++i) REQUIRE(a.reads_for(version(i)) == 3);
  REQUIRE(a.reads_for(version(0)) == 0);  // used now, though it was the first to come
  REQUIRE(a.reads_for(version(limits::policy_versions)) == 3);
  CHECK(a.reads_for(version(0)) == 0);
  for (std::size_t i = 2; i < limits::policy_versions; ++i) {
    CAPTURE(i);
    CHECK(a.reads_for(version(i)) == 0);
  }
  CHECK(a.reads_for(version(1)) == 3);
}

TEST_CASE("without a valid policy nothing is decided, and whoever asks is told which it is") {
  asked_cache a;
  std::string told;
  const auto ask = [&] {
    told = "nothing yet";
    tell(a.cache, policies_atom_v, policies_check{std::make_shared<policies_caller>([&](const result<void>& answer) {
           told = answer ? "policies" : answer.error().message;
         })});
    a.w.run();
  };
  const auto valid = a.w.store->policies.at(policy_kind::sla);
  a.w.store->policies[policy_kind::sla] = "{}";
  ask();
  CHECK(told.starts_with("nothing can be decided: the sla policy 'sla': it is not valid: "));
  a.w.store->policies[policy_kind::sla] = valid;
  ask();
  CHECK(told == "policies");
}
