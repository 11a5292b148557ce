#pragma once
/// The steps from one schema version to the next that are the same in every database. Internal to the stores.

#include <cstdint>

namespace im::ruvector::schema {

/// Each opening asks for the newest incident of its fingerprint, ended ones too; without an index that reads all.
inline constexpr const char* version_2 = R"sql(
CREATE INDEX incidents_fingerprint ON incidents (fingerprint_key, created_ms, incident_id);
)sql";

/// A request's key begins with the time that its id names, so the index of requests grows at its end; the column's new name turns
/// away a program that would look for the old keys. And an opening writes one index by fingerprint, not two.
inline constexpr const char* version_3 = R"sql(
ALTER TABLE requests RENAME COLUMN request_key TO ordered_key;
DROP INDEX incidents_fingerprint;
CREATE INDEX incidents_ended_fingerprint ON incidents (fingerprint_key, created_ms, incident_id) WHERE open = 0;
)sql";

/// Of its gates that have ended a state holds the newest alone: those written before are folded anew.
inline constexpr const char* version_4 = "DELETE FROM snapshots;";

/// Incidents are found by words, and the feed goes from one event with actions to the next. `words_backlog`: the rows of an older log
/// whose incidents `fill_words` has yet to make findable. After what each database makes for the words itself.
inline constexpr const char* search = R"sql(
DROP INDEX IF EXISTS decision_events_actions;
CREATE INDEX decision_events_actions ON decision_events (row) WHERE actions > 0;
DROP TABLE IF EXISTS words_backlog;
CREATE TABLE words_backlog (next_row bigint NOT NULL, last_row bigint NOT NULL);
INSERT INTO words_backlog SELECT 1, coalesce(max(row), 0) FROM decision_events;
)sql";
/// What `needs_fold` says is kept until the log of an older store is packed, however often that is interrupted.
inline constexpr const char* remember_fold = "CREATE TABLE pending_fold (unused INTEGER)";

/// Whether what a program of schema version `there` wrote beside the log has to be folded anew. 0: there is nothing yet.
constexpr bool needs_fold(std::int64_t there) { return there != 0 && there < 4; }

}  // namespace im::ruvector::schema
