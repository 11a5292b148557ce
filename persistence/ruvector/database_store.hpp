#pragma once
/// A store on any database: one thread writes and commits together whatever waits for it; readers have connections of their
/// own. What differs between databases is their driver and their write_session.

#include <atomic>
#include <memory>

#include "persistence/ruvector/group_writer.hpp"
#include "persistence/ruvector/list_reader.hpp"
#include "persistence/ruvector/reader.hpp"
#include "persistence/ruvector/reader_pool.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

template <class Driver>
class database_store final : public store {
public:
  using source = typename Driver::source;
  database_store(source from, std::unique_ptr<write_session> session, const read_settings& reading);
  ~database_store() override;

  void append(std::vector<new_event> events, append_handler done) override;
  [[nodiscard]] result<std::string> event(event_id id) override;
  [[nodiscard]] result<event_page> query(const event_query& what) override;
  [[nodiscard]] result<log_page> log(incident_id id, std::uint64_t after, std::size_t limit) override;
  [[nodiscard]] result<std::vector<incident_id>> with_log(std::span<const incident_id> among) override;
  [[nodiscard]] result<std::vector<std::optional<newest_incident>>> newest_of(
      std::span<const std::string> fingerprints) override;
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
  [[nodiscard]] result<std::int64_t> newest_row() override;
  void on_commit(std::function<void()> notify) override;
  void on_trouble(trouble_handler tell) override;
  void on_stopped(std::function<void(const std::string& why)> tell) override;
  [[nodiscard]] std::uint64_t log_bytes() const override { return writer_.log_bytes(); }
  [[nodiscard]] bool is_quiet() const override { return writer_.is_quiet(); }

  void patch_incident_state(incident_id id, std::string patch, time_point now, text_handler done) override;
  void patch_escalation(incident_id id, std::string patch, time_point now, text_handler done) override;

  [[nodiscard]] result<policy_document> policy(policy_kind kind, std::string_view id,
                                               std::optional<std::string> version) override;
  void put_policy(policy_document policy, put_handler done) override;
  [[nodiscard]] result<std::uint64_t> policy_count() override;

  [[nodiscard]] std::vector<health_check> health() override;
  [[nodiscard]] result<check_report> rebuild_projections() override;
  [[nodiscard]] result<check_report> check() override;
  [[nodiscard]] result<verify_report> verify() override;
  [[nodiscard]] result<void> export_events(const document_taker& take, const document_taker& damage) override;
  void close() override;

  [[nodiscard]] std::uint64_t commits() const override { return writer_.commits(); }

private:
  void probe();

  source from_;
  std::atomic<bool> probing_{false};
  group_writer writer_;
  /// A list or a query: on connections of its own, and not for ever.
  template <class Read>
  auto list(Read&& read) {
    return guarded([&] { return lists_.use([&](auto& r) { return r.within_time(read); }); });
  }

  reader_pool<reader<Driver>> readers_;
  reader_pool<list_reader<Driver>> lists_;
};

}  // namespace im::ruvector
