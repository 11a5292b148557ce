#include "persistence/ruvector/care.hpp"

#include <set>

#include "messages/json/codec.hpp"
#include "persistence/ruvector/event_reader.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/postgres.hpp"
#include "persistence/ruvector/row_readers.hpp"
#include "persistence/ruvector/search_sql.hpp"
#include "persistence/ruvector/sqlite.hpp"

namespace im::ruvector {

namespace {

constexpr const char* entry_columns =
    "row, id, incident_id, sequence, (SELECT agent_id FROM agents WHERE number = agent), decision_type, timestamp_ms, "
    "doc";

/// One incident while its log goes by.
struct folded {
  incident_state state;
  side_changes changes;
};

template <class Driver>
class rebuilder {
public:
  using connection = typename Driver::connection;
  using row = typename Driver::row;

  rebuilder(connection& db, log_tables& tables) : db_{db}, tables_{tables} {}

  check_report run() {
    db_.execute(
        "DELETE FROM requests; DELETE FROM incidents; DELETE FROM snapshots; DELETE FROM approvals;"
        " DELETE FROM postmortems;");
    forget_words<Driver>(db_);
    Driver::scan(db_, Driver::whole_log(entry_columns), [&](const row& r) { take(r); });
    finish();
    return report_;
  }

private:
  void take(const row& r) {
    const auto at = static_cast<std::uint64_t>(r.integer(3));
    const auto event = read_stored(unpack_or_throw(r.bytes(7), [&] { return named(incident_id{r.id(2)}, at); }));
    if (!event) damaged(event.error().message);
    if (incident_id{r.id(2)} != current_.state.record.id || current_.state.head() == 0) finish();
    if (event->sequence != current_.state.head() + 1) damaged_after(event->incident_id, current_.state.head());
    fold(current_.state, *event, r.integer(0), current_.changes);
    for (const auto& request : event->request_ids)
      tables_.cover(request_key(request), r.integer(0), disposition_of(*event));
    if (event->sequence % limits::snapshot_every_events == 0) tables_.write_snapshot(current_.state);
    ++report_.events;
  }

  void finish() {
    if (current_.state.head() == 0) return;
    tables_.insert(row_of(current_.state));
    tables_.write(current_.state.record.id, current_.changes);
    ++report_.incidents;
    current_ = {};
  }

  connection& db_;
  log_tables& tables_;
  folded current_;
  check_report report_;
};

template <class Driver>
class checker {
public:
  using connection = typename Driver::connection;
  using statement = typename Driver::statement;
  using row = typename Driver::row;

  explicit checker(connection& db)
      : db_{db},
        row_{db, std::string{"SELECT "} + incident_columns + " FROM incidents WHERE incident_id = ?1"},
        snapshot_{db, "SELECT sequence, state FROM snapshots WHERE incident_id = ?1"},
        gates_{db, "SELECT request_id, status, action_type, requested_ms, gate FROM approvals WHERE incident_id = ?1"},
        postmortems_{db, "SELECT postmortem_id, status, event_row, written_ms FROM postmortems WHERE incident_id = ?1"},
        request_{db, "SELECT event_row, disposition FROM requests WHERE ordered_key = ?1"} {}

  check_report run() {
    const typename Driver::read_transaction together{db_};
    const auto note = [&](std::string what) { problem(std::move(what)); };
    Driver::inspect(db_, [&](std::string what) { damage(std::move(what)); });
    Driver::scan(db_, Driver::whole_log(entry_columns), [&](const row& r) { take(r); });
    finish();
    Driver::scan(db_, "SELECT id, doc FROM decision_events WHERE sequence IS NULL",
                 [&](const row& r) { take_foreign(r); });
    Driver::inspect_links(db_, note);  // last: what broke them is named first
    count("incidents", report_.incidents);
    count("approvals", gate_count_);
    count("postmortems", postmortem_count_);
    count("requests", request_count_);
    return std::move(report_);
  }

private:
  void problem(std::string what) {
    if (report_.problems.size() < limits::problems_reported) report_.problems.push_back(std::move(what));
  }

