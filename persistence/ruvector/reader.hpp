#pragma once
/// The reads of the hot path of any database, each of a few rows, on a connection of their own. What may search is in `list_reader`. One thread at a time; `reader_pool` lends them out.

#include <span>
#include <vector>

#include "persistence/ruvector/state_loader.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// Throws store_failure.
template <class Driver>
class reader {
public:
  explicit reader(const typename Driver::source& from);

  /// False: its connection is lost.
  [[nodiscard]] bool usable() const { return Driver::usable(db_); }

  [[nodiscard]] std::optional<std::string> event(event_id id);
  [[nodiscard]] log_page log(incident_id id, std::uint64_t after, std::size_t limit);
  [[nodiscard]] std::vector<incident_id> with_log(std::span<const incident_id> among);
  [[nodiscard]] std::vector<std::optional<newest_incident>> newest_of(std::span<const std::string> fingerprints);
  [[nodiscard]] std::optional<covered_by> request(std::string_view id);
  [[nodiscard]] std::int64_t newest_row();
  [[nodiscard]] feed_page actions(feed_cursor after, std::size_t limit);

  [[nodiscard]] std::optional<std::string> incident_state_record(incident_id id);
  [[nodiscard]] std::optional<std::string> escalation_record(incident_id id);
  /// The newest incident of a fingerprint as a page of the list of incidents.
  [[nodiscard]] list_page newest_page(const std::string& fingerprint);
  [[nodiscard]] std::optional<std::string> approval(approval_id id);
  [[nodiscard]] std::optional<std::string> postmortem(postmortem_id id);
  [[nodiscard]] std::vector<due_incident> deadlines(time_point before, std::optional<list_cursor> after,
                                                    std::size_t limit);

  [[nodiscard]] std::optional<policy_document> policy(policy_kind kind, std::string_view id,
                                                      const std::optional<std::string>& version);
  [[nodiscard]] std::uint64_t policy_count();

private:
  using connection = typename Driver::connection;
  using statement = typename Driver::statement;
  using row = typename Driver::row;
  using read_transaction = typename Driver::read_transaction;
  [[nodiscard]] std::optional<std::string> record(incident_id id, std::string (*make)(const incident_state&),
                                                  statement& agents_own);

  connection db_;
  state_loader<Driver> loader_;
  statement event_;
  statement log_;
  statement open_of_;
  statement ended_of_;
  statement request_;
  statement newest_row_;
  statement feed_;
  statement agent_state_;
  statement escalation_state_;
  statement approval_;
  statement postmortem_;
  statement deadlines_;
  statement policy_;
  statement policy_version_;
  statement policy_count_;
};

}  // namespace im::ruvector
