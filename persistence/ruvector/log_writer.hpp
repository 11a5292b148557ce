#pragma once
/// Judges and writes batches of DecisionEvents inside a transaction of its caller, for every store. The three laws are
/// judged before anything of an incident is written; the unique indexes of the schema stand behind that.

#include <boost/container/small_vector.hpp>
#include <span>
#include <vector>

#include "persistence/ruvector/lru_map.hpp"
#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector {

class log_writer {
public:
  explicit log_writer(log_tables& tables);

  /// A transaction has begun. With `newest_row` others may have written: what we remember may be old.
  void begin(std::optional<std::int64_t> newest_row);
  /// These come next, perhaps in several batches.
  void expect(std::span<const new_event* const> events);
  /// One result an event, in order.
  [[nodiscard]] std::vector<append_result> append(const std::vector<new_event>& events);
  void committed();
  void rolled_back();
  /// Projections were written by somebody else in this transaction.
  void forget();

  [[nodiscard]] std::int64_t newest_row() const { return next_row_ - 1; }

private:
  struct live_incident {
    incident_state state;
    incident_row row;
    std::uint64_t snapshot_sequence = 0;
    std::optional<std::int64_t> last_row;
  };
  /// One incident's events of a batch, with the places of their results.
  struct group {
    incident_id incident;
    boost::container::small_vector<const new_event*, 2> events;
    boost::container::small_vector<append_result*, 2> results;
  };

  void append_foreign(const new_event& event, append_result& result);
  void append_group(const group& g);
  [[nodiscard]] std::optional<append_result> judge(const live_incident& incident, const group& g);
  [[nodiscard]] std::optional<append_result> judge_opening(const incident_state& now,
                                                           std::optional<text_key> fingerprint, bool& was_open);
  void write_group(live_incident& incident, const incident_row& before, const group& g, const side_changes& changes);
  [[nodiscard]] live_incident& hold(incident_id id);

  log_tables& tables_;
  lru_map<incident_id, live_incident> known_;  // nothing that this transaction has touched is forgotten before its end
  std::int64_t next_row_ = 1;
};

}  // namespace im::ruvector
