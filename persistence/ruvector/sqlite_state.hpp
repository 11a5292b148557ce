#pragma once
/// The state of an incident out of its snapshot and the events after it. Internal to the SQLite store.

#include "messages/fold.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector::sqlite {

struct loaded_state {
  incident_state state;  ///< head 0: there is no such log
  std::uint64_t snapshot_sequence = 0;
};

class state_loader {
public:
  explicit state_loader(connection& db);

  /// In a transaction, so that snapshot and events belong together. A gap in the log is a failure.
  [[nodiscard]] loaded_state load(incident_id id);

private:
  statement snapshot_;
  statement events_;
};

/// What is stored cannot be what was stored.
[[noreturn]] void damaged(const std::string& what);

}  // namespace im::ruvector::sqlite
