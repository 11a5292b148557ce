#include "persistence/ruvector/sqlite_reader.hpp"

#include <string>

#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/sqlite_lists.hpp"

namespace im::ruvector::sqlite {

namespace {

/// ?1 a whole agent id or nothing, ?2 and ?3 the bounds of its type part, ?4 a decision type, ?5 and ?6 times, ?7 an incident.
std::string query_sql(bool of_incident, bool count) {
  std::string sql = count ? "SELECT count(*)" : "SELECT doc";
  sql += " FROM decision_events";
  sql += of_incident ? " INDEXED BY decision_events_log WHERE incident_id = ?7 AND" : " WHERE ?7 IS NULL AND";
  sql +=
      " timestamp_ms BETWEEN ?5 AND ?6 AND (?4 IS NULL OR decision_type = ?4)"
      " AND (?1 IS NULL OR agent_id = ?1 OR (agent_id >= ?2 AND agent_id < ?3))";
  if (!count) sql += " ORDER BY timestamp_ms DESC, row DESC LIMIT ?8 OFFSET ?9";
  return sql;
}

std::optional<std::string> text_of(statement& s, const auto& id) {
  return s.first([](row r) { return std::string{r.text(0)}; }, id);
}

}  // namespace

reader::reader(const std::string& file)
    : db_{file, open_mode::read_only, limits::page_cache_kb / 8},
      loader_{db_},
      event_{db_, "SELECT doc FROM decision_events WHERE id = ?1"},
      log_{db_,
           "SELECT sequence, doc FROM decision_events WHERE incident_id = ?1 AND sequence > ?2 ORDER BY sequence LIMIT "
           "?3"},
      head_{db_, "SELECT max(sequence) FROM decision_events WHERE incident_id = ?1"},
      request_{db_,
               "SELECT e.incident_id, e.id, e.sequence, r.disposition FROM requests r"
               " JOIN decision_events e ON e.row = r.event_row WHERE r.request_key = ?1"},
      feed_{db_, "SELECT row, actions, doc FROM decision_events WHERE row >= ?1 ORDER BY row LIMIT ?2"},
      agent_state_{db_, "SELECT doc FROM agent_states WHERE incident_id = ?1"},
      escalation_state_{db_, "SELECT doc FROM escalation_states WHERE incident_id = ?1"},
      query_{db_, query_sql(false, false)},
      query_count_{db_, query_sql(false, true)},
      query_incident_{db_, query_sql(true, false)},
      query_incident_count_{db_, query_sql(true, true)},
      incidents_open_{db_, list_sql::open_incidents()},
      incidents_ended_{db_, list_sql::ended_incidents()},
      incidents_all_{db_, list_sql::all_incidents()},
      incident_by_fingerprint_{db_, list_sql::open_incident_of_fingerprint()},
      escalations_{db_, list_sql::escalations()},
      approvals_{db_, list_sql::approvals(false)},
      approvals_of_incident_{db_, list_sql::approvals(true)},
      approval_{db_, "SELECT gate FROM approvals WHERE request_id = ?1 ORDER BY requested_ms DESC LIMIT 1"},
      postmortems_{db_, list_sql::postmortems()},
      postmortem_{db_,
                  "SELECT p.status, e.doc FROM postmortems p JOIN decision_events e ON e.row = p.event_row"
                  " WHERE p.postmortem_id = ?1 ORDER BY p.written_ms DESC LIMIT 1"},
      deadlines_{db_, list_sql::deadlines()},
      policy_{db_, "SELECT version, etag, doc FROM policies WHERE kind = ?1 AND id = ?2 ORDER BY row DESC LIMIT 1"},
      policy_version_{db_, "SELECT version, etag, doc FROM policies WHERE kind = ?1 AND id = ?2 AND version = ?3"},
      policy_count_{db_, "SELECT count(*) FROM policies"} {}

std::optional<std::string> reader::event(event_id id) { return text_of(event_, id); }

event_page reader::query(const event_query& what) {
  std::optional<std::string> low;
  std::optional<std::string> high;
  if (what.agent_id && what.agent_id->find(':') == std::string::npos) {
    low = *what.agent_id + ':';
    high = *what.agent_id + ';';  // the character after ':'
  }
  const auto type = what.decision_type ? std::optional{static_cast<int>(*what.decision_type)} : std::nullopt;
  const auto from = what.from.value_or(time_point::min());
  const auto to = what.to.value_or(time_point::max());
  const transaction together{db_, "BEGIN"};
  event_page page;
  auto& count = what.incident ? query_incident_count_ : query_count_;
  page.total = static_cast<std::uint64_t>(
      count.first([](row r) { return r.integer(0); }, what.agent_id, low, high, type, from, to, what.incident)
          .value_or(0));
  std::size_t bytes = 0;
  (what.incident ? query_incident_ : query_)
      .each(
          [&](row r) {
            page.events.emplace_back(r.text(0));
            bytes += page.events.back().size();
            return bytes < limits::page_bytes;
          },
          what.agent_id, low, high, type, from, to, what.incident, what.limit, what.offset);
  return page;
}

log_page reader::log(incident_id id, std::uint64_t after, std::size_t limit) {
  const transaction together{db_, "BEGIN"};
  log_page page;
  page.head = static_cast<std::uint64_t>(head_.first([](row r) { return r.integer(0); }, id).value_or(0));
  std::size_t bytes = 0;
  auto last = after;
  log_.each(
      [&](row r) {
        const auto sequence = static_cast<std::uint64_t>(r.integer(0));
        if (sequence != last + 1)
          damaged("the log of incident " + id.str() + " has a gap after sequence " + std::to_string(last));
        last = sequence;
        page.events.emplace_back(r.text(1));
        bytes += page.events.back().size();
        return bytes < limits::page_bytes;
      },
      id, after, limit);
  return page;
}

std::optional<covered_by> reader::request(std::string_view id) {
  return request_.first(
      [&](row r) {
        return covered_by{std::string{id}, incident_id{r.id(0)}, event_id{r.id(1)},
                          static_cast<std::uint64_t>(r.integer(2)), static_cast<disposition>(r.integer(3))};
      },
      key_of(id));
}

feed_page reader::actions(feed_cursor after, std::size_t limit) {
  const bool whole = after.actions == feed_cursor::whole_event;
  feed_page page{{}, after};
  std::size_t bytes = 0;
  feed_.each(
      [&](row r) {
        const auto at = r.integer(0);
        const auto skip = at == after.row && !whole ? after.actions : 0;
        const auto before = page.actions.size();
        const bool ended = r.integer(1) == 0 || append_actions(page.actions, r.text(2), at, skip, limit - before);
        const auto taken = static_cast<std::uint32_t>(page.actions.size() - before);
        page.next = {at, ended ? feed_cursor::whole_event : skip + taken};
        for (auto i = before; i < page.actions.size(); ++i) bytes += page.actions[i].size();
        return page.actions.size() < limit && bytes < limits::page_bytes;
      },
      after.row + (whole ? 1 : 0), limits::feed_scan_events);
  return page;
}

std::optional<std::string> reader::record(incident_id id, std::string (*make)(const incident_state&),
                                          statement& agents_own) {
  const transaction together{db_, "BEGIN"};
  const auto loaded = loader_.load(id);
  if (loaded.state.opened) return make(loaded.state);
  return text_of(agents_own, id);
}

std::optional<std::string> reader::incident_state_record(incident_id id) {
  return record(id, &incident_state_json, agent_state_);
}

std::optional<std::string> reader::escalation_record(incident_id id) {
  return record(id, &escalation_json, escalation_state_);
}

std::optional<std::string> reader::approval(approval_id id) { return text_of(approval_, id); }

std::optional<policy_document> reader::policy(policy_kind kind, std::string_view id,
                                              const std::optional<std::string>& version) {
  const auto make = [&](row r) {
    return policy_document{kind, std::string{id}, std::string{r.text(0)}, std::string{r.text(1)},
                           std::string{r.text(2)}};
  };
  const auto number = static_cast<int>(kind);
  return version ? policy_version_.first(make, number, id, *version) : policy_.first(make, number, id);
}

std::uint64_t reader::policy_count() {
  return static_cast<std::uint64_t>(policy_count_.first([](row r) { return r.integer(0); }).value_or(0));
}

reader_pool::reader_pool(const std::string& file, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    all_.push_back(std::make_unique<reader>(file));
    idle_.push_back(all_.back().get());
  }
}

reader* reader_pool::borrow() {
  std::unique_lock lock{mutex_};
  returned_.wait(lock, [&] { return !idle_.empty(); });
  auto* r = idle_.back();
  idle_.pop_back();
  return r;
}

void reader_pool::give_back(reader* r) {
  {
    const std::lock_guard lock{mutex_};
    idle_.push_back(r);
  }
  returned_.notify_one();
}

}  // namespace im::ruvector::sqlite
