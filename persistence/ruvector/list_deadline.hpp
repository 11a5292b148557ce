#pragma once
/// The time that a list may take: a statement that runs longer is interrupted. Internal to the stores.

#include <chrono>
#include <memory>

#include "messages/time.hpp"
#include "persistence/ruvector/postgres.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector {

class list_deadline {
public:
  explicit list_deadline(milliseconds time) : time_{time} {}

  void start() { until_ = clock::now() + time_; }
  [[nodiscard]] bool is_over() const { return clock::now() >= until_; }
  /// Throws what a list that took too long is answered with.
  void check() const {
    if (is_over()) fail();
  }
  [[noreturn]] void fail() const;

private:
  using clock = std::chrono::steady_clock;
  milliseconds time_;
  clock::time_point until_{clock::time_point::max()};
};

/// A reader's connection whose statements `deadline` ends. SQLite looks at it every hundred steps, also amid a search; PostgreSQL is told
/// `time` once and ends each statement that takes as long.
[[nodiscard]] sqlite::connection connect_list_reader(const std::string& file, milliseconds time);
[[nodiscard]] postgres::connection connect_list_reader(const postgres::address& where, milliseconds time);
/// `deadline` must live as long as the connection.
void interrupt_at(sqlite::connection& db, const list_deadline& deadline);
void interrupt_at(postgres::connection& db, const list_deadline& deadline);

}  // namespace im::ruvector
