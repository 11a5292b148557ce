#include "persistence/ruvector/sqlite_records.hpp"

#include "persistence/ruvector/agent_records.hpp"

namespace im::ruvector::sqlite {

namespace {

std::unexpected<error> derived(incident_id id) {
  return fail(errc::conflict, "incident " + id.str() + " has a log here; its state follows from its DecisionEvents");
}

std::optional<std::string> document(statement& get, incident_id id) {
  return get.first([](row r) { return std::string{r.text(0)}; }, id);
}

}  // namespace

record_writer::record_writer(connection& db)
    : has_log_{db, "SELECT 1 FROM incidents WHERE incident_id = ?1 AND open IS NOT NULL"},
      get_state_{db, "SELECT doc FROM agent_states WHERE incident_id = ?1"},
      put_state_{db, "INSERT OR REPLACE INTO agent_states (incident_id, doc) VALUES (?1, ?2)"},
      get_escalation_{db, "SELECT doc FROM escalation_states WHERE incident_id = ?1"},
      put_escalation_{db, "INSERT OR REPLACE INTO escalation_states (incident_id, doc) VALUES (?1, ?2)"},
      get_etag_{db, "SELECT etag FROM policies WHERE kind = ?1 AND id = ?2 AND version = ?3"},
      put_policy_{db, "INSERT INTO policies (kind, id, version, etag, doc) VALUES (?1,?2,?3,?4,?5)"} {}

result<std::string> record_writer::patch_state(incident_id id, std::string_view patch, time_point now) {
  if (has_log(id)) return derived(id);
  auto merged = merge_state(document(get_state_, id), patch, id, now);
  if (merged) put_state_.run(id, *merged);
  return merged;
}

result<std::string> record_writer::patch_escalation(incident_id id, std::string_view patch, time_point now) {
  if (has_log(id)) return derived(id);
  auto merged = merge_escalation(document(get_escalation_, id), patch, id, now);
  if (merged) put_escalation_.run(id, *merged);
  return merged;
}

result<put_outcome> record_writer::put(const policy_document& policy) {
  const auto kind = static_cast<int>(policy.kind);
  const auto etag = get_etag_.first([](row r) { return std::string{r.text(0)}; }, kind, policy.id, policy.version);
  if (etag && *etag == policy.etag) return put_outcome::unchanged;
  if (etag)
    return fail(errc::conflict, "version " + policy.version + " of policy " + policy.id +
                                    " is there with other content; a version is never changed, write a new one");
  put_policy_.run(kind, policy.id, policy.version, policy.etag, policy.document);
  return put_outcome::created;
}

bool record_writer::has_log(incident_id id) {
  return has_log_.first([](row) { return true; }, id).has_value();
}

}  // namespace im::ruvector::sqlite
