#include "persistence/ruvector/postgres_repack.hpp"

#include <set>
#include <string>

#include "messages/assert.hpp"
#include "persistence/ruvector/care.hpp"
#include "persistence/ruvector/postgres_buffer.hpp"
#include "persistence/ruvector/postgres_locks.hpp"
#include "persistence/ruvector/postgres_tables.hpp"

namespace im::ruvector::postgres {

namespace {

bool has_table(connection& db, const char* name) {
  return statement{db, std::string{"SELECT count(to_regclass('"} + name + "'))"}
             .first([](row r) { return r.integer(0); })
             .value_or(0) != 0;
}

void finish(connection& db) {
  db.execute("DROP TABLE unpacked_events");
  if (!has_table(db, "pending_fold")) return;
  tables written{db};
  (void)rebuild<driver>(db, written);
  written.flush();
  db.execute("DROP TABLE pending_fold");
}

/// How many entries were copied: those behind the newest that was. Only documents come here and go back.
int copy_some(connection& db) {
  column rows{type::int8};
  column documents{type::bytea};
  std::set<std::string> agents;
  std::size_t bytes = 0;
  statement{db,
            "SELECT row, doc, agent_id FROM unpacked_events"
            " WHERE row > (SELECT coalesce(max(row), 0) FROM decision_events) ORDER BY row LIMIT ?1"}
      .each(
          [&](row r) {
            bytes += r.bytes(1).size();
            rows.push(r.integer(0));
            documents.push(pack(r.bytes(1)));
            agents.emplace(r.text(2));
            return bytes < limits::repacked_bytes;
          },
          limits::repacked_events);
  const auto count = static_cast<int>(rows.size());
  if (count == 0) return 0;
  column names{type::text};
  for (const auto& agent : agents) names.push(agent);
  parameters known;
  known.add(std::move(names));
  statement know_agents{db, know_agents_sql};
  parameters with;
  with.add(std::move(rows));
  with.add(std::move(documents));
  statement insert{db,
                   "INSERT INTO decision_events (row, id, incident_id, sequence, agent, decision_type, timestamp_ms,"
                   " actions, doc) SELECT u.row, u.id, u.incident_id, u.sequence, a.number, u.decision_type,"
                   " u.timestamp_ms, u.actions, p.doc FROM unnest(?1, ?2) AS p(row, doc)"
                   " JOIN unpacked_events u ON u.row = p.row JOIN agents a ON a.agent_id = u.agent_id ORDER BY u.row"};
  const auto said = db.pipeline({{&know_agents, std::move(known), {}}, {&insert, std::move(with), {}}});
  IM_ASSERT(said != nullptr);
  return count;
}

}  // namespace

bool pack_some(connection& db) {
  transaction some{db};
  statement lock{db, "SELECT 1 FROM pg_advisory_xact_lock(?1)"};
  lock.run(lock_of_migrations);
  if (!has_table(db, "unpacked_events")) return false;
  lock.run(lock_of_writers);
  const int copied = copy_some(db);
  if (copied == 0) finish(db);
  some.commit();
  return copied != 0;
}

}  // namespace im::ruvector::postgres
