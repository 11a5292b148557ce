#include <algorithm>
#include <limits>

#include "messages/assert.hpp"
#include "persistence/ruvector/list_reader.hpp"
#include "persistence/ruvector/list_sql.hpp"
#include "persistence/ruvector/row_readers.hpp"

namespace im::ruvector {

namespace list_sql {

namespace {

/// ?1 a whole agent id or nothing, ?2 and ?3 the bounds of its type part, ?4 a decision type, ?5 and ?6 times, ?7 an incident.
std::string events_that_match(const std::string& which) {
  return " FROM decision_events WHERE " + which +
         " AND timestamp_ms BETWEEN ?5 AND ?6 AND (?4 IS NULL OR decision_type = ?4)"
         " AND (?1 IS NULL OR agent IN (SELECT number FROM agents WHERE agent_id = ?1 OR (agent_id >= ?2 AND agent_id "
         "< ?3)))";
}

}  // namespace

std::string events(const std::string& which) {
  return "SELECT timestamp_ms, row, doc, id" + events_that_match(which) +
         " AND (timestamp_ms < ?6 OR row < ?8) ORDER BY timestamp_ms DESC, row DESC LIMIT ?9 OFFSET ?10";
}

std::string count_of_events(const std::string& which) {
  return "SELECT count(*) FROM (SELECT 1" + events_that_match(which) + " LIMIT ?8) AS counted";
}

}  // namespace list_sql

template <class Driver>
event_page list_reader<Driver>::query(const event_query& what) {
  IM_ASSERT(what.limit > 0 && what.offset <= limits::query_offset);
  std::optional<std::string> low;
  std::optional<std::string> high;
  if (what.agent_id && what.agent_id->find(':') == std::string::npos) {
    low = *what.agent_id + ':';
    high = *what.agent_id + ';';  // the character after ':'
  }
  const auto type = what.decision_type ? std::optional{static_cast<int>(*what.decision_type)} : std::nullopt;
  const auto from = what.from.value_or(time_point::min());
  const auto to = what.to.value_or(time_point::max());
  // A page that goes on begins in the index, where the one before ended: what came meanwhile moves nothing.
  const bool goes_on = what.after && what.after->at <= to;
  const auto newest = goes_on ? what.after->at : to;
  const auto before_row = goes_on ? what.after->row : std::numeric_limits<std::int64_t>::max();
  const read_transaction together{db_};
  event_page page;
  std::size_t bytes = 0;
  event_cursor last;
  (what.incident ? query_incident_ : query_)
      .each(
          [&](row r) {
            last = {r.time(0), r.integer(1)};
            page.events.push_back(unpack_or_throw(r.bytes(2), [&] { return named(event_id{r.id(3)}); }));
            bytes += page.events.back().size();
            return bytes < limits::page_bytes;
          },
          what.agent_id, low, high, type, from, newest, what.incident, before_row, what.limit, what.offset);
  const bool is_last = page.events.size() < what.limit && bytes < limits::page_bytes;
  if (!is_last) page.next_cursor = last.str();
  if (is_last && !what.after && (what.offset == 0 || !page.events.empty())) {
    page.total = what.offset + page.events.size();  // it has just been counted
    return page;
  }
  const auto most = limits::counted_events + 1;
  auto& count = what.incident ? query_incident_count_ : query_count_;
  const auto counted =
      count.first([](row r) { return r.integer(0); }, what.agent_id, low, high, type, from, to, what.incident, most)
          .value_or(0);
  page.total = std::min<std::uint64_t>(static_cast<std::uint64_t>(counted), limits::counted_events);
  page.has_more_than_total = static_cast<std::uint64_t>(counted) > limits::counted_events;
  return page;
}

template event_page list_reader<postgres::driver>::query(const event_query&);
template event_page list_reader<sqlite::driver>::query(const event_query&);

}  // namespace im::ruvector
