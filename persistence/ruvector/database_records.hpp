#pragma once
/// The record_writer of any database.

#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector {

template <class Driver>
class database_records final : public record_writer {
public:
  explicit database_records(typename Driver::connection& db);

  [[nodiscard]] result<std::string> patch_state(incident_id id, std::string_view patch, time_point now) override;
  [[nodiscard]] result<std::string> patch_escalation(incident_id id, std::string_view patch, time_point now) override;
  [[nodiscard]] result<put_outcome> put(const policy_document& policy) override;

private:
  using statement = typename Driver::statement;
  [[nodiscard]] bool has_log(incident_id id);

  statement has_log_;
  statement get_state_;
  statement put_state_;
  statement get_escalation_;
  statement put_escalation_;
  statement get_etag_;
  statement put_policy_;
};

}  // namespace im::ruvector
