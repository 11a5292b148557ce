#pragma once
/// Writes projections, for the writer and for a rebuild. Internal to the SQLite store.

#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

class projection_writer {
public:
  explicit projection_writer(connection& db);

  void insert(const incident_row& r);
  /// Leaves alone the indexes whose columns stayed as they were.
  void update(const incident_row& before, const incident_row& now);
  void write(incident_id incident, const side_changes& changes);
  void write_snapshot(const incident_state& state);
  /// The first event that names a request owns it.
  void cover(text_key request, std::int64_t event_row, disposition how);

private:
  statement insert_row_;
  statement update_row_;
  statement update_unindexed_;
  statement put_gate_;
  statement put_postmortem_;
  statement publish_;
  statement put_snapshot_;
  statement put_request_;
};

}  // namespace im::ruvector::sqlite
