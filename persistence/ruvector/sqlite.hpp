#pragma once
/// SQLite with its resources in hand. Internal to the SQLite store: what fails throws `sqlite_failure`, which the store
/// catches at its edge and turns into an `im::error`.

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "messages/error.hpp"
#include "messages/ids.hpp"
#include "messages/time.hpp"
#include "persistence/ruvector/document_codec.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/limits.hpp"

namespace im::ruvector::sqlite {

/// What a result code of SQLite means to a store. `unreadable`: the disk cannot read a page. `io`: it may have lost one that it took.
enum class fault : std::uint8_t { none, busy, full, unreadable, io, damage, other };
/// `system_error`: errno of the call that failed, where SQLite knows it.
[[nodiscard]] fault fault_of(int code, int system_error = 0) noexcept;

/// `store_unavailable` for what the world does to a database (full, busy, broken), `damaged`, `internal` for what we do.
class sqlite_failure : public store_failure {
public:
  sqlite_failure(int code, const std::string& what, int system_error = 0);
  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] fault kind() const noexcept { return kind_; }

private:
  int code_;
  fault kind_;
};

/// None makes a file: `make_or_examine` alone does. `exclusive`: no other connection has the database open.
enum class open_mode { read_write, read_only, exclusive };

class connection {
public:
  /// `wait`: for a lock that another connection holds.
  connection(const std::string& file, open_mode mode, int cache_kb, milliseconds wait = limits::busy_wait);

  void execute(const char* sql);
  /// A database that keeps none begins to; throws where it cannot.
  void use_write_ahead_log();
  /// Without this the log stays when the last connection closes: SQLite copies it then, and tells nobody whether that failed.
  void remove_log_on_close() noexcept { sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr); }
  [[nodiscard]] sqlite3* handle() const noexcept { return db_.get(); }
  [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(db_.get()) == 0; }
  /// Whether the file under the name that was opened is no longer this one.
  [[nodiscard]] bool has_moved() const noexcept;
  [[noreturn]] void fail(int code, std::string_view doing) const;

private:
  struct closer {
    void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, closer> db_;
};

/// The values of one row; valid until the next.
class row {
public:
  explicit row(sqlite3_stmt* s) noexcept : s_{s} {}

  [[nodiscard]] bool is_null(int i) const noexcept { return sqlite3_column_type(s_, i) == SQLITE_NULL; }
  [[nodiscard]] std::int64_t integer(int i) const noexcept { return sqlite3_column_int64(s_, i); }
  [[nodiscard]] std::string_view text(int i) const noexcept;
  /// What `text` answers, of a blob too.
  [[nodiscard]] std::string_view bytes(int i) const noexcept;
  [[nodiscard]] uuid id(int i) const;  ///< nil for what is no blob of 16 bytes
  [[nodiscard]] time_point time(int i) const noexcept { return time_point{milliseconds{integer(i)}}; }

private:
  sqlite3_stmt* s_;
};

/// A prepared statement; one run at a time.
class statement {
public:
  statement(connection& db, std::string_view sql);

  /// Runs to the end. The number of rows changed.
  template <class... Args>
  int run(const Args&... args) {
    const reset_later guard{stmt_.get()};
    bind(args...);
    while (step()) {
    }
    return sqlite3_changes(db_->handle());
  }

  /// Calls `visit(row)` for each row; a visitor that returns bool stops with false. `visit` must not run this statement.
  template <class Visit, class... Args>
  void each(Visit&& visit, const Args&... args) {
    const reset_later guard{stmt_.get()};
    bind(args...);
    while (step()) {
      if constexpr (std::same_as<decltype(visit(row{stmt_.get()})), bool>) {
        if (!visit(row{stmt_.get()})) return;
      } else {
        visit(row{stmt_.get()});
      }
    }
  }

  /// `make(row)` of the first row, or nothing.
  template <class Make, class... Args>
  auto first(Make&& make, const Args&... args) -> std::optional<decltype(make(row{nullptr}))> {
    const reset_later guard{stmt_.get()};
    bind(args...);
    if (!step()) return std::nullopt;
    return make(row{stmt_.get()});
  }

private:
  struct finalizer {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  struct reset_later {
    sqlite3_stmt* s;
    ~reset_later() { sqlite3_reset(s); }
  };

  template <class... Args>
  void bind(const Args&... args) {
    int index = 0;
    (bind_one(++index, args), ...);
  }
  void bind_one(int index, std::nullopt_t);
  void bind_one(int index, std::string_view text);  ///< must live until the run is over
  void bind_one(int index, const std::string& text) { bind_one(index, std::string_view{text}); }
  void bind_one(int index, const uuid& id);
  void bind_one(int index, const packed_document& document);  ///< must live until the run is over
  void bind_one(int index, time_point at) { bind_number(index, at.time_since_epoch().count()); }
  template <class Tag>
  void bind_one(int index, const strong_id<Tag>& id) {
    bind_one(index, id.value());
  }
  template <std::integral I>
  void bind_one(int index, I value) {
    bind_number(index, static_cast<std::int64_t>(value));
  }
  template <class T>
  void bind_one(int index, const std::optional<T>& value) {
    if (value)
      bind_one(index, *value);
    else
      bind_one(index, std::nullopt);
  }
  void bind_number(int index, std::int64_t value);
  void check_bound(int code) const;
  [[nodiscard]] bool step();

  connection* db_;
  std::unique_ptr<sqlite3_stmt, finalizer> stmt_;
};

/// Rolls back unless committed.
class transaction {
public:
  transaction(connection& db, const char* begin) : db_{db} { db_.execute(begin); }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction();

  void commit() { db_.execute("COMMIT"); }

private:
  connection& db_;
};

/// SQLite, for what is written once for every database.
struct driver {
  using source = std::string;  ///< the file
  using connection = sqlite::connection;
  using statement = sqlite::statement;
  using row = sqlite::row;

  [[nodiscard]] static connection connect_reader(const source& file);
  [[nodiscard]] static connection connect_checker(const source& file) { return connect_reader(file); }
  [[nodiscard]] static bool usable(const connection&) { return true; }

  /// What is read during its life belongs together.
  struct read_transaction : transaction {
    explicit read_transaction(connection& db) : transaction{db, "BEGIN"} {}
  };

  /// For results that are too many to hold. `visit` may run other statements.
  template <class Visit>
  static void scan(connection& db, std::string_view sql, Visit&& visit) {
    statement{db, sql}.each(std::forward<Visit>(visit));
  }

  /// What the database itself finds wrong with its file.
  static void inspect(connection& db, const std::function<void(std::string)>& problem);
  /// Where an entry names another row than the one before it.
  static void inspect_links(connection& db, const std::function<void(std::string)>& problem);

  // How the log is read, as SQL. The tables link its entries by rows; sqlite_log.cpp follows them.

  /// The entries of incident ?1 after sequence ?2, in order, at most ?3. Rows: row, sequence, doc.
  [[nodiscard]] static std::string entries();
  /// Whether `entries` finds any after 0, for less: a row if it does.
  [[nodiscard]] static std::string any_entry();
  /// What restricts decision_events to incident ?7, entries of its log or not.
  [[nodiscard]] static std::string of_incident();
  /// `columns` of the entries of all logs, by incident and sequence.
  [[nodiscard]] static std::string whole_log(std::string_view columns);
};

}  // namespace im::ruvector::sqlite
