#pragma once
/// What ruvector-service's answers mean. Pure: text in, values out; an error means that the text is not such an answer.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/store_port.hpp"

namespace im::persistence {

/// Of a batch's results, which may stand in any order: one outcome an incident of `asked`. An incident whose events came out
/// in a way that we do not know gets its own error.
[[nodiscard]] result<write_results> parse_batch_results(std::string_view body,
                                                        const std::vector<incident_write>& asked);

/// What the refusal of an event means to its incident: `holder` has the fingerprint open, or `head` is where the log ends.
[[nodiscard]] write_outcome outcome_of_conflict(const std::optional<incident_id>& holder,
                                                std::optional<std::uint64_t> head, const incident_id& asked);
[[nodiscard]] write_outcome outcome_of_covered(covered_elsewhere covered);
/// All of an incident's events say the same; where one says no, that counts.
void merge(write_outcome& all, const write_outcome& one);

/// Of the 409 to a single write: the outcome if it says one, as our own build does in its error's `details`.
[[nodiscard]] std::optional<write_outcome> parse_conflict(std::string_view body, const incident_id& asked);

/// `{"events":[…],"head"?}`: more if the head is further than the page, or, without a head, if the page is full.
[[nodiscard]] result<log_page> parse_log(std::string_view body, std::size_t limit);

/// Whether a page holds the entries of this log that come right after `after`, without a gap.
[[nodiscard]] result<void> page_follows(const log_page& page, const incident_id& id, std::uint64_t after);

/// `{"with_log":[…]}`: incidents that have a log.
[[nodiscard]] result<incident_list> parse_found_logs(std::string_view body);
/// `{"newest":[{"incident_id","open"} or null, …]}`, one for each of `count` fingerprints.
[[nodiscard]] result<fingerprint_lookups> parse_newest(std::string_view body, std::size_t count);

[[nodiscard]] result<event_ptr> parse_event(std::string_view body);

/// Of a page of incidents, newest first.
[[nodiscard]] result<fingerprint_lookup> parse_fingerprint(std::string_view body);

/// A list whose entries carry the cursor of what comes after them (no cursor if it is not full), or an object with `items` and
/// perhaps `next_cursor`.
[[nodiscard]] result<due_page> parse_due(std::string_view body, std::size_t limit);

[[nodiscard]] result<covered_elsewhere> parse_covered(std::string_view body, const request_id& asked);

/// A page of a query's answer: events that stand in a log, by sequence.
struct query_page {
  std::map<std::uint64_t, std::string> events;
  std::size_t size = 0;  ///< of the page, events without a sequence included
};
[[nodiscard]] result<query_page> parse_query(std::string_view body);

/// `{"events":[…],"rewritten":true,"head":n}` of the first `limit` of these. Rewritten: a plain service may keep documents in its
/// own spelling, so the digests of their texts mean nothing.
[[nodiscard]] std::string log_of(const std::map<std::uint64_t, std::string>& events, std::size_t limit);

/// `healthy` and `degraded` serve, with the messages of the checks that warn; `unhealthy` is `store_unavailable`,
/// with the message of the first that fails.
[[nodiscard]] result<store_condition> parse_health(std::string_view body);

}  // namespace im::persistence
