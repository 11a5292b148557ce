#pragma once
/// The log and its projections in SQLite, as the writer and a rebuild write them. Internal to the SQLite store.

#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/state_loader.hpp"
#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector::sqlite {

class tables final : public log_tables {
public:
  explicit tables(connection& db);

  [[nodiscard]] std::optional<stored_event> find_event(event_id id) override;
  [[nodiscard]] std::optional<covered_by> find_request(text_key key) override;
  [[nodiscard]] std::optional<incident_id> open_incident(text_key fingerprint) override;
  [[nodiscard]] loaded_state load(incident_id id) override { return loader_.load(id); }

  void insert_event(const new_event& event, std::int64_t row, std::optional<std::int64_t> previous_row) override;
  void cover(text_key request, std::int64_t event_row, disposition how) override;
  void insert(const incident_row& r) override;
  /// Leaves alone the indexes whose columns stayed as they were.
  void update(const incident_row& before, const incident_row& now) override;
  void write(incident_id incident, const side_changes& changes) override;
  void write_snapshot(const incident_state& state) override;

private:
  state_loader<driver> loader_;
  statement insert_event_;
  statement know_agent_;
  statement event_by_id_;
  statement request_by_key_;
  statement open_by_fingerprint_;
  statement insert_row_;
  statement update_row_;
  statement update_unindexed_;
  statement put_gate_;
  statement put_postmortem_;
  statement publish_;
  statement put_snapshot_;
  void write_words(incident_id incident, const words_change& words);

  statement put_request_;
  statement first_row_;
  statement take_words_;
  statement put_words_;
};

}  // namespace im::ruvector::sqlite
