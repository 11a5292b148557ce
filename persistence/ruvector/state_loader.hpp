#pragma once
/// The state of an incident out of its snapshot and the events after it, on any database.

#include <limits>
#include <string>
#include <string_view>

#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/write_session.hpp"

namespace im::ruvector {

/// Puts rows together, in this order: perhaps a snapshot, then the events after it. What cannot be unpacked or does not fit throws.
class state_assembly {
public:
  explicit state_assembly(incident_id id) : id_{id} {}
  void snapshot(std::uint64_t sequence, std::string_view stored);
  void event(std::string_view stored);
  void last_row(std::int64_t row) { out_.last_row = row; }
  /// No more comes. `listed`: the head by the list of incidents.
  void expect_head(std::uint64_t listed) const;
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
      : head_{db, listed_head()},
        traces_{db, "SELECT (" + listed_head() + "), (" + Driver::any_entry() + ")"},
        snapshot_{db, "SELECT sequence, state FROM snapshots WHERE incident_id = ?1"},
        entries_{db, Driver::entries()} {}

  /// Of the log, by the list of incidents; 0: none is listed.
  [[nodiscard]] std::uint64_t head(incident_id id) {
    return static_cast<std::uint64_t>(head_.first([](row r) { return r.integer(0); }, id).value_or(0));
  }

  /// In a transaction, so that snapshot and events belong together.
  [[nodiscard]] loaded_state load(incident_id id) {
    const auto sequence = [](const row& r, int column) { return static_cast<std::uint64_t>(r.integer(column)); };
    state_assembly state{id};
    std::uint64_t listed = 0;
    bool has_entries = false;
    traces_.each(
        [&](row r) {
          if (!r.is_null(0)) listed = sequence(r, 0);
          has_entries = !r.is_null(1);
        },
        id);
    // It opens now, as a rule. A log that the list has lost is found, and looked at.
    if (listed == 0 && !has_entries) return state.take();
    if (listed != 0) snapshot_.each([&](row r) { state.snapshot(sequence(r, 0), r.bytes(1)); }, id);
    const auto from = state.head();
    // The entry of the snapshot comes along: what is appended next names its row.
    bool is_there = from == 0;
    entries_.each(
        [&](row r) {
          is_there = is_there || sequence(r, 1) == from;
          if (sequence(r, 1) > from) state.event(r.bytes(2));
          state.last_row(r.integer(0));
        },
        id, from == 0 ? 0 : from - 1, no_limit);
    if (!is_there) damaged_after(id, from - 1);
    state.expect_head(listed);
    return state.take();
  }

private:
  static constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();

  [[nodiscard]] static std::string listed_head() { return "SELECT sequence FROM incidents WHERE incident_id = ?1"; }

  typename Driver::statement head_;
  typename Driver::statement traces_;  ///< the head by the list, and any entry of the log
  typename Driver::statement snapshot_;
  typename Driver::statement entries_;
};

}  // namespace im::ruvector
