#include "persistence/ruvector/postgres_buffer.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "messages/assert.hpp"
#include "persistence/ruvector/row_readers.hpp"

namespace im::ruvector::postgres {

namespace {

/// Columns of one type each, filled row by row.
template <std::size_t N>
class rows_of {
public:
  explicit rows_of(const std::array<type, N>& types) {
    columns_.reserve(N);
    for (const auto t : types) columns_.emplace_back(t);
  }

  template <class... Values>
  void add(const Values&... values) {
    static_assert(sizeof...(Values) == N);
    std::size_t i = 0;
    (columns_[i++].push(values), ...);
  }
  [[nodiscard]] bool empty() const { return columns_.front().size() == 0; }
  [[nodiscard]] parameters take() {
    parameters all;
    for (auto& c : columns_) all.add(std::move(c));
    return all;
  }

private:
  std::vector<column> columns_;
};

constexpr auto number_type = type::int8;
constexpr auto id_type = type::uuid;
constexpr auto text_type = type::text;
constexpr auto bytes_type = type::bytea;

}  // namespace

write_buffer::write_buffer(connection& db)
    : db_{db},
      know_agents_{db, know_agents_sql},
      put_events_{db,
                  "INSERT INTO decision_events (row, id, incident_id, sequence, agent, decision_type, timestamp_ms,"
                  " actions, doc) SELECT n.row, n.id, n.incident_id, n.sequence,"
                  " (SELECT number FROM agents a WHERE a.agent_id = n.agent_id), n.decision_type, n.timestamp_ms,"
                  " n.actions, n.doc FROM unnest(?1,?2,?3,?4,?5,?6,?7,?8,?9) AS n(row, id, incident_id, sequence,"
                  " agent_id, decision_type, timestamp_ms, actions, doc)"},
      put_requests_{db,
                    "INSERT INTO requests (ordered_key, event_row, disposition) SELECT * FROM unnest(?1,?2,?3)"
                    " ON CONFLICT DO NOTHING"},
      put_incidents_{
          db, std::string{"INSERT INTO incidents ("} + incident_columns +
                  ") SELECT * FROM unnest(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)"
                  " ON CONFLICT (incident_id) DO UPDATE SET sequence=excluded.sequence, open=excluded.open,"
                  " fingerprint_key=excluded.fingerprint_key, status=excluded.status, severity=excluded.severity,"
                  " category=excluded.category, escalated=excluded.escalated, source=excluded.source,"
                  " created_ms=excluded.created_ms, due_kind=excluded.due_kind, due_ms=excluded.due_ms"},
      put_gates_{db,
                 "INSERT INTO approvals (request_id, incident_id, status, action_type, requested_ms, gate)"
                 " SELECT * FROM unnest(?1,?2,?3,?4,?5,?6) ON CONFLICT (request_id, incident_id) DO UPDATE SET"
                 " status=excluded.status, action_type=excluded.action_type, requested_ms=excluded.requested_ms,"
                 " gate=excluded.gate"},
      put_postmortems_{db,
                       "INSERT INTO postmortems (postmortem_id, incident_id, status, written_ms, event_row)"
                       " SELECT * FROM unnest(?1,?2,?3,?4,?5) ON CONFLICT (postmortem_id, incident_id) DO UPDATE SET"
                       " status=excluded.status, written_ms=excluded.written_ms, event_row=excluded.event_row"},
      publish_postmortems_{db,
                           "UPDATE postmortems p SET status = n.status FROM unnest(?1,?2,?3) AS n(id, incident, status)"
                           " WHERE p.postmortem_id = n.id AND p.incident_id = n.incident"},
      put_snapshots_{db,
                     "INSERT INTO snapshots (incident_id, sequence, state) SELECT * FROM unnest(?1,?2,?3)"
                     " ON CONFLICT (incident_id) DO UPDATE SET sequence=excluded.sequence, state=excluded.state"},
      put_words_{
          db,
          "INSERT INTO incident_words (row, words) SELECT e.row, n.words FROM unnest(?1,?2) AS n(incident, words)"
          " JOIN decision_events e ON e.incident_id = n.incident AND e.sequence = 1 ORDER BY e.row"
          " ON CONFLICT (row) DO UPDATE SET words=excluded.words"} {}

void write_buffer::put(incident_id incident, const side_changes& changes) {
  for (const auto& [id, gate] : changes.gates) gates_.insert_or_assign({id.value(), incident}, gate);
  for (const auto& [id, document] : changes.postmortems) {
    const auto [entry, added] = postmortems_.try_emplace({id.value(), incident}, document);
    if (added) continue;
    if (document.event_row)
      entry->second = document;
    else
      entry->second.status = document.status;  // only published now
  }
  if (changes.words && changes.words->before != changes.words->now)
    words_.insert_or_assign(incident, changes.words->now);
}

void write_buffer::put_snapshot(incident_id incident, std::uint64_t sequence, packed_document state) {
  snapshots_.insert_or_assign(incident, written_snapshot{sequence, std::move(state)});
}

std::size_t write_buffer::rows() const {
  return events_.size() + covers_.size() + incidents_.size() + gates_.size() + postmortems_.size() + snapshots_.size() +
         words_.size();
}

answer write_buffer::send(statement* last) {
  requests all;
  add_events(all);
  add_covers(all);
  // Law 2's index looks at every row by itself: who leaves a fingerprint goes before who takes it.
  add_incidents(all, false);
  add_incidents(all, true);
  add_gates(all);
  add_postmortems(all);
  add_snapshots(all);
  add_words(all);  // after the events, whose rows it looks for
  if (last != nullptr) all.push_back({last, {}, {}});
  clear();
  if (all.empty()) return nullptr;
  return db_.pipeline(all);
}

void write_buffer::clear() {
  events_.clear();
  covers_.clear();
  incidents_.clear();
  gates_.clear();
  postmortems_.clear();
  snapshots_.clear();
  words_.clear();
}

void write_buffer::add_events(requests& to) {
  if (events_.empty()) return;
  std::set<std::string_view> agents;
  for (const auto& [event, at] : events_) agents.insert(event->agent_id);
  rows_of<1> names{{text_type}};
  for (const auto agent : agents) names.add(agent);
  to.push_back({&know_agents_, names.take(), {}});
  rows_of<9> rows{
      {number_type, id_type, id_type, number_type, text_type, number_type, number_type, number_type, bytes_type}};
  for (const auto& [event, at] : events_) {
    IM_ASSERT(!event->packed.bytes.empty());
    const auto sequence = event->log ? std::optional{event->log->sequence} : std::nullopt;
    rows.add(at, event->id, event->incident, sequence, event->agent_id, number(event->decision_type), event->timestamp,
             event->action_count, event->packed);
  }
  to.push_back({&put_events_, rows.take(), {}});
}

void write_buffer::add_covers(requests& to) {
  if (covers_.empty()) return;
  std::ranges::sort(covers_, {}, &written_cover::key);  // keys that follow each other go to one page of the index
  rows_of<3> rows{{id_type, number_type, number_type}};
  for (const auto& c : covers_) rows.add(c.key, c.row, number(c.how));
  to.push_back({&put_requests_, rows.take(), {}});
}

void write_buffer::add_incidents(requests& to, bool open) {
  rows_of<12> rows{{id_type, number_type, number_type, id_type, number_type, number_type, number_type, number_type,
                    text_type, number_type, number_type, number_type}};
  for (const auto& [id, r] : incidents_)
    if (r.open.value_or(false) == open)
      rows.add(id, r.sequence, r.open, r.fingerprint, number(r.status), number(r.severity), number(r.category),
               r.escalated, r.source, r.created_at, number(r.due_kind), r.due_at);
  if (!rows.empty()) to.push_back({&put_incidents_, rows.take(), {}});
}

void write_buffer::add_gates(requests& to) {
  if (gates_.empty()) return;
  rows_of<6> rows{{id_type, id_type, number_type, number_type, number_type, bytes_type}};
  for (const auto& [key, gate] : gates_)
    rows.add(key.first, key.second, number(gate.status), number(gate.action_type), gate.requested_at, pack(gate.item));
  to.push_back({&put_gates_, rows.take(), {}});
}

void write_buffer::add_postmortems(requests& to) {
  rows_of<5> written{{id_type, id_type, number_type, number_type, number_type}};
  rows_of<3> published{{id_type, id_type, number_type}};
  for (const auto& [key, document] : postmortems_) {
    if (document.event_row)
      written.add(key.first, key.second, number(document.status), document.written_at, *document.event_row);
    else
      published.add(key.first, key.second, number(document.status));
  }
  if (!written.empty()) to.push_back({&put_postmortems_, written.take(), {}});
  if (!published.empty()) to.push_back({&publish_postmortems_, published.take(), {}});
}

void write_buffer::add_snapshots(requests& to) {
  if (snapshots_.empty()) return;
  rows_of<3> rows{{id_type, number_type, bytes_type}};
  for (const auto& [id, s] : snapshots_) rows.add(id, s.sequence, s.state);
  to.push_back({&put_snapshots_, rows.take(), {}});
}

void write_buffer::add_words(requests& to) {
  if (words_.empty()) return;
  rows_of<2> rows{{id_type, text_type}};
  for (const auto& [id, words] : words_) rows.add(id, words);
  to.push_back({&put_words_, rows.take(), {}});
}

}  // namespace im::ruvector::postgres
