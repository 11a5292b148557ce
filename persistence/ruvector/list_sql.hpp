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
/// ?1 ?2 the cursor, ?3 ?4 masks of status and severity, ?5 an incident, ?6 how many. Rows: created_ms, incident_id.
[[nodiscard]] std::string escalations();
/// ?1 ?2 the cursor, ?3 ?4 masks of status and action type, ?5 the incident, ?6 how many. Rows: requested_ms, request_id, gate.
[[nodiscard]] std::string approvals(bool of_incident);
/// ?1 ?2 the cursor, ?3 a mask of status, ?4 an incident, ?5 how many. Rows: written_ms, postmortem_id, status, doc.
[[nodiscard]] std::string postmortems();
/// ?1 before, ?2 ?3 the cursor, ?4 how many. Rows: due_ms, incident_id, due_kind.
[[nodiscard]] std::string deadlines();

}  // namespace im::ruvector::list_sql
