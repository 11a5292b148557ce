#pragma once
/// The invariants, over logs as the store gives them and the ledger. Pure, and written without the code under test: JSON is
/// read by Boost.JSON, times are compared as text (ISO 8601, UTC, all of one width), and the rules stand here once more.

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/ledger.hpp"

namespace im::chaos {

namespace js = boost::json;

/// The log of one incident: its events as they are stored, and parsed.
struct incident_log {
  std::string id;
  std::vector<std::string> texts;
  std::vector<js::value> events;
};

struct violation {
  std::string incident;  ///< empty when it is about none
  std::string what;
};
using violations = std::vector<violation>;

/// What a run counted.
struct tally {
  std::size_t acknowledged = 0;
  std::size_t lost = 0;     ///< acknowledged, and in no log
  std::size_t doubled = 0;  ///< request ids that stand in the logs twice
  std::size_t events = 0;
  std::size_t gates = 0;
  std::size_t approved = 0;
  std::size_t expired = 0;
};

/// The texts of the elements of the array `name` of an object, byte for byte as they stand in it.
[[nodiscard]] std::vector<std::string> elements_of(std::string_view object, std::string_view name);

/// Sequences 1..n, each event and request id once, every signal counted, and every event names its predecessor by
/// `previous_hash`.
void judge_chain(const incident_log& log, violations& found);

/// Every acknowledged request is covered once, in the incident that its answer named; nothing refused is covered, but for
/// votes whose refusal is itself on record.
void judge_requests(const std::vector<incident_log>& logs, const std::vector<entry>& entries, tally& counted,
                    violations& found);

/// At most one incident is open for a fingerprint.
void judge_openings(const std::vector<incident_log>& logs, violations& found);

/// At most one verdict a gate; none is approved without its quorum of distinct listed people, before its deadline and
/// without a rejection; no gate asks less than `approval_policy`; what people must approve happens after their approval alone.
void judge_gates(const incident_log& log, const js::object& approval_policy, tally& counted, violations& found);

/// No deadline acted before its time, and none acted twice.
void judge_clock(const incident_log& log, violations& found);

/// The deadlines of a log that had passed at `moment` and have led to nothing, one text each.
[[nodiscard]] std::vector<std::string> overdue(const incident_log& log, std::string_view moment);

}  // namespace im::chaos
