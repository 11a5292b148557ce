#pragma once
/// The connection of SQLite that writes. Internal to the SQLite store.

#include <string>

#include "persistence/ruvector/checkpointer.hpp"
#include "persistence/ruvector/database_records.hpp"
#include "persistence/ruvector/sqlite_tables.hpp"

namespace im::ruvector::sqlite {

class session final : public write_session {
public:
  /// `unrecovered`: what `recover_log` said of this file.
  session(const std::string& file, checkpoint_steps steps, std::string unrecovered);

  void start(session_observer observer) override { checkpointer_.start(std::move(observer)); }
  void stop(const std::string& why) noexcept override { checkpointer_.stop(why); }

  [[nodiscard]] std::optional<std::int64_t> begin() override;
  void commit() override;
  void rollback() noexcept override;

  [[nodiscard]] log_tables& log() override { return tables_; }
  [[nodiscard]] record_writer& records() override { return records_; }
  [[nodiscard]] check_report rebuild() override;

  void probe() override;
  void rest() noexcept override { checkpointer_.finish_if_asked(); }
  [[nodiscard]] std::uint64_t log_bytes() const override { return checkpointer_.log_bytes(); }
  [[nodiscard]] bool is_quiet() const override { return checkpointer_.is_quiet(); }
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
