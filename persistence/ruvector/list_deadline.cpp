#include "persistence/ruvector/list_deadline.hpp"

#include <string>

#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/limits.hpp"

namespace im::ruvector {

namespace {

/// Steps of SQLite's virtual machine, some microseconds. FTS5 makes the list of all that begins with a word in one step of the statement;
/// what it runs then is the few steps by which it reads each page of its index, so these have to be enough for a look now and then.
constexpr int steps_between_looks = 100;

int is_over(void* deadline) { return static_cast<const list_deadline*>(deadline)->is_over() ? 1 : 0; }

}  // namespace

void list_deadline::fail() const {
  throw store_failure{{errc::overloaded,
                       "the list was stopped after " + std::to_string(time_.count()) +
                           " ms; narrow it with filters or a time range, or try again",
                       {},
                       static_cast<int>(limits::retry_after.count())}};
}

sqlite::connection connect_list_reader(const std::string& file, milliseconds /*time*/) {
  return sqlite::driver::connect_reader(file);
}

postgres::connection connect_list_reader(const postgres::address& where, milliseconds time) {
  return postgres::connection{where, time};
}

void interrupt_at(sqlite::connection& db, const list_deadline& deadline) {
  // SQLite takes a pointer to what is not const, and `is_over` changes nothing.
  sqlite3_progress_handler(db.handle(), steps_between_looks, &is_over, const_cast<list_deadline*>(&deadline));
}

void interrupt_at(postgres::connection&, const list_deadline&) {}

}  // namespace im::ruvector
