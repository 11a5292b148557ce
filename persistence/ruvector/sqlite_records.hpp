#pragma once
/// Writes what is no log: records of plain agents, and policies. Inside a transaction of its caller. Internal to the SQLite
/// store.

#include "persistence/ruvector/sqlite.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector::sqlite {

class record_writer {
public:
  explicit record_writer(connection& db);

  [[nodiscard]] result<std::string> patch_state(incident_id id, std::string_view patch, time_point now);
  [[nodiscard]] result<std::string> patch_escalation(incident_id id, std::string_view patch, time_point now);
  [[nodiscard]] result<put_outcome> put(const policy_document& policy);

private:
  [[nodiscard]] bool has_log(incident_id id);

  statement has_log_;
  statement get_state_;
  statement put_state_;
  statement get_escalation_;
  statement put_escalation_;
  statement get_etag_;
  statement put_policy_;
};

}  // namespace im::ruvector::sqlite
