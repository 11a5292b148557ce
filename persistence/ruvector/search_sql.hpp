#pragma once
/// How each database keeps and finds the words of incidents. Internal to the stores.
///
/// SQLite: an FTS5 table without the text (contentless), without positions (detail=none) and without sizes, whose row number is that of
/// the first entry of the incident's log. PostgreSQL: the words as a `tsvector` under the same row number, with a GIN index.

#include <string>
#include <string_view>
#include <vector>

#include "persistence/ruvector/postgres.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector {

template <class Driver>
struct search_sql;

template <>
struct search_sql<sqlite::driver> {
  /// Joins the words that match ?10 to incidents `i`; the row number of a match is `place`.
  static constexpr const char* matches =
      "SELECT w.rowid AS place, i.incident_id FROM incident_words w"
      " CROSS JOIN decision_events e ON e.row = w.rowid CROSS JOIN incidents i ON i.incident_id = e.incident_id"
      " WHERE w.incident_words MATCH ?10 AND w.rowid < ?1";
  static constexpr const char* newest_first = " ORDER BY w.rowid DESC";
  static constexpr const char* forget_all = "INSERT INTO incident_words (incident_words) VALUES ('delete-all')";

  /// All words; one of two characters or more may be the beginning of a longer one.
  [[nodiscard]] static std::string query(const std::vector<std::string>& words) {
    std::string all;
    for (const auto& word : words)
      all.append(all.empty() ? "\"" : " \"").append(word).append(word.size() > 1 ? "\"*" : "\"");
    return all;
  }
};

template <>
struct search_sql<postgres::driver> {
  static constexpr const char* matches =
      "SELECT w.row AS place, i.incident_id FROM incident_words w"
      " JOIN decision_events e ON e.row = w.row JOIN incidents i ON i.incident_id = e.incident_id"
      " WHERE array_to_tsvector(string_to_array(w.words, ' ')) @@ ?10::tsquery AND w.row < ?1";
  static constexpr const char* newest_first = " ORDER BY w.row DESC";
  static constexpr const char* forget_all = "DELETE FROM incident_words";

  [[nodiscard]] static std::string query(const std::vector<std::string>& words) {
    std::string all;
    for (const auto& word : words)
      all.append(all.empty() ? "'" : " & '").append(word).append(word.size() > 1 ? "':*" : "'");
    return all;
  }
};

/// What a rebuild begins with. It folds all incidents, so none is left for `fill_words`.
template <class Driver>
void forget_words(typename Driver::connection& db) {
  db.execute(search_sql<Driver>::forget_all);
  db.execute("UPDATE words_backlog SET next_row = last_row + 1");
}

}  // namespace im::ruvector