  void damage(std::string what) {
    report_.needs_backup = true;
    problem(std::move(what));
  }

  void incident_problem(const std::string& what) { problem("incident " + id_.str() + ": " + what); }

  void take(const row& r) {
    ++report_.events;
    if (const incident_id id{r.id(2)}; id != id_ || !started_) {
      finish();
      start(id);
    }
    if (broken_) return;  // reported; what follows would only repeat it
    const auto sequence = static_cast<std::uint64_t>(r.integer(3));
    const auto document = unpack(r.bytes(7));
    if (!document) return broken("sequence " + std::to_string(sequence) + " cannot be unpacked: " + document.error());
    const auto event = read_stored(*document);
    if (!event) return broken("sequence " + std::to_string(sequence) + ": " + event.error().message);
    if (event->id != event_id{r.id(1)} || event->incident_id != id_ || event->sequence != sequence ||
        event->agent_id != r.text(4) || static_cast<int>(event->decision_type) != r.integer(5) ||
        event->timestamp != r.time(6))
      incident_problem("sequence " + std::to_string(sequence) + ": the index differs from the document");
    if (sequence != now_.state.head() + 1)
      return broken("the log has a gap after sequence " + std::to_string(now_.state.head()));
    fold(now_.state, *event, r.integer(0), now_.changes);
    check_requests(*event, r.integer(0));
    if (snapshot_at_ == sequence && json::encode(now_.state) != snapshot_text_)
      incident_problem("the snapshot at sequence " + std::to_string(sequence) + " differs from the fold");
  }

  /// An entry of no log: whose it is, its index tells; what it says, its agent knows.
  void take_foreign(const row& r) {
    if (const auto document = unpack(r.bytes(1)); !document)
      damage(named(event_id{r.id(0)}) + " cannot be unpacked: " + document.error());
  }

  void check_requests(const decision_event& event, std::int64_t at) {
    for (const auto& request : event.request_ids) {
      const auto key = request_key(request);
      if (!keys_.insert(key).second) continue;  // its first event owns it
      ++request_count_;
      const bool right =
          request_
              .first(
                  [&](row r) { return r.integer(0) == at && r.integer(1) == static_cast<int>(disposition_of(event)); },
                  key)
              .value_or(false);
      if (!right)
        incident_problem("the request index misses or misplaces what sequence " + std::to_string(event.sequence) +
                         " covers");
    }
  }

  void broken(const std::string& what) {
    broken_ = true;
    damage("incident " + id_.str() + ": " + what);
  }

  void start(incident_id id) {
    now_ = {};
    id_ = id;
    started_ = true;
    broken_ = false;
    keys_.clear();
    snapshot_at_ = 0;
    snapshot_.each(
        [&](row r) {
          snapshot_at_ = static_cast<std::uint64_t>(r.integer(0));
          auto text = unpack(r.bytes(1));
          if (!text) return incident_problem("its snapshot cannot be unpacked: " + text.error());
          snapshot_text_ = std::move(*text);
        },
        id);
  }

  void finish() {
    if (!started_) return;
    started_ = false;
    ++report_.incidents;
    gate_count_ += now_.changes.gates.size();
    postmortem_count_ += now_.changes.postmortems.size();
    if (broken_) return;
    if (snapshot_at_ > now_.state.head()) incident_problem("the snapshot is ahead of the log");
    const auto stored = row_.first([](row r) { return read_incident_row(r); }, id_);
    if (!stored)
      incident_problem("its projection is missing");
    else if (*stored != row_of(now_.state))
      incident_problem("its projection differs from the fold");
    compare_sides();
  }

