#pragma once
/// PostgreSQL with its resources in hand, over libpq. Internal to the PostgreSQL store: what fails throws
/// `postgres_failure`. All waits are bounded, also where the server does not answer at all.

#include <libpq-fe.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/postgres_params.hpp"

namespace im::ruvector::postgres {

/// `store_unavailable` for what the world does to a database, `validation_error` for values that it cannot hold, `internal`
/// for what we do.
class postgres_failure : public store_failure {
public:
  /// `sqlstate` is empty where the server said nothing.
  postgres_failure(std::string_view sqlstate, const std::string& what);
};

/// Where the database is. Copies know together that it is away, so that not each of them waits to find out.
class address {
public:
  /// Nothing for what libpq cannot read. Nothing of the URL is ever shown: it may hold a password.
  [[nodiscard]] static std::optional<address> parse(const std::string& url);

  [[nodiscard]] const std::string& url() const { return url_; }
  /// Throws what the last attempt to connect said, if that is not long ago.
  void refuse_if_away() const;
  void note_away(const error& why) const;

private:
  struct outage;
  explicit address(std::string url);
  std::string url_;
  std::shared_ptr<outage> outage_;
};

struct result_clearer {
  void operator()(PGresult* r) const noexcept { PQclear(r); }
};
using answer = std::unique_ptr<PGresult, result_clearer>;

/// The values of one row, in binary; valid as long as its answer.
class row {
public:
  row(const PGresult* from, int at) noexcept : from_{from}, at_{at} {}

  [[nodiscard]] bool is_null(int i) const noexcept { return PQgetisnull(from_, at_, i) != 0; }
  [[nodiscard]] std::int64_t integer(int i) const noexcept;
  [[nodiscard]] std::string_view text(int i) const noexcept;
  [[nodiscard]] std::string_view bytes(int i) const noexcept { return text(i); }
  [[nodiscard]] uuid id(int i) const;  ///< nil for what is none
  [[nodiscard]] time_point time(int i) const noexcept { return time_point{milliseconds{integer(i)}}; }

private:
  const PGresult* from_;
  int at_;
};

class statement;

/// One session. It can be lost; connect() makes a new one, in which statements prepare themselves again.
class connection {
public:
  /// Connects. `patience` bounds each statement, here and in the server.
  connection(address where, milliseconds patience);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void connect();
  [[nodiscard]] bool usable() const noexcept { return db_ && !lost_ && PQstatus(db_.get()) == CONNECTION_OK; }
  [[nodiscard]] bool in_transaction() const noexcept {
    return db_ != nullptr && PQtransactionStatus(db_.get()) != PQTRANS_IDLE;
  }
  [[nodiscard]] std::uint64_t session_number() const noexcept { return session_number_; }

  /// SQL without parameters; several statements may stand in it.
  void execute(const char* sql);
  /// Bounds our own wait for each answer from now on; a new session begins with the patience of old.
  void wait_at_most(milliseconds patience) { waiting_ = patience; }

  /// A statement in a pipeline.
  struct request {
    statement* what;
    parameters with;
    std::function<void(const row&)> visit;  ///< each row of its answer; must run nothing on this connection
  };
  /// Statements that are sent in one go (libpq's pipeline mode). One that fails takes all after it with it and throws. What
  /// the last one answered at its end.
  answer pipeline(const std::vector<request>& requests);

private:
  friend class statement;
  struct closer {
    void operator()(PGconn* db) const noexcept { PQfinish(db); }
  };

  void set_up_session();
  void prepare(const std::string& name, const std::string& sql, const parameters& like);
  void send(const std::string& name, const parameters& with);
  void sent(int ok);
  /// The next answer to what was sent; empty after the last. Waits within patience.
  [[nodiscard]] answer next();
  /// Takes what is left of the answers. The first failure among them, or nothing.
  [[nodiscard]] answer drain();
  void wait(short events);
  [[noreturn]] void lose(const std::string& why);
  [[noreturn]] static void fail(const PGresult* failed);

