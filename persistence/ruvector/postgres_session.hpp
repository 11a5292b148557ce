#pragma once
/// The connection to PostgreSQL that writes. It is made anew when it was lost. Internal to the PostgreSQL store.

#include "persistence/ruvector/database_records.hpp"
#include "persistence/ruvector/postgres_tables.hpp"

namespace im::ruvector::postgres {

class session final : public write_session {
public:
  explicit session(address where);

  /// Waits until no other process writes, so that row numbers follow the order of commits.
  [[nodiscard]] std::optional<std::int64_t> begin() override;
  void commit() override;
  void rollback() noexcept override;

  [[nodiscard]] log_tables& log() override { return tables_; }
  [[nodiscard]] record_writer& records() override;
  [[nodiscard]] check_report rebuild() override;
  void probe() override;

private:
  connection db_;
  tables tables_;
  database_records<driver> records_;
  statement begin_;
  statement lock_;
  statement newest_row_;
  std::optional<std::int64_t> left_at_;  // the newest row when our last commit was done
  std::int64_t begun_at_ = 0;
};

}  // namespace im::ruvector::postgres
