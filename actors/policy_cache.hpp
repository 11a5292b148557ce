#pragma once
/// Policies from the store, by version and ETag. No policy, no decision: whoever asks gets `policy_unavailable`, never a
/// default that is compiled in. A cached policy goes on while the store is away.

#include <map>
#include <string>
#include <vector>

#include "actors/environment.hpp"

namespace im {

/// Which policies a new incident gets.
struct policy_names {
  std::string escalation;
  std::string approval;
  std::string sla;
};

class policy_cache_state {
public:
  policy_cache_state(policy_cache_actor::pointer self, const actor_environment& env, persistence_actor persistence,
                     policy_names names)
      : self_{self}, env_{env}, persistence_{std::move(persistence)}, names_{std::move(names)} {}

  policy_cache_actor::behavior_type make_behavior();

  static inline const char* name = "policy_cache";

private:
  using promise = caf::typed_response_promise<policy_set_ptr>;

  /// Three documents on their way, and who waits for them.
  struct fetch {
    policy_set set;
    std::array<std::string, 3> etags;
    int left = 3;
    bool changed = false;
    std::optional<std::string> failure;
    std::vector<promise> waiters;
  };

  /// Policies of some versions, which never change.
  struct known_versions {
    policy_set_ptr set;
    std::uint64_t used = 0;  ///< the larger, the later
  };

  caf::result<policy_set_ptr> todays();
  void check(const std::shared_ptr<policies_caller>& caller);
  caf::result<policy_set_ptr> frozen(const policy_refs& refs);
  caf::result<policy_set_ptr> join(const std::string& key, const policy_refs& refs);
  void ask(const std::string& key, policy_kind kind, const policy_ref& ref);
  void on_answer(const std::string& key, policy_kind kind, const policy_ref& ref, const policy_answer& answer);
  void on_failure(const std::string& key, std::string why);
  void finish_part(const std::string& key);
  void finish(const std::string& key, fetch done);
  void keep(const std::string& key, policy_set_ptr set);

  policy_cache_actor::pointer self_;
  const actor_environment& env_;
  persistence_actor persistence_;
  policy_names names_;
  policy_set_ptr todays_;
  std::array<std::string, 3> etags_;
  caf::actor_clock::time_point refreshed_at_;
  std::map<std::string, known_versions> by_version_;  ///< at most `limits::policy_versions`
  std::uint64_t uses_ = 0;
  std::map<std::string, fetch> fetching_;  ///< by key; the empty key is today's
};

using policy_cache = caf::stateful_actor<policy_cache_state, policy_cache_actor::base>;

}  // namespace im
