#pragma once
/// The log and its projections in PostgreSQL, as the writer and a rebuild see them. What judging needs is fetched for a whole
/// group at once; what is written is laid over it, and sent at once too. Internal to the PostgreSQL store.

#include <unordered_map>

#include "persistence/ruvector/postgres_buffer.hpp"
#include "persistence/ruvector/state_loader.hpp"
#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector::postgres {

class tables final : public log_tables {
public:
  explicit tables(connection& db);

  void expect(std::span<const new_event* const> events, const std::function<bool(incident_id)>& known) override;

  [[nodiscard]] std::optional<stored_event> find_event(event_id id) override;
  [[nodiscard]] std::optional<covered_by> find_request(text_key key) override;
  [[nodiscard]] std::optional<incident_id> open_incident(text_key fingerprint) override;
  [[nodiscard]] loaded_state load(incident_id id) override;

  void insert_event(const new_event& event, std::int64_t row, std::optional<std::int64_t> previous_row) override;
  void cover(text_key request, std::int64_t event_row, disposition how) override;
  void insert(const incident_row& r) override;
  void update(const incident_row& before, const incident_row& now) override;
  void write(incident_id incident, const side_changes& changes) override;
  void write_snapshot(const incident_state& state) override;

  /// Sends what is written so far, for a statement that shall see it.
  void flush() { buffer_.send(); }
  /// The same with COMMIT behind it. Answers the newest row that the transaction inserted; 0: none.
  [[nodiscard]] std::int64_t commit();
  /// The transaction is over.
  void clear();

private:
  /// As of the transaction's begin, or as changed since; nothing means that there is none.
  template <class Key, class Value>
  using fetched = std::unordered_map<Key, std::optional<Value>>;

  void put(const incident_row& row);

  connection& db_;
  write_buffer buffer_;
  state_loader<driver> loader_;
  statement find_events_;
  statement find_requests_;
  statement find_open_;
  statement find_snapshots_;
  statement find_tails_;
  statement commit_;

  fetched<event_id, stored_event> events_;
  fetched<text_key, covered_by> requests_;
  fetched<text_key, incident_id> open_;
  std::unordered_map<incident_id, loaded_state> states_;
  std::unordered_map<event_id, const new_event*> inserted_;
  const new_event* last_event_ = nullptr;
  std::int64_t last_row_ = 0;
};

}  // namespace im::ruvector::postgres
