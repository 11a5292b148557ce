#include <utility>

#include "persistence/ruvector/list_reader.hpp"
#include "persistence/ruvector/list_sql.hpp"
#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/row_readers.hpp"
#include "persistence/ruvector/search_sql.hpp"
#include "persistence/ruvector/search_words.hpp"

namespace im::ruvector {

namespace list_sql {

namespace {

constexpr const char* incident_filters =
    " AND ((1 << status) & ?3) <> 0 AND ((1 << severity) & ?4) <> 0 AND ((1 << category) & ?5) <> 0 AND (?6 IS NULL OR "
    "source = ?6) AND (?7 IS NULL OR fingerprint_key = ?7) AND (?9 IS NULL OR open = ?9)";
constexpr const char* newest_first = " ORDER BY created_ms DESC, incident_id DESC LIMIT ?8";

std::string from_incidents(const char* where) {
  return std::string{"SELECT created_ms, incident_id FROM incidents WHERE "} + where + incident_filters +
         " AND (created_ms, incident_id) < (?1, ?2)";
}

}  // namespace

std::string open_incidents() { return from_incidents("open = 1") + newest_first; }
std::string ended_incidents() { return from_incidents("open = 0") + newest_first; }

// Two walks along the same index, merged: one with `open IN (0, 1)` would sort all there is.
std::string all_incidents() {
  return from_incidents("open = 1") + " UNION ALL " + from_incidents("open = 0") + newest_first;
}

std::string incidents_of_fingerprint() {
  const std::string of_it = " AND fingerprint_key = ?7";
  return from_incidents(("open = 1" + of_it).c_str()) + " UNION ALL " + from_incidents(("open = 0" + of_it).c_str()) +
         newest_first;
}

std::string incidents_with_words(const char* matches, const char* newest) {
  return std::string{matches} + " AND open IS NOT NULL" + incident_filters + newest + " LIMIT ?8";
}

std::string escalations() {
  return "SELECT created_ms, incident_id FROM incidents WHERE escalated = 1 AND ((1 << status) & ?3) <> 0"
         " AND ((1 << severity) & ?4) <> 0 AND (?5 IS NULL OR incident_id = ?5) AND (created_ms, incident_id) < (?1, "
         "?2)"
         " ORDER BY created_ms DESC, incident_id DESC LIMIT ?6";
}

std::string approvals(bool of_incident) {
  return std::string{"SELECT requested_ms, request_id, gate FROM approvals WHERE "} +
         (of_incident ? "incident_id = ?5" : "?5 IS NULL") +
         " AND ((1 << status) & ?3) <> 0 AND ((1 << action_type) & ?4) <> 0 AND (requested_ms, request_id) < (?1, ?2)"
         " ORDER BY requested_ms DESC, request_id DESC LIMIT ?6";
}

std::string postmortems() {
  return "SELECT p.written_ms, p.postmortem_id, p.status, e.doc FROM postmortems p"
         " JOIN decision_events e ON e.row = p.event_row"
         " WHERE ((1 << p.status) & ?3) <> 0 AND (?4 IS NULL OR p.incident_id = ?4)"
         " AND (p.written_ms, p.postmortem_id) < (?1, ?2) ORDER BY p.written_ms DESC, p.postmortem_id DESC LIMIT ?5";
}

std::string deadlines() {
  return "SELECT due_ms, incident_id, due_kind FROM incidents WHERE due_ms IS NOT NULL AND due_ms <= ?1"
         " AND (due_ms, incident_id) > (?2, ?3) ORDER BY due_ms, incident_id LIMIT ?4";
}

}  // namespace list_sql

namespace {

constexpr const char* of_any_incident = "?7 IS NULL";

uuid largest_id() {
  uuid::bytes_type bytes{};
  bytes.fill(0xff);
  return uuid{bytes};
}

list_cursor start_of(const list_filter& filter) {
  return filter.after.value_or(list_cursor{time_point::max(), largest_id()});
}

/// Collects the items of a page; the one after the last that it keeps tells that there are more.
class page_builder {
public:
  explicit page_builder(std::size_t limit) : limit_{limit} {}

