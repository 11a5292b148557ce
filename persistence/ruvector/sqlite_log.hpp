#pragma once
/// Judges and writes batches of DecisionEvents inside a transaction of its caller. The three laws are judged before
/// anything of an incident is written; the unique indexes of the schema stand behind that. Internal to the SQLite store.

#include <span>
#include <unordered_map>
#include <vector>

#include "persistence/ruvector/lru_map.hpp"
#include "persistence/ruvector/sqlite_projection.hpp"
#include "persistence/ruvector/sqlite_state.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector::sqlite {

class log_writer {
public:
  explicit log_writer(connection& db);

  /// A transaction has begun.
  void begin();
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
  };
  struct stored_event {
    std::int64_t row = 0;
    std::optional<std::uint64_t> sequence;
    std::string document;
  };
  /// One incident's events of a batch, with the places of their results.
  struct group {
    std::vector<const new_event*> events;
    std::vector<append_result*> results;
  };

  void append_foreign(const new_event& event, append_result& result);
  void append_group(incident_id id, const group& g);
  [[nodiscard]] std::optional<append_result> judge(const live_incident& incident, const group& g);
  [[nodiscard]] std::optional<append_result> judge_opening(bool was_open, const incident_row& now);
  void write_group(live_incident& incident, const incident_row& before, const group& g, const side_changes& changes);
  void write_event(const new_event& event, std::int64_t at);
  [[nodiscard]] live_incident& hold(incident_id id);
  [[nodiscard]] std::optional<stored_event> find(event_id id);
  [[nodiscard]] std::optional<covered_by> find_request(text_key key);

  projection_writer projections_;
  state_loader loader_;
  statement insert_event_;
  statement event_by_id_;
  statement request_by_key_;
  statement open_by_fingerprint_;
  statement newest_row_;
  statement data_version_;

  lru_map<incident_id, live_incident> cache_;
  std::unordered_map<incident_id, live_incident> held_;  // touched in this transaction
  std::int64_t seen_version_ = -1;
  std::int64_t next_row_ = 1;
};

}  // namespace im::ruvector::sqlite
