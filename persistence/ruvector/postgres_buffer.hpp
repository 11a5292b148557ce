#pragma once
/// What a transaction writes into the log and its projections, kept until it is sent all at once: one statement a table,
/// whatever the number of rows, in one round trip. Internal to the PostgreSQL store.

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "persistence/ruvector/postgres.hpp"
#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector::postgres {

/// Numbers those of the agents ?1 that have no number yet. One transaction writes at a time, so no number is used up in vain.
inline constexpr const char* know_agents_sql =
    "INSERT INTO agents (agent_id) SELECT n.agent_id FROM unnest(?1) AS n(agent_id)"
    " WHERE NOT EXISTS (SELECT 1 FROM agents a WHERE a.agent_id = n.agent_id)";

class write_buffer {
public:
  explicit write_buffer(connection& db);

  /// `event` must live until it is sent.
  void insert_event(const new_event& event, std::int64_t row) { events_.push_back({&event, row}); }
  void cover(text_key request, std::int64_t event_row, disposition how) {
    covers_.push_back({request, event_row, how});
  }
  void put(const incident_row& r) { incidents_.insert_or_assign(r.id, r); }
  void put(incident_id incident, const side_changes& changes);
  void put_snapshot(incident_id incident, std::uint64_t sequence, packed_document state);

  [[nodiscard]] bool empty() const { return rows() == 0; }
  [[nodiscard]] std::size_t rows() const;
  /// Sends all, and `last` behind it if there is one; what that answered.
  answer send(statement* last = nullptr);
  void clear();

private:
  struct written_event {
    const new_event* event;
    std::int64_t row;
  };
  struct written_cover {
    text_key key;
    std::int64_t row;
    disposition how;
  };
  struct written_snapshot {
    std::uint64_t sequence = 0;
    packed_document state;
  };
  using side_key = std::pair<uuid, incident_id>;
  using requests = std::vector<connection::request>;

  void add_events(requests& to);
  void add_covers(requests& to);
  void add_incidents(requests& to, bool open);
  void add_gates(requests& to);
  void add_postmortems(requests& to);
  void add_snapshots(requests& to);
  void add_words(requests& to);

  connection& db_;
  statement know_agents_;
  statement put_events_;
  statement put_requests_;
  statement put_incidents_;
  statement put_gates_;
  statement put_postmortems_;
  statement publish_postmortems_;
  statement put_snapshots_;
  statement put_words_;

  std::vector<written_event> events_;
  std::vector<written_cover> covers_;
  std::map<incident_id, incident_row> incidents_;  ///< sorted, as its index is
  std::map<side_key, gate_change> gates_;
  std::map<side_key, postmortem_change> postmortems_;
  std::unordered_map<incident_id, written_snapshot> snapshots_;
  std::unordered_map<incident_id, std::string> words_;
};

}  // namespace im::ruvector::postgres
