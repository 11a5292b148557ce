#pragma once
/// All reads, on a connection of their own. One thread at a time; `reader_pool` lends them out. Internal to the SQLite store.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "persistence/ruvector/sqlite_state.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector::sqlite {

/// Throws sqlite_failure.
class reader {
public:
  explicit reader(const std::string& file);

  [[nodiscard]] std::optional<std::string> event(event_id id);
  [[nodiscard]] event_page query(const event_query& what);
  [[nodiscard]] log_page log(incident_id id, std::uint64_t after, std::size_t limit);
  [[nodiscard]] std::optional<covered_by> request(std::string_view id);
  [[nodiscard]] feed_page actions(feed_cursor after, std::size_t limit);

  [[nodiscard]] std::optional<std::string> incident_state_record(incident_id id);
  [[nodiscard]] std::optional<std::string> escalation_record(incident_id id);
  [[nodiscard]] list_page incidents(const list_filter& filter);
  [[nodiscard]] list_page escalations(const list_filter& filter);
  [[nodiscard]] list_page approvals(const list_filter& filter);
  [[nodiscard]] std::optional<std::string> approval(approval_id id);
  [[nodiscard]] list_page postmortems(const list_filter& filter);
  [[nodiscard]] std::optional<std::string> postmortem(postmortem_id id);
  [[nodiscard]] std::vector<due_incident> deadlines(time_point before, std::optional<list_cursor> after,
                                                    std::size_t limit);

  [[nodiscard]] std::optional<policy_document> policy(policy_kind kind, std::string_view id,
                                                      const std::optional<std::string>& version);
  [[nodiscard]] std::uint64_t policy_count();

private:
  using place = list_cursor;
  [[nodiscard]] list_page load_page(std::vector<place> places, std::size_t limit,
                                    std::string (*make)(const incident_state&));
  [[nodiscard]] std::optional<std::string> record(incident_id id, std::string (*make)(const incident_state&),
                                                  statement& agents_own);

  connection db_;
  state_loader loader_;
  statement event_;
  statement log_;
  statement head_;
  statement request_;
  statement feed_;
  statement agent_state_;
  statement escalation_state_;
  statement query_;
  statement query_count_;
  statement query_incident_;
  statement query_incident_count_;
  statement incidents_open_;
  statement incidents_ended_;
  statement incidents_all_;
  statement incident_by_fingerprint_;
  statement escalations_;
  statement approvals_;
  statement approvals_of_incident_;
  statement approval_;
  statement postmortems_;
  statement postmortem_;
  statement deadlines_;
  statement policy_;
  statement policy_version_;
  statement policy_count_;
};

/// Lends readers; who finds none waits.
class reader_pool {
public:
  reader_pool(const std::string& file, std::size_t count);

  template <class Use>
  auto use(Use&& what) {
    auto mine = borrow();
    const giver back{*this, mine};
    return what(*mine);
  }

private:
  struct giver {
    reader_pool& pool;
    reader* r;
    ~giver() { pool.give_back(r); }
  };
  [[nodiscard]] reader* borrow();
  void give_back(reader* r);

  std::vector<std::unique_ptr<reader>> all_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<reader*> idle_;
};

}  // namespace im::ruvector::sqlite
