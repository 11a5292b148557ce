#pragma once
/// The embedded store: one SQLite file, write-ahead log, synchronous FULL. One thread writes and commits together whatever
/// waits for it; readers have connections of their own.

#include <filesystem>
#include <memory>

#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

namespace sqlite {
class group_writer;
class reader_pool;
}  // namespace sqlite

class sqlite_store final : public store {
public:
  /// Opens the file, made and migrated as needed, its folder too.
  [[nodiscard]] static result<std::unique_ptr<sqlite_store>> open(const std::filesystem::path& file,
                                                                  std::size_t readers = limits::readers);
  ~sqlite_store() override;

  void append(std::vector<new_event> events, append_handler done) override;
  [[nodiscard]] result<std::string> event(event_id id) override;
  [[nodiscard]] result<event_page> query(const event_query& what) override;
  [[nodiscard]] result<log_page> log(incident_id id, std::uint64_t after, std::size_t limit) override;
  [[nodiscard]] result<covered_by> request(std::string_view id) override;

  [[nodiscard]] result<std::string> incident_state_record(incident_id id) override;
  [[nodiscard]] result<std::string> escalation_record(incident_id id) override;
  [[nodiscard]] result<list_page> incidents(const list_filter& filter) override;
  [[nodiscard]] result<list_page> escalations(const list_filter& filter) override;
  [[nodiscard]] result<list_page> approvals(const list_filter& filter) override;
  [[nodiscard]] result<std::string> approval(approval_id id) override;
  [[nodiscard]] result<list_page> postmortems(const list_filter& filter) override;
  [[nodiscard]] result<std::string> postmortem(postmortem_id id) override;
  [[nodiscard]] result<std::vector<due_incident>> deadlines(time_point before, std::optional<list_cursor> after,
                                                            std::size_t limit) override;

  [[nodiscard]] result<feed_page> actions(feed_cursor after, std::size_t limit) override;
  [[nodiscard]] std::int64_t committed_row() const override;
  void on_commit(std::function<void()> notify) override;

  void patch_incident_state(incident_id id, std::string patch, time_point now, text_handler done) override;
  void patch_escalation(incident_id id, std::string patch, time_point now, text_handler done) override;

  [[nodiscard]] result<policy_document> policy(policy_kind kind, std::string_view id,
                                               std::optional<std::string> version) override;
  void put_policy(policy_document policy, put_handler done) override;
  [[nodiscard]] result<std::uint64_t> policy_count() override;

  [[nodiscard]] std::vector<health_check> health() override;
  [[nodiscard]] result<check_report> rebuild_projections() override;
  [[nodiscard]] result<check_report> check() override;
  void close() override;

  /// Transactions committed since open().
  [[nodiscard]] std::uint64_t commits() const;

private:
  explicit sqlite_store(std::string file, std::size_t readers);

  std::string file_;
  std::unique_ptr<sqlite::group_writer> writer_;
  std::unique_ptr<sqlite::reader_pool> readers_;
};

}  // namespace im::ruvector
