#pragma once
/// ruvector-service in memory, with its three laws, as the persistence actor of a test. Shared by the houses of a test, as
/// the real one is by instances; it can be held, be away, and lose an answer after the commit.

#include <map>
#include <memory>
#include <vector>

#include <caf/actor_system.hpp>

#include "messages/protocol/actors.hpp"

namespace im::test {

class fake_store {
public:
  /// What the store says to a write.
  [[nodiscard]] result<write_outcome> append(const event_batch& batch);

  // What it says to a question.
  [[nodiscard]] log_page page_of(const incident_id& id, std::uint64_t after);
  [[nodiscard]] incident_list held_of(const incident_list& among);
  [[nodiscard]] result<event_ptr> event_of(const event_id& id) const;
  [[nodiscard]] fingerprint_lookups newest_of(const fingerprint_list& asked);
  [[nodiscard]] policy_answer policy_of(policy_kind kind) const { return {false, policies.at(kind), "etag"}; }
  [[nodiscard]] due_page due_at(const time_point& before) const;

  std::map<incident_id, std::vector<event_ptr>> logs;
  std::map<request_id, covered_elsewhere> covered;
  std::map<std::string, incident_id> newest;  ///< by fingerprint
  std::map<incident_id, incident_state> states;
  std::map<policy_kind, std::string> policies;

  bool away = false;
  bool held = false;               ///< writes wait; a tick of the actor answers them once this is false
  bool logs_held = false;          ///< reads of logs do; what they say is what was there when they came
  bool events_held = false;        ///< reads of one event
  bool policies_held = false;      ///< reads of policies
  bool fingerprints_held = false;  ///< and looks for fingerprints
  milliseconds latency{0};         ///< an answer to a read of a log and to a write leaves so long after it was taken
  std::size_t page_events = 500;   ///< of a log
  bool claims_more = false;        ///< says of each page that the log goes on behind it
  std::optional<std::size_t> reads_left;  ///< of logs, then it is away
  int lose_answers = 0;                   ///< so many writes are stored and answered by an error
  std::size_t writes = 0;                 ///< answered by the laws
  std::size_t log_reads = 0;
  std::size_t policy_reads = 0;
  std::size_t requests = 0;                    ///< all of them, also while it is away
  std::vector<std::size_t> looks;              ///< of how many incidents each was asked whether they have a log
  std::vector<std::size_t> fingerprint_looks;  ///< how many fingerprints each was asked for

  [[nodiscard]] const std::vector<event_ptr>& log(const incident_id& id) { return logs[id]; }

private:
  [[nodiscard]] std::optional<write_outcome> refused_by_a_law(const event_batch& batch);
};

[[nodiscard]] persistence_actor spawn_fake(caf::actor_system& system, std::shared_ptr<fake_store> store);

}  // namespace im::test
