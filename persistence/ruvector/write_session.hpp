#pragma once
/// What a database gives to the one thread that writes: transactions, the tables of the log, and the few records beside it.
/// Who judges (`log_writer`) and who groups (`group_writer`) see only this. All members throw store_failure.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/store.hpp"
#include "persistence/ruvector/trouble.hpp"

namespace im::ruvector {

struct stored_event {
  std::optional<std::uint64_t> sequence;
  std::string document;
};

struct loaded_state {
  incident_state state;  ///< head 0: there is no such log
  std::uint64_t snapshot_sequence = 0;
  /// Of the entry at the head, from a database whose entries name the row before them.
  std::optional<std::int64_t> last_row;
};

/// The log and its projections in an open transaction. Each read sees the writes before it.
class log_tables {
public:
  virtual ~log_tables() = default;

  /// These events will be judged next; `known` says whose state need not be loaded. A database that is far away fetches at
  /// once what judging them needs.
  virtual void expect(std::span<const new_event* const> /*events*/, const std::function<bool(incident_id)>& /*known*/) {
  }

  [[nodiscard]] virtual std::optional<stored_event> find_event(event_id id) = 0;
  /// Without its request_id.
  [[nodiscard]] virtual std::optional<covered_by> find_request(text_key key) = 0;
  [[nodiscard]] virtual std::optional<incident_id> open_incident(text_key fingerprint) = 0;
  /// A gap in the log is a failure.
  [[nodiscard]] virtual loaded_state load(incident_id id) = 0;

  /// `previous_row`: of the entry before it in its log, which `load` has told or this has written.
  virtual void insert_event(const new_event& event, std::int64_t row, std::optional<std::int64_t> previous_row) = 0;
  /// The first event that names a request owns it.
  virtual void cover(text_key request, std::int64_t event_row, disposition how) = 0;
  virtual void insert(const incident_row& row) = 0;
  virtual void update(const incident_row& before, const incident_row& now) = 0;
  virtual void write(incident_id incident, const side_changes& changes) = 0;
  virtual void write_snapshot(const incident_state& state) = 0;
};

/// Records of plain agents, and policies, in an open transaction.
class record_writer {
public:
  virtual ~record_writer() = default;
  [[nodiscard]] virtual result<std::string> patch_state(incident_id id, std::string_view patch, time_point now) = 0;
  [[nodiscard]] virtual result<std::string> patch_escalation(incident_id id, std::string_view patch,
                                                             time_point now) = 0;
  [[nodiscard]] virtual result<put_outcome> put(const policy_document& policy) = 0;
};

/// What a session reports of its own accord, on any thread.
struct session_observer {
  std::function<void(trouble where, std::string why)> report;  ///< an empty `why`: it is over
  /// The disk failed: no transaction may follow, and none that is open may be acknowledged.
  std::function<void(const std::string& why)> stop;
};

class write_session {
public:
  virtual ~write_session() = default;

  /// Once, before the first transaction. Throws where none can follow.
  virtual void start(session_observer /*observer*/) {}
  /// A transaction met an I/O error: none follows.
  virtual void stop(const std::string& /*why*/) noexcept {}

  /// Begins a transaction. Tells the newest row unless it is the one that this session's last commit left.
  [[nodiscard]] virtual std::optional<std::int64_t> begin() = 0;
  /// Returns when all is durable. A failure may leave unknown whether it is; who retries then finds it.
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;

  [[nodiscard]] virtual log_tables& log() = 0;
  /// Sees what was written before.
  [[nodiscard]] virtual record_writer& records() = 0;
  /// In an open transaction.
  [[nodiscard]] virtual check_report rebuild() = 0;

  /// In an open transaction: a write that changes nothing, only to see whether the database takes one.
  virtual void probe() = 0;

  /// Between two transactions: time for the database's own chores.
  virtual void rest() noexcept {}
  /// Bytes of its log that are in use; 0 where the database looks after it itself. Any thread.
  [[nodiscard]] virtual std::uint64_t log_bytes() const { return 0; }
  /// Nothing is copied, and nothing waits to be. Any thread.
  [[nodiscard]] virtual bool is_quiet() const { return true; }
  /// No transaction follows.
  virtual void close() {}
};

}  // namespace im::ruvector
