#include "persistence/ruvector/postgres_tables.hpp"

#include <string_view>
#include <unordered_set>

#include "messages/assert.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/row_readers.hpp"

namespace im::ruvector::postgres {

namespace {

constexpr const char* cover_columns = "r.ordered_key, e.incident_id, e.id, e.sequence, r.disposition";

stored_event read_event(const row& r) {
  stored_event out{std::nullopt, unpack_or_throw(r.bytes(2), [&] { return named(event_id{r.id(0)}); })};
  if (!r.is_null(1)) out.sequence = static_cast<std::uint64_t>(r.integer(1));
  return out;
}

covered_by read_covered(const row& r) {
  return {{},
          incident_id{r.id(1)},
          event_id{r.id(2)},
          static_cast<std::uint64_t>(r.integer(3)),
          static_cast<disposition>(r.integer(4))};
}

/// The keys that a set-wise query asks for; each that it does not find is known to be absent.
template <class Key, class Value>
class asked {
public:
  explicit asked(std::unordered_map<Key, std::optional<Value>>& into) : into_{into} {}
  void add(const Key& key) {
    if (into_.try_emplace(key).second) keys_.push(key);
  }
  [[nodiscard]] bool empty() const { return keys_.size() == 0; }
  [[nodiscard]] parameters take() {
    parameters all;
    all.add(std::move(keys_));
    return all;
  }

private:
  std::unordered_map<Key, std::optional<Value>>& into_;
  column keys_{type::uuid};
};

parameters one(const column& keys) {
  parameters all;
  all.add(column{keys});
  return all;
}

}  // namespace

tables::tables(connection& db)
    : db_{db},
      buffer_{db},
      loader_{db},
      find_events_{db, "SELECT id, sequence, doc FROM decision_events WHERE id = ANY(?1)"},
      find_requests_{db, std::string{"SELECT "} + cover_columns +
                             " FROM requests r JOIN decision_events e ON e.row = r.event_row"
                             " WHERE r.ordered_key = ANY(?1)"},
      find_open_{db, "SELECT fingerprint_key, incident_id FROM incidents WHERE open = 1 AND fingerprint_key = ANY(?1)"},
      find_snapshots_{db, "SELECT incident_id, sequence, state FROM snapshots WHERE incident_id = ANY(?1)"},
      find_tails_{db,
                  "SELECT i.id, t.doc FROM unnest(?1) AS i(id) LEFT JOIN snapshots s ON s.incident_id = i.id"
                  " CROSS JOIN LATERAL (SELECT sequence, doc FROM decision_events e WHERE e.incident_id = i.id"
                  " AND e.sequence > coalesce(s.sequence, 0) ORDER BY e.sequence) t ORDER BY i.id, t.sequence"},
      commit_{db, "COMMIT"} {}

void tables::expect(std::span<const new_event* const> events, const std::function<bool(incident_id)>& known) {
  asked ids{events_};
  asked requests{requests_};
  asked fingerprints{open_};
  column incidents{type::uuid};
  std::unordered_set<incident_id> wanted;
  for (const auto* event : events) {
    ids.add(event->id);
    if (!event->log) continue;
    for (const auto& key : event->request_keys) requests.add(key);
    if (const auto* opened = std::get_if<fact::incident_opened>(&event->log->fact.value))
      fingerprints.add(key_of(opened->record.fingerprint));
    const auto incident = event->log->incident_id;
    if (!known(incident) && wanted.insert(incident).second) incidents.push(incident);
  }
  std::vector<connection::request> all{
      {&find_events_, ids.take(), [&](const row& r) { events_[event_id{r.id(0)}] = read_event(r); }}};
  if (!requests.empty())
    all.push_back({&find_requests_, requests.take(), [&](const row& r) { requests_[r.id(0)] = read_covered(r); }});
  if (!fingerprints.empty())
    all.push_back({&find_open_, fingerprints.take(), [&](const row& r) { open_[r.id(0)] = incident_id{r.id(1)}; }});
  std::unordered_map<incident_id, state_assembly> states;
  for (const auto id : wanted) states.emplace(id, state_assembly{id});
  const auto assembly_of = [&](incident_id id) -> state_assembly& {
    const auto found = states.find(id);
    IM_ASSERT(found != states.end());  // the server was asked for no other
    return found->second;
  };
  if (!wanted.empty()) {
    all.push_back({&find_snapshots_, one(incidents), [&](const row& r) {
                     const auto sequence = static_cast<std::uint64_t>(r.integer(1));
                     assembly_of(incident_id{r.id(0)}).snapshot(sequence, r.bytes(2));
                   }});
    all.push_back(
        {&find_tails_, one(incidents), [&](const row& r) { assembly_of(incident_id{r.id(0)}).event(r.bytes(1)); }});
  }
  db_.pipeline(all);
  for (auto& [id, state] : states) states_.insert_or_assign(id, state.take());
}

std::optional<stored_event> tables::find_event(event_id id) {
  if (const auto here = inserted_.find(id); here != inserted_.end()) {
    const auto& event = *here->second;
    return stored_event{event.log ? std::optional{event.log->sequence} : std::nullopt, std::string{event.document()}};
  }
  const auto [entry, missing] = events_.try_emplace(id);
  if (missing) entry->second = find_events_.first(read_event, std::vector{id});
  return entry->second;
}

std::optional<covered_by> tables::find_request(text_key key) {
  const auto [entry, missing] = requests_.try_emplace(key);
  if (missing) entry->second = find_requests_.first(read_covered, std::vector{key});
  return entry->second;
}

std::optional<incident_id> tables::open_incident(text_key fingerprint) {
  const auto [entry, missing] = open_.try_emplace(fingerprint);
  if (missing)
    entry->second = find_open_.first([](const row& r) { return incident_id{r.id(1)}; }, std::vector{fingerprint});
  return entry->second;
}

loaded_state tables::load(incident_id id) {
  if (const auto found = states_.find(id); found != states_.end()) {
    auto state = std::move(found->second);
    states_.erase(found);
    return state;
  }
  flush();  // it may have been written in this very transaction
  return loader_.load(id);
}

void tables::insert_event(const new_event& event, std::int64_t row, std::optional<std::int64_t> /*previous_row*/) {
  buffer_.insert_event(event, row);
  inserted_.insert_or_assign(event.id, &event);
  last_event_ = &event;
  last_row_ = row;
}

void tables::cover(text_key request, std::int64_t event_row, disposition how) {
  buffer_.cover(request, event_row, how);
  if (last_event_ == nullptr || last_row_ != event_row) return;  // a rebuild, which asks for none
  auto& known = requests_[request];
  if (!known) known = covered_by{{}, last_event_->log->incident_id, last_event_->id, last_event_->log->sequence, how};
}

void tables::insert(const incident_row& r) {
  put(r);
  if (buffer_.rows() >= limits::buffered_rows && last_event_ == nullptr) flush();  // a rebuild has no end of them
}

void tables::update(const incident_row& before, const incident_row& now) {
  put(now);
  if (before.open.value_or(false) && !now.open.value_or(false)) open_.insert_or_assign(now.fingerprint, std::nullopt);
}

void tables::put(const incident_row& row) {
  buffer_.put(row);
  if (row.open.value_or(false)) open_.insert_or_assign(row.fingerprint, row.id);
}

void tables::write(incident_id incident, const side_changes& changes) { buffer_.put(incident, changes); }

void tables::write_snapshot(const incident_state& state) {
  buffer_.put_snapshot(state.record.id, state.head(), pack(json::encode(state)));
}

std::int64_t tables::commit() {
  const auto said = buffer_.send(&commit_);
  // A transaction that failed before answers COMMIT with ROLLBACK.
  if (std::string_view{PQcmdStatus(said.get())} != "COMMIT")
    throw postgres_failure{"XX000", "PostgreSQL rolled back what it was to commit"};
  return last_row_;
}

void tables::clear() {
  buffer_.clear();
  events_.clear();
  requests_.clear();
  open_.clear();
  states_.clear();
  inserted_.clear();
  last_event_ = nullptr;
  last_row_ = 0;
}

}  // namespace im::ruvector::postgres
