#pragma once
/// ruvector-service as its contract tells it: an append-only log an incident, and three laws.
///
///   1  one writer wins a sequence
///   2  one open incident a fingerprint
///   3  one effect a request id

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "messages/fold.hpp"
#include "messages/protocol/types.hpp"

namespace im::test::model {

class model_store {
public:
  /// A law that this store does not keep; 0: it keeps all. So that the audit can be seen to notice.
  explicit model_store(int broken_law = 0) : broken_law_{broken_law} {}

  [[nodiscard]] write_outcome append(const event_batch& batch);
  [[nodiscard]] std::vector<event_ptr> read_log(const incident_id& id, std::uint64_t after) const;
  [[nodiscard]] fingerprint_lookup find(const std::string& fingerprint) const;
  [[nodiscard]] event_ptr read_event(const event_id& id) const;
  [[nodiscard]] std::vector<incident_id> due(time_point before) const;

  [[nodiscard]] const std::vector<event_ptr>& journal() const { return journal_; }
  [[nodiscard]] const std::map<incident_id, incident_state>& states() const { return states_; }

private:
  [[nodiscard]] std::optional<write_outcome> refusal(const event_batch& batch) const;
  [[nodiscard]] std::optional<incident_id> other_open(const incident_state& after) const;

  int broken_law_;
  std::vector<event_ptr> journal_;  ///< all events in the order of their commits
  std::map<incident_id, incident_state> states_;
  std::map<incident_id, std::vector<event_ptr>> logs_;
  std::map<std::string, incident_id> newest_;  ///< by fingerprint
  std::unordered_map<event_id, event_ptr> by_id_;
  std::unordered_map<request_id, covered_elsewhere> covered_;
};

}  // namespace im::test::model
