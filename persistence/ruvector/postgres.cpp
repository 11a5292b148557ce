#include "persistence/ruvector/postgres.hpp"

#include <poll.h>

#include <array>
#include <charconv>
#include <exception>
#include <mutex>

namespace im::ruvector::postgres {

namespace {

using clock = std::chrono::steady_clock;

/// Data, an index.
bool is_corruption(std::string_view sqlstate) { return sqlstate == "XX001" || sqlstate == "XX002"; }

error error_of(std::string_view sqlstate, const std::string& what) {
  // Classes of https://www.postgresql.org/docs/15/errcodes-appendix.html
  const auto cls = sqlstate.substr(0, 2);
  if (cls == "22") return {errc::validation_error, what};
  for (const auto ours : {"0A", "21", "23", "26", "2F", "34", "42", "P0"})
    if (cls == ours) return {errc::internal, what};
  if (is_corruption(sqlstate)) return {errc::damaged, what};
  return unavailable(what);
}

/// Serialization failures, deadlocks; and a unique index that stood behind our judgement, which is then made anew.
bool is_lost_race(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "23505";
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

/// `?1` as PostgreSQL writes it.
std::string with_dollars(std::string_view sql) {
  std::string out{sql};
  for (std::size_t i = 0; i + 1 < out.size(); ++i)
    if (out[i] == '?' && out[i + 1] >= '1' && out[i + 1] <= '9') out[i] = '$';
  return out;
}

bool failed(const PGresult* r) {
  switch (PQresultStatus(r)) {
    case PGRES_BAD_RESPONSE:
    case PGRES_FATAL_ERROR:
    case PGRES_PIPELINE_ABORTED: return true;
    default: return false;
  }
}

}  // namespace

postgres_failure::postgres_failure(std::string_view sqlstate, const std::string& what)
    : store_failure{error_of(sqlstate, what), is_lost_race(sqlstate)} {
  if (is_corruption(sqlstate)) note_damage();
}

// ---- address

struct address::outage {
  std::mutex mutex;
  clock::time_point until;
  error why;
};

address::address(std::string url) : url_{std::move(url)}, outage_{std::make_shared<outage>()} {}

std::optional<address> address::parse(const std::string& url) {
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) return std::nullopt;
  char* why = nullptr;
  auto* options = PQconninfoParse(url.c_str(), &why);
  const bool readable = options != nullptr;
  PQconninfoFree(options);
  PQfreemem(why);  // it repeats the URL
  return readable ? std::optional{address{url}} : std::nullopt;
}

void address::refuse_if_away() const {
  const std::lock_guard lock{outage_->mutex};
  if (clock::now() < outage_->until) throw store_failure{outage_->why};
}

void address::note_away(const error& why) const {
  const std::lock_guard lock{outage_->mutex};
  outage_->until = clock::now() + limits::away_pause;
  outage_->why = why;
}

// ---- row

std::int64_t row::integer(int i) const noexcept {
  const auto* bytes = reinterpret_cast<const unsigned char*>(PQgetvalue(from_, at_, i));
  const int size = PQgetlength(from_, at_, i);
  if (size <= 0 || size > 8) return 0;
  std::uint64_t value = (bytes[0] & 0x80U) != 0 ? ~std::uint64_t{0} : 0;  // smaller ones keep their sign
  for (int k = 0; k < size; ++k) value = value << 8U | bytes[k];
  return static_cast<std::int64_t>(value);
}

std::string_view row::text(int i) const noexcept {
  return {PQgetvalue(from_, at_, i), static_cast<std::size_t>(PQgetlength(from_, at_, i))};
}

uuid row::id(int i) const {
  uuid::bytes_type bytes{};
  const auto value = text(i);
  if (value.size() != bytes.size()) return {};
  std::copy_n(value.begin(), bytes.size(), bytes.begin());
  return uuid{bytes};
}

// ---- connection

connection::connection(address where, milliseconds patience)
    : where_{std::move(where)}, patience_{patience}, waiting_{patience} {
  connect();
}

void connection::connect() {
  where_.refuse_if_away();
  db_.reset();
  // What stands before `dbname` is our default; the URL has the last word.
  const auto seconds_of = [](milliseconds time) {
    return std::to_string(std::max<std::int64_t>(2, time.count() / 1000));
  };
  const auto connect_time = seconds_of(limits::connect_time);
  const auto idle = seconds_of(limits::dead_peer / 2);
  const auto silent = std::to_string(limits::dead_peer.count());
  const std::array names{"fallback_application_name",
                         "connect_timeout",
                         "keepalives_idle",
                         "keepalives_interval",
                         "keepalives_count",
                         "tcp_user_timeout",
                         "dbname",
                         "client_encoding",
                         static_cast<const char*>(nullptr)};
  const std::array values{"ruvector-service",
                          connect_time.c_str(),
                          idle.c_str(),
                          "2",
                          "3",
                          silent.c_str(),
                          where_.url().c_str(),
                          "UTF8",
                          static_cast<const char*>(nullptr)};
  db_.reset(PQconnectdbParams(names.data(), values.data(), 1));
  lost_ = false;
  waiting_ = patience_;
  ++session_number_;
  if (!usable()) {
    const auto why = "PostgreSQL cannot be reached: " + (db_ ? trimmed(PQerrorMessage(db_.get())) : "out of memory");
    db_.reset();
    where_.note_away(postgres_failure{"", why}.why());
    throw postgres_failure{"", why};
  }
  PQsetnonblocking(db_.get(), 1);
  PQsetNoticeProcessor(
      db_.get(), [](void*, const char*) {}, nullptr);
  set_up_session();
}

void connection::set_up_session() {
  if (const char* encoding = PQparameterStatus(db_.get(), "server_encoding");
      encoding == nullptr || std::string_view{encoding} != "UTF8")
    throw store_failure{unavailable("the PostgreSQL database is not encoded in UTF8; create it with ENCODING 'UTF8'")};
  const auto silent = std::to_string(limits::dead_peer.count());
  execute(
      // Whoever is told that it is stored finds it after a crash; a database that promises more keeps doing so.
      ("SELECT set_config('synchronous_commit', 'on', false)"
       " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');"
       // A process that stops in the middle of a transaction must not hold up the others for ever.
       " SET idle_in_transaction_session_timeout = " +
       silent + "; SET statement_timeout = " + std::to_string(patience_.count()) +
       "; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;" +
       " SET tcp_user_timeout = " + silent)
          .c_str());
}

void connection::execute(const char* sql) {
  sent(PQsendQuery(db_.get(), sql));
  if (const auto bad = drain()) fail(bad.get());
}

answer connection::pipeline(const std::vector<request>& requests) {
  for (const auto& r : requests) r.what->prepare_for(r.with);
  sent(PQenterPipelineMode(db_.get()));
  for (const auto& r : requests) send(r.what->name_, r.with);
  sent(PQpipelineSync(db_.get()));
  answer last;
  answer bad;
  std::exception_ptr thrown;
  for (const auto& r : requests) {
    while (auto got = next()) {
      if (failed(got.get())) {
        if (!bad) bad = std::move(got);
        continue;
      }
      // Several answers with a row each, where libpq still is in the single-row mode of the statement before.
      for (int at = 0; r.visit && !thrown && at < PQntuples(got.get()); ++at) try {
          r.visit(row{got.get(), at});
        } catch (...) {
          thrown = std::current_exception();
        }
      last = std::move(got);
    }
  }
  (void)next();  // the synchronization
  sent(PQexitPipelineMode(db_.get()));
  if (bad) fail(bad.get());
  if (thrown) std::rethrow_exception(thrown);
  return last;
}

void connection::prepare(const std::string& name, const std::string& sql, const parameters& like) {
  sent(PQsendPrepare(db_.get(), name.c_str(), sql.c_str(), like.size(), like.types().data()));
  if (const auto bad = drain()) fail(bad.get());
}

void connection::send(const std::string& name, const parameters& with) {
  const auto values = with.values();
  const auto lengths = with.lengths();
  const std::vector<int> binary(values.size(), 1);
  sent(PQsendQueryPrepared(db_.get(), name.c_str(), with.size(), values.data(), lengths.data(), binary.data(), 1));
}

void connection::sent(int ok) {
  if (ok != 1) lose("PostgreSQL cannot be asked: " + trimmed(PQerrorMessage(db_.get())));
  until_ = clock::now() + waiting_ + limits::answer_margin;
}

answer connection::next() {
  for (;;) {
    const int unsent = PQflush(db_.get());
    if (unsent < 0) lose("the connection to PostgreSQL is lost: " + trimmed(PQerrorMessage(db_.get())));
    if (unsent == 0 && PQisBusy(db_.get()) == 0) break;
    wait(static_cast<short>(unsent == 0 ? POLLIN : POLLIN | POLLOUT));
    if (PQconsumeInput(db_.get()) != 1)
      lose("the connection to PostgreSQL is lost: " + trimmed(PQerrorMessage(db_.get())));
  }
  return answer{PQgetResult(db_.get())};
}

answer connection::drain() {
  answer bad;
  while (auto got = next())
    if (!bad && failed(got.get())) bad = std::move(got);
  return bad;
}

void connection::wait(short events) {
  const auto left = std::chrono::ceil<milliseconds>(until_ - clock::now());
  pollfd socket{PQsocket(db_.get()), events, 0};
  if (left.count() > 0 && poll(&socket, 1, static_cast<int>(left.count())) != 0) return;
  const std::string why = "PostgreSQL did not answer in time";
  where_.note_away(unavailable(why));  // who would connect now would wait as long
  lose(why);
}

void connection::lose(const std::string& why) {
  lost_ = true;
  throw postgres_failure{"", why};
}

void connection::fail(const PGresult* failed) {
  const char* state = PQresultErrorField(failed, PG_DIAG_SQLSTATE);
  throw postgres_failure{state == nullptr ? "" : state, "PostgreSQL: " + trimmed(PQresultErrorMessage(failed))};
}

// ---- statement

statement::statement(connection& db, std::string_view sql) : db_{&db}, sql_{with_dollars(sql)} {}

void statement::prepare_for(const parameters& with) {
  if (prepared_in_ == db_->session_number_) return;
  name_ = "s" + std::to_string(++db_->statements_);
  db_->prepare(name_, sql_, with);
  prepared_in_ = db_->session_number_;
}

void statement::start(const parameters& with) {
  prepare_for(with);
  db_->send(name_, with);
  PQsetSingleRowMode(db_->db_.get());
}

answer statement::next_row() {
  auto got = db_->next();
  if (got && PQresultStatus(got.get()) == PGRES_SINGLE_TUPLE) return got;
  if (got && failed(got.get())) {
    (void)db_->drain();
    connection::fail(got.get());
  }
  return nullptr;
}

int statement::finish() {
  auto got = db_->next();
  if (auto bad = db_->drain(); bad || (got && failed(got.get()))) connection::fail(bad ? bad.get() : got.get());
  const std::string_view changed = got ? PQcmdTuples(got.get()) : "";
  int rows = 0;
  std::from_chars(changed.data(), changed.data() + changed.size(), rows);
  return rows;
}

answer statement::all() {
  prepare_for({});
  db_->send(name_, {});
  auto got = db_->next();
  if (auto bad = db_->drain(); bad || (got && failed(got.get()))) connection::fail(bad ? bad.get() : got.get());
  return got;
}

void statement::drain() noexcept {
  try {
    if (db_->usable()) (void)db_->drain();
  } catch (const store_failure&) {  // it is lost, and whoever uses it next learns that
  }
}

// ---- driver

driver::read_transaction::~read_transaction() {
  try {
    if (db_.usable()) db_.execute("COMMIT");
  } catch (const store_failure&) {  // it is lost, and whoever uses it next learns that
  }
}

void driver::scan(connection& db, std::string_view sql, const std::function<void(const row&)>& visit) {
  db.execute(("DECLARE whole NO SCROLL CURSOR FOR " + std::string{sql}).c_str());
  statement fetch{db, "FETCH " + std::to_string(limits::fetched_events) + " FROM whole"};
  for (int rows = 1; rows > 0;) {
    const auto page = fetch.all();
    rows = PQntuples(page.get());
    for (int i = 0; i < rows; ++i) visit(row{page.get(), i});
  }
  db.execute("CLOSE whole");
}

}  // namespace im::ruvector::postgres
