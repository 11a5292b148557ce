#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

namespace {

/// What the index of the schema holds, in its very words: SQLite uses a part of an index only for a question that says so.
std::string marked(std::string_view table) {
  const std::string of{table};
  return "(" + of + "previous_row IS NULL OR " + of + "sequence % 64 = 0)";
}

/// An entry's successor: the one that names its row. That it is the next of the same incident is the schema's law; a walk does
/// not rely on it, so that it stays in its log and ends.
std::string step(const std::string& incident) {
  return "SELECT e.row, e.sequence FROM entry CROSS JOIN decision_events e INDEXED BY decision_events_previous"
         " WHERE e.previous_row = entry.row AND e.incident_id = " +
         incident + " AND e.sequence = entry.sequence + 1";
}

}  // namespace

/// From the last mark at or before the first entry that is asked for, one entry at a time. Entries of schema versions before 5 name
/// no row and are marks all.
std::string driver::entries() {
  return "WITH RECURSIVE entry (row, sequence) AS ("
         "SELECT row, sequence FROM (SELECT row, sequence FROM decision_events INDEXED BY decision_events_marks"
         " WHERE incident_id = ?1 AND sequence <= ?2 + 1 AND " +
         marked("") + " ORDER BY sequence DESC LIMIT 1) UNION ALL " + step("?1") +
         " UNION ALL SELECT e.row, e.sequence FROM entry CROSS JOIN decision_events e INDEXED BY decision_events_marks"
         " WHERE e.incident_id = ?1 AND e.sequence = entry.sequence + 1 AND e.previous_row IS NULL AND " +
         marked("e.") +
         ") SELECT e.row, e.sequence, e.doc FROM entry CROSS JOIN decision_events e ON e.row = entry.row"
         " WHERE entry.sequence > ?2 LIMIT ?3";
}

/// A log begins with a mark.
std::string driver::any_entry() {
  return "SELECT row FROM decision_events INDEXED BY decision_events_marks WHERE incident_id = ?1 AND sequence <= 1"
         " AND " +
         marked("") + " LIMIT 1";
}

/// From all marks at once; an entry that two walks meet counts once.
std::string driver::of_incident() {
  return "row IN (WITH RECURSIVE entry (row, sequence) AS ("
         "SELECT row, sequence FROM decision_events INDEXED BY decision_events_marks WHERE incident_id = ?7 AND " +
         marked("") + " UNION " + step("?7") + ") SELECT row FROM entry)";
}

/// Sorts row numbers, not documents. A limit, even none, keeps the order of what is inside.
std::string driver::whole_log(std::string_view columns) {
  return "SELECT " + std::string{columns} +
         " FROM (SELECT row AS place FROM decision_events WHERE sequence IS NOT NULL ORDER BY incident_id, sequence"
         " LIMIT -1) CROSS JOIN decision_events ON row = place";
}

}  // namespace im::ruvector::sqlite
