#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

namespace {

/// What the index of the schema holds, in its very words: SQLite uses a part of an index only for a question that says so.
std::string marked(std::string_view table) {
  const std::string of{table};
  return "(" + of + "previous_row IS NULL OR " + of + "sequence % 64 = 0)";
}

/// `entry (row, sequence)`: the log of an incident from the last mark at or before a sequence on, one entry at a time. An entry's
/// successor is the one that names its row; entries of schema versions before 5 name none and are marks all.
std::string walk(const std::string& incident, const std::string& from) {
  return "WITH RECURSIVE entry (row, sequence) AS ("
         "SELECT row, sequence FROM (SELECT row, sequence FROM decision_events INDEXED BY decision_events_marks"
         " WHERE incident_id = " +
         incident + " AND sequence <= " + from + " AND " + marked("") +
         " ORDER BY sequence DESC LIMIT 1)"
         " UNION ALL SELECT e.row, e.sequence FROM entry CROSS JOIN decision_events e INDEXED BY "
         "decision_events_previous"
         " WHERE e.previous_row = entry.row"
         " UNION ALL SELECT e.row, e.sequence FROM entry CROSS JOIN decision_events e INDEXED BY decision_events_marks"
         " WHERE e.incident_id = " +
         incident + " AND e.sequence = entry.sequence + 1 AND e.previous_row IS NULL AND " + marked("e.") + ")";
}

}  // namespace

std::string driver::entries() {
  return walk("?1", "?2 + 1") +
         " SELECT e.row, e.sequence, e.doc FROM entry CROSS JOIN decision_events e ON e.row = entry.row"
         " WHERE entry.sequence > ?2 LIMIT ?3";
}

std::string driver::of_incident() {
  return "row IN (" + walk("?7", "1") +
         " SELECT row FROM entry UNION ALL SELECT row FROM decision_events INDEXED BY decision_events_marks"
         " WHERE incident_id = ?7 AND sequence IS NULL AND " +
         marked("") + ")";
}

/// Sorts row numbers, not documents. A limit, even none, keeps the order of what is inside.
std::string driver::whole_log(std::string_view columns) {
  return "SELECT " + std::string{columns} +
         " FROM (SELECT row AS place FROM decision_events WHERE sequence IS NOT NULL ORDER BY incident_id, sequence"
         " LIMIT -1) CROSS JOIN decision_events ON row = place";
}

}  // namespace im::ruvector::sqlite
