#include "persistence/ruvector/database_records.hpp"

#include "persistence/ruvector/agent_records.hpp"
#include "persistence/ruvector/postgres.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector {

namespace {

std::unexpected<error> derived(incident_id id) {
  return fail(errc::conflict, "incident " + id.str() + " has a log here; its state follows from its DecisionEvents");
}

template <class Statement>
std::optional<std::string> document(Statement& get, incident_id id) {
  return get.first([](const auto& r) { return std::string{r.text(0)}; }, id);
}

}  // namespace

template <class Driver>
database_records<Driver>::database_records(typename Driver::connection& db)
    : has_log_{db, "SELECT 1 FROM incidents WHERE incident_id = ?1 AND open IS NOT NULL"},
      get_state_{db, "SELECT doc FROM agent_states WHERE incident_id = ?1"},
      put_state_{db,
                 "INSERT INTO agent_states (incident_id, doc) VALUES (?1, ?2) ON CONFLICT (incident_id) DO UPDATE SET "
                 "doc = excluded.doc"},
      get_escalation_{db, "SELECT doc FROM escalation_states WHERE incident_id = ?1"},
      put_escalation_{db,
                      "INSERT INTO escalation_states (incident_id, doc) VALUES (?1, ?2) ON CONFLICT (incident_id) DO "
                      "UPDATE SET doc = excluded.doc"},
      get_etag_{db, "SELECT etag FROM policies WHERE kind = ?1 AND id = ?2 AND version = ?3"},
      put_policy_{db, "INSERT INTO policies (kind, id, version, etag, doc) VALUES (?1,?2,?3,?4,?5)"} {}

template <class Driver>
result<std::string> database_records<Driver>::patch_state(incident_id id, std::string_view patch, time_point now) {
  if (has_log(id)) return derived(id);
  auto merged = merge_state(document(get_state_, id), patch, id, now);
  if (merged) put_state_.run(id, *merged);
  return merged;
}

template <class Driver>
result<std::string> database_records<Driver>::patch_escalation(incident_id id, std::string_view patch, time_point now) {
  if (has_log(id)) return derived(id);
  auto merged = merge_escalation(document(get_escalation_, id), patch, id, now);
  if (merged) put_escalation_.run(id, *merged);
  return merged;
}

template <class Driver>
result<put_outcome> database_records<Driver>::put(const policy_document& policy) {
  const auto kind = static_cast<int>(policy.kind);
  const auto etag =
      get_etag_.first([](const auto& r) { return std::string{r.text(0)}; }, kind, policy.id, policy.version);
  if (etag && *etag == policy.etag) return put_outcome::unchanged;
  if (etag)
    return fail(errc::conflict, "version " + policy.version + " of policy " + policy.id +
                                    " is there with other content; a version is never changed, write a new one");
  put_policy_.run(kind, policy.id, policy.version, policy.etag, policy.document);
  return put_outcome::created;
}

template <class Driver>
bool database_records<Driver>::has_log(incident_id id) {
  return has_log_.first([](const auto&) { return true; }, id).has_value();
}

template class database_records<postgres::driver>;
template class database_records<sqlite::driver>;

}  // namespace im::ruvector
