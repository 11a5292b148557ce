#pragma once
/// One shard of the registry: finds the supervisor of an incident, or of the incident that is open for a fingerprint,
/// and spawns it when nobody watches that incident. What it does not know it asks the store; the store's laws decide.

#include <boost/unordered/unordered_flat_map.hpp>
#include <list>
#include <unordered_map>

#include "actors/asked_together.hpp"
#include "actors/environment.hpp"

namespace im {

class incident_registry_state {
public:
  incident_registry_state(registry_actor::pointer self, house h)
      : self_{self}, house_{std::move(h)}, monitor_{self, [this](const auto& who, const auto&) { on_down(who); }} {}
  /// Its supervisors end with it.
  ~incident_registry_state();

  registry_actor::behavior_type make_behavior();

  static inline const char* name = "incident_registry";

private:
  struct entry {
    supervisor_actor supervisor;
    std::uint64_t sent = 0;                  ///< messages on their way to it or taken
    std::vector<std::string> fingerprints;   ///< index entries that point here
    std::list<incident_id>::iterator place;  ///< in `by_use_`
    caf::actor_clock::time_point used_at;    ///< when a message was last sent, or idleness last asked for
  };

  /// Tens of thousands of entries, each new to the cache of a core: one place in memory to look at instead of three.
  template <class Key, class Value>
  using large_map = boost::unordered_flat_map<Key, Value, keyed_hash<Key>>;
  using fingerprints = std::shared_ptr<const std::vector<std::string>>;
  /// Messages for several supervisors, each of which gets one.
  using outbox = std::unordered_map<incident_id, submission_batch>;

  void on_submit(const submission_batch& batch);
  void on_await(verdict_wait wait);
  caf::result<void> on_wake(const incident_id& id);
  void on_hand_back(const incident_id& holder, const submission_batch& batch);
  void on_idle(const incident_id& id, std::uint64_t received);
  void on_down(const caf::actor_addr& who);

  void route(submission_ptr s, outbox& out);
  void route_signal(submission_ptr s, outbox& out);
  void evaluate_apart();
  void on_logs_found(std::vector<submission_ptr>& asked, const incident_list& held);
  void look_for_more_logs();
  void look_up();
  void on_looked_up(const fingerprints& asked, const fingerprint_lookups& got);
  void settle(const std::vector<std::string>& asked, const fingerprint_lookups& got, const policy_set_ptr& policies);
  void on_found(const std::string& fingerprint, const fingerprint_lookup& found, const policy_set_ptr& policies);
  void ask_newest(incident_id newest, std::vector<submission_ptr>& waiters);
  void on_lookup_failed(const std::string& fingerprint, const error& why);
  void look_up_more();
  [[nodiscard]] std::vector<submission_ptr> take_waiters(const std::string& fingerprint);
  void send(outbox& out);
  void send(entry& to, submission_batch batch);
  /// Good until the next call. Nothing when the shard is full. `policies`: what a fresh one is opened under, if that is known.
  entry* supervise(const incident_id& id, bool fresh, const policy_set_ptr& policies = nullptr);
  void use(entry& known);
  void sweep();
  void ask_longest_idle(std::size_t count);
  void point(const std::string& fingerprint, const incident_id& id, entry& known);
  void forget(incident_id id);

  registry_actor::pointer self_;
  house house_;
  down_monitor<registry_actor> monitor_;
  large_map<incident_id, entry> incidents_;
  std::list<incident_id> by_use_;  ///< all of them, the longest unused first
  large_map<caf::actor_addr, incident_id> by_address_;
  large_map<std::string, incident_id> open_;  ///< by fingerprint
  std::unordered_map<std::string, std::vector<submission_ptr>, keyed_hash<std::string>>
      looking_up_;  ///< signals that wait for the store's word
  std::size_t waiting_ = 0;
  asked_together<std::string> to_look_up_{limits::fingerprints_looked_for};
  asked_together<submission_ptr> apart_{
      limits::logs_looked_for};  ///< dry runs over inputs that are complete in themselves
};

using incident_registry = caf::stateful_actor<incident_registry_state, registry_actor::base>;

}  // namespace im