  void compare_sides() {
    side_changes stored;
    gates_.each(
        [&](row r) {
          stored.gates[approval_id{r.id(0)}] = {static_cast<approval_status>(r.integer(1)),
                                                static_cast<approval_action>(r.integer(2)), r.time(3),
                                                unpack(r.bytes(4)).value_or(std::string{})};
        },
        id_);
    postmortems_.each(
        [&](row r) {
          stored.postmortems[postmortem_id{r.id(0)}] = {static_cast<postmortem_status>(r.integer(1)), r.integer(2),
                                                        r.time(3)};
        },
        id_);
    std::erase_if(now_.changes.postmortems, [](const auto& entry) { return !entry.second.event_row; });
    if (stored.gates != now_.changes.gates) incident_problem("its approvals differ from the fold");
    if (stored.postmortems != now_.changes.postmortems) incident_problem("its post-mortems differ from the fold");
  }

  /// Rows that belong to no log would not be met otherwise.
  void count(const char* table, std::uint64_t expected) {
    const auto there =
        statement{db_, std::string{"SELECT count(*) FROM "} + table}.first([](row r) { return r.integer(0); });
    if (there.value_or(0) != static_cast<std::int64_t>(expected))
      problem(std::string{table} + " has " + std::to_string(there.value_or(0)) + " rows, the log tells of " +
              std::to_string(expected));
  }

  connection& db_;
  statement row_;
  statement snapshot_;
  statement gates_;
  statement postmortems_;
  statement request_;
  check_report report_;
  folded now_;
  incident_id id_;
  bool started_ = false;
  bool broken_ = false;
  std::set<text_key> keys_;
  std::uint64_t snapshot_at_ = 0;
  std::string snapshot_text_;
  std::uint64_t gate_count_ = 0;
  std::uint64_t postmortem_count_ = 0;
  std::uint64_t request_count_ = 0;
};

}  // namespace

template <class Driver>
check_report rebuild(typename Driver::connection& db, log_tables& tables) {
  return rebuilder<Driver>{db, tables}.run();
}

template <class Driver>
check_report check(typename Driver::connection& db) {
  return checker<Driver>{db}.run();
}

template <class Driver>
verify_report verify(typename Driver::connection& db) {
  const typename Driver::read_transaction together{db};
  log_verifier verifier;
  Driver::scan(db, Driver::whole_log("incident_id, sequence, id, doc"), [&](const typename Driver::row& r) {
    const auto document = unpack(r.bytes(3));
    const auto why = document ? std::string{} : "a document that cannot be unpacked: " + document.error();
    (void)verifier.take({incident_id{r.id(0)}, static_cast<std::uint64_t>(r.integer(1)), event_id{r.id(2)},
                         document ? std::string_view{*document} : std::string_view{}, why});
  });
  return verifier.finish();
}

template <class Driver>
void export_events(typename Driver::connection& db, const document_taker& take, const document_taker& damage) {
  const typename Driver::read_transaction together{db};
  Driver::scan(db, "SELECT incident_id, sequence, id, doc FROM decision_events ORDER BY row",
               [&](const typename Driver::row& r) {
                 const auto document = unpack(r.bytes(3));
                 if (document) return take(*document);
                 auto what = named(event_id{r.id(2)});
                 if (!r.is_null(1))
                   what = named(incident_id{r.id(0)}, static_cast<std::uint64_t>(r.integer(1))) + ", " + what;
                 damage(what + " cannot be unpacked: " + document.error());
               });
}

template check_report rebuild<postgres::driver>(postgres::connection&, log_tables&);
template check_report check<postgres::driver>(postgres::connection&);
template verify_report verify<postgres::driver>(postgres::connection&);
template void export_events<postgres::driver>(postgres::connection&, const document_taker&, const document_taker&);
template check_report rebuild<sqlite::driver>(sqlite::connection&, log_tables&);
template check_report check<sqlite::driver>(sqlite::connection&);
template verify_report verify<sqlite::driver>(sqlite::connection&);
template void export_events<sqlite::driver>(sqlite::connection&, const document_taker&, const document_taker&);

}  // namespace im::ruvector
