#pragma once
/// The state of an incident out of its snapshot and the events after it, on any database.

#include <string>
#include <string_view>

#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector {

/// Puts rows together, in this order: perhaps a snapshot, then the events after it. What does not fit throws.
class state_assembly {
public:
  explicit state_assembly(incident_id id) : id_{id} {}
  void snapshot(std::uint64_t sequence, std::string_view state);
  void event(std::string_view document);
  [[nodiscard]] std::uint64_t head() const { return out_.state.head(); }
  [[nodiscard]] loaded_state take() { return std::move(out_); }

private:
  incident_id id_;
  loaded_state out_;
};

template <class Driver>
class state_loader {
public:
  using row = typename Driver::row;

  explicit state_loader(typename Driver::connection& db)
      : snapshot_{db, "SELECT sequence, state FROM snapshots WHERE incident_id = ?1"},
        events_{db, "SELECT doc FROM decision_events WHERE incident_id = ?1 AND sequence > ?2 ORDER BY sequence"} {}

  /// In a transaction, so that snapshot and events belong together.
  [[nodiscard]] loaded_state load(incident_id id) {
    state_assembly state{id};
    snapshot_.each([&](row r) { state.snapshot(static_cast<std::uint64_t>(r.integer(0)), r.text(1)); }, id);
    events_.each([&](row r) { state.event(r.text(0)); }, id, state.head());
    return state.take();
  }

private:
  typename Driver::statement snapshot_;
  typename Driver::statement events_;
};

}  // namespace im::ruvector