  address where_;
  milliseconds patience_;
  std::unique_ptr<PGconn, closer> db_;
  milliseconds waiting_;
  std::chrono::steady_clock::time_point until_;
  std::uint64_t session_number_ = 0;
  std::uint64_t statements_ = 0;  // named so far
  bool lost_ = false;
};

/// Prepared when it runs first in a session. Parameters are written `?1`, as everywhere here.
class statement {
public:
  statement(connection& db, std::string_view sql);

  /// Runs to the end. The number of rows changed.
  template <class... Args>
  int run(const Args&... args) {
    start(parameters::of(args...));
    return finish();
  }

  /// Calls `visit(row)` for each row as it arrives; a visitor that returns bool stops with false. `visit` must run nothing on
  /// this connection.
  template <class Visit, class... Args>
  void each(Visit&& visit, const Args&... args) {
    start(parameters::of(args...));
    const drain_later guard{*this};
    while (const auto got = next_row()) {
      if constexpr (std::same_as<decltype(visit(row{nullptr, 0})), bool>) {
        if (!visit(row{got.get(), 0})) return;
      } else {
        visit(row{got.get(), 0});
      }
    }
  }

  /// `make(row)` of the first row, or nothing.
  template <class Make, class... Args>
  auto first(Make&& make, const Args&... args) -> std::optional<decltype(make(row{nullptr, 0}))> {
    start(parameters::of(args...));
    const drain_later guard{*this};
    const auto got = next_row();
    if (!got) return std::nullopt;
    return make(row{got.get(), 0});
  }

  /// The whole answer, so that other statements may run while it is looked at.
  [[nodiscard]] answer all();

private:
  friend class connection;
  struct drain_later {
    statement& of;
    ~drain_later() { of.drain(); }
  };

  void prepare_for(const parameters& with);
  void start(const parameters& with);
  [[nodiscard]] int finish();
  [[nodiscard]] answer next_row();
  void drain() noexcept;

  connection* db_;
  std::string sql_;
  std::string name_;
  std::uint64_t prepared_in_ = 0;  // the session
};

/// PostgreSQL, for what is written once for every database.
struct driver {
  using source = address;
  using connection = postgres::connection;
  using statement = postgres::statement;
  using row = postgres::row;

  [[nodiscard]] static connection connect_reader(const source& where) {
    return connection{where, limits::statement_time};
  }
  [[nodiscard]] static connection connect_checker(const source& where) { return connection{where, limits::care_time}; }
  [[nodiscard]] static bool usable(const connection& db) { return db.usable(); }

  /// What is read during its life belongs together.
  class read_transaction {
  public:
    explicit read_transaction(connection& db) : db_{db} {
      db_.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }
    read_transaction(const read_transaction&) = delete;
    read_transaction& operator=(const read_transaction&) = delete;
    ~read_transaction();

  private:
    connection& db_;
  };

  /// For results that are too many to hold, in a transaction. `visit` may run other statements.
  static void scan(connection& db, std::string_view sql, const std::function<void(const row&)>& visit);

  /// What the database itself finds wrong with its files it says when they are read.
  static void inspect(connection&, const std::function<void(std::string)>&) {}
  /// Its entries name no rows.
  static void inspect_links(connection&, const std::function<void(std::string)>&) {}

  // How the log is read, as SQL.

  /// The entries of incident ?1 after sequence ?2, in order, at most ?3. Rows: row, sequence, doc.
  [[nodiscard]] static std::string entries() {
    return "SELECT row, sequence, doc FROM decision_events WHERE incident_id = ?1 AND sequence > ?2 ORDER BY sequence"
           " LIMIT ?3";
  }
  /// Whether `entries` finds any after 0: a row if it does.
  [[nodiscard]] static std::string any_entry() {
    return "SELECT row FROM decision_events WHERE incident_id = ?1 AND sequence > 0 LIMIT 1";
  }
  /// What restricts decision_events to incident ?7, entries of its log or not.
  [[nodiscard]] static std::string of_incident() { return "incident_id = ?7"; }
  /// `columns` of the entries of all logs, by incident and sequence.
  [[nodiscard]] static std::string whole_log(std::string_view columns) {
    return "SELECT " + std::string{columns} +
           " FROM decision_events WHERE sequence IS NOT NULL ORDER BY incident_id, sequence";
  }
};

}  // namespace im::ruvector::postgres
