#pragma once
/// What searches through much: lists and queries, each within a time. On a connection of its own, apart from the readers of the hot path.
/// One thread at a time; `reader_pool` lends them out.

#include <vector>

#include "persistence/ruvector/list_deadline.hpp"
#include "persistence/ruvector/state_loader.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// Throws store_failure; `overloaded` for what took too long.
template <class Driver>
class list_reader {
public:
  list_reader(const typename Driver::source& from, milliseconds time);
  list_reader(const list_reader&) = delete;
  list_reader& operator=(const list_reader&) = delete;

  /// False: its connection is lost.
  [[nodiscard]] bool usable() const { return Driver::usable(db_); }

  /// `read(*this)`, as long as its time lasts.
  template <class Read>
  auto within_time(Read&& read) {
    deadline_.start();
    try {
      return read(*this);
    } catch (const store_failure& f) {
      // What failed because it was interrupted says no more than that.
      if (f.is_damage() || !deadline_.is_over()) throw;
      deadline_.fail();
    }
  }

  [[nodiscard]] event_page query(const event_query& what);
  [[nodiscard]] list_page incidents(const list_filter& filter);
  [[nodiscard]] list_page escalations(const list_filter& filter);
  [[nodiscard]] list_page approvals(const list_filter& filter);
  [[nodiscard]] list_page postmortems(const list_filter& filter);

private:
  using connection = typename Driver::connection;
  using statement = typename Driver::statement;
  using row = typename Driver::row;
  using read_transaction = typename Driver::read_transaction;
  using place = list_cursor;
  [[nodiscard]] list_page load_page(std::vector<place> places, std::size_t limit,
                                    std::string (*make)(const incident_state&));

  list_deadline deadline_;
  connection db_;
  state_loader<Driver> loader_;
  statement query_;
  statement query_count_;
  statement query_incident_;
  statement query_incident_count_;
  statement incidents_open_;
  statement incidents_ended_;
  statement incidents_all_;
  statement incidents_of_fingerprint_;
  statement incidents_with_words_;
  statement escalations_;
  statement approvals_;
  statement approvals_of_incident_;
  statement postmortems_;
};

}  // namespace im::ruvector