  /// False: enough.
  bool add(list_cursor place, std::string item) {
    if (full()) {
      page_.next_cursor = last_.str();
      return false;
    }
    bytes_ += item.size();
    last_ = place;
    page_.items.push_back(std::move(item));
    return true;
  }
  [[nodiscard]] bool full() const { return page_.items.size() >= limit_ || bytes_ >= limits::page_bytes; }
  [[nodiscard]] list_page take() { return std::move(page_); }

private:
  std::size_t limit_;
  std::size_t bytes_ = 0;
  list_cursor last_;
  list_page page_;
};

}  // namespace

template <class Driver>
list_reader<Driver>::list_reader(const typename Driver::source& from, milliseconds time)
    : deadline_{time},
      db_{connect_list_reader(from, time)},
      loader_{db_},
      query_{db_, list_sql::events(of_any_incident)},
      query_count_{db_, list_sql::count_of_events(of_any_incident)},
      query_incident_{db_, list_sql::events(Driver::of_incident())},
      query_incident_count_{db_, list_sql::count_of_events(Driver::of_incident())},
      incidents_open_{db_, list_sql::open_incidents()},
      incidents_ended_{db_, list_sql::ended_incidents()},
      incidents_all_{db_, list_sql::all_incidents()},
      incidents_of_fingerprint_{db_, list_sql::incidents_of_fingerprint()},
      incidents_with_words_{
          db_, list_sql::incidents_with_words(search_sql<Driver>::matches, search_sql<Driver>::newest_first)},
      escalations_{db_, list_sql::escalations()},
      approvals_{db_, list_sql::approvals(false)},
      approvals_of_incident_{db_, list_sql::approvals(true)},
      postmortems_{db_, list_sql::postmortems()} {
  interrupt_at(db_, deadline_);
}

template <class Driver>
list_page list_reader<Driver>::load_page(std::vector<place> places, std::size_t limit,
                                         std::string (*make)(const incident_state&)) {
  page_builder page{limit};
  for (const auto& at : places) {
    deadline_.check();  // each is a statement or some of its own
    if (!page.add(at, page.full() ? std::string{} : make(loader_.load(incident_id{at.id}).state))) break;
  }
  return page.take();
}

template <class Driver>
list_page list_reader<Driver>::incidents(const list_filter& filter) {
  const read_transaction together{db_};
  const auto start = start_of(filter);
  const auto key = filter.fingerprint ? std::optional{key_of(*filter.fingerprint)} : std::nullopt;
  const auto words = filter.text ? words_in(*filter.text, limits::query_words) : std::vector<std::string>{};
  if (filter.text && words.empty()) return {};  // nothing to look for, so nothing is found
  std::vector<place> places;
  const auto read = [&](statement& list, const auto&... more) {
    list.each(
        [&](row r) {
          places.push_back({r.time(0), r.id(1)});
        },
        start.at, start.id, filter.statuses.mask(), filter.severities.mask(), filter.categories.mask(), filter.source,
        key, filter.limit + 1, filter.open, more...);
  };
  if (filter.text)
    read(incidents_with_words_, search_sql<Driver>::query(words));
  else if (key)
    read(incidents_of_fingerprint_);
  else
    read(!filter.open ? incidents_all_ : *filter.open ? incidents_open_ : incidents_ended_);
  return load_page(std::move(places), filter.limit, &incident_json);
}

template <class Driver>
list_page list_reader<Driver>::escalations(const list_filter& filter) {
  const read_transaction together{db_};
  const auto start = start_of(filter);
  std::vector<place> places;
  escalations_.each(
      [&](row r) {
        places.push_back({r.time(0), r.id(1)});
      },
      start.at, start.id, filter.statuses.mask(), filter.severities.mask(), filter.incident, filter.limit + 1);
  return load_page(std::move(places), filter.limit, &escalation_json);
}

template <class Driver>
list_page list_reader<Driver>::approvals(const list_filter& filter) {
  const auto start = start_of(filter);
  page_builder page{filter.limit};
  (filter.incident ? approvals_of_incident_ : approvals_)
      .each(
          [&](row r) {
            return page.add({r.time(0), r.id(1)},
                            unpack_or_throw(r.bytes(2), [&] { return "approval request " + r.id(1).str(); }));
          },
          start.at, start.id, filter.approval_statuses.mask(), filter.approval_actions.mask(), filter.incident,
          filter.limit + 1);
  return page.take();
}

template <class Driver>
list_page list_reader<Driver>::postmortems(const list_filter& filter) {
  const auto start = start_of(filter);
  page_builder page{filter.limit};
  postmortems_.each(
      [&](row r) {
        return page.add({r.time(0), r.id(1)},
                        page.full() ? std::string{}
                                    : stored_postmortem_json(
                                          unpack_or_throw(r.bytes(3), [&] { return named(postmortem_id{r.id(1)}); }),
                                          static_cast<postmortem_status>(r.integer(2))));
      },
      start.at, start.id, filter.postmortem_statuses.mask(), filter.incident, filter.limit + 1);
  return page.take();
}

#define IM_LISTS_OF(driver)                                                                  \
  template list_reader<driver>::list_reader(const driver::source&, milliseconds);            \
  template list_page list_reader<driver>::load_page(std::vector<place>, std::size_t,         \
                                                    std::string (*)(const incident_state&)); \
  template list_page list_reader<driver>::incidents(const list_filter&);                     \
  template list_page list_reader<driver>::escalations(const list_filter&);                   \
  template list_page list_reader<driver>::approvals(const list_filter&);                     \
  template list_page list_reader<driver>::postmortems(const list_filter&)

IM_LISTS_OF(postgres::driver);
IM_LISTS_OF(sqlite::driver);

}  // namespace im::ruvector
