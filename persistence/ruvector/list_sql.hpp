#pragma once
/// The SQL of the lists, as every database reads it.

#include <string>

namespace im::ruvector::list_sql {

/// ?1 ?2 the cursor, ?3 ?4 ?5 masks of status, severity, category, ?6 source, ?7 a fingerprint's key, ?8 how many, ?9 whether it is open, or
/// NULL for both. Rows: created_ms, incident_id.
[[nodiscard]] std::string open_incidents();
[[nodiscard]] std::string ended_incidents();
[[nodiscard]] std::string all_incidents();
[[nodiscard]] std::string incidents_of_fingerprint();
/// Also ?10: what `search_sql` makes of words. `matches` and `newest_first` are its own. Rows: a row number that takes the place of the time
/// in a cursor, incident_id.
[[nodiscard]] std::string incidents_with_words(const char* matches, const char* newest_first);
/// DecisionEvents, newest first. ?1 a whole agent id or nothing, ?2 ?3 the bounds of its type part, ?4 a decision type, ?5 ?6 times, ?7 an
/// incident, if `which` restricts them to it. Of those at ?6 the rows before ?8. ?9 how many, ?10 after how many. Rows: timestamp_ms, row,
/// doc.
[[nodiscard]] std::string events(const std::string& which);
/// How many, up to ?8.
[[nodiscard]] std::string count_of_events(const std::string& which);
/// ?1 ?2 the cursor, ?3 ?4 masks of status and severity, ?5 an incident, ?6 how many. Rows: created_ms, incident_id.
[[nodiscard]] std::string escalations();
/// ?1 ?2 the cursor, ?3 ?4 masks of status and action type, ?5 the incident, ?6 how many. Rows: requested_ms, request_id, gate.
[[nodiscard]] std::string approvals(bool of_incident);
/// ?1 ?2 the cursor, ?3 a mask of status, ?4 an incident, ?5 how many. Rows: written_ms, postmortem_id, status, doc.
[[nodiscard]] std::string postmortems();
/// ?1 before, ?2 ?3 the cursor, ?4 how many. Rows: due_ms, incident_id, due_kind.
[[nodiscard]] std::string deadlines();

}  // namespace im::ruvector::list_sql
