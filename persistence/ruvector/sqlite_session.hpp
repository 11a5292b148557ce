#pragma once
/// The connection of SQLite that writes. Internal to the SQLite store.

#include <string>

#include "persistence/ruvector/checkpointer.hpp"
#include "persistence/ruvector/database_records.hpp"
#include "persistence/ruvector/sqlite_tables.hpp"

namespace im::ruvector::sqlite {

class session final : public write_session {
public:
  explicit session(const std::string& file);

  [[nodiscard]] std::optional<std::int64_t> begin() override;
  void commit() override;
  void rollback() noexcept override;

  [[nodiscard]] log_tables& log() override { return tables_; }
  [[nodiscard]] record_writer& records() override { return records_; }
  [[nodiscard]] check_report rebuild() override;

  void probe() override;
  void rest() noexcept override { checkpointer_.finish_if_asked(db_); }
  [[nodiscard]] std::string chores_failure() const override { return checkpointer_.failure(); }
  void close() override { checkpointer_.close(); }

private:
  connection db_;
  tables tables_;
  database_records<driver> records_;
  checkpointer checkpointer_;
  statement begin_;
  statement commit_;
  statement newest_row_;
  statement data_version_;
  std::int64_t seen_version_ = -1;
};

}  // namespace im::ruvector::sqlite
