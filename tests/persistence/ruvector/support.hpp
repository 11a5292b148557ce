#pragma once
/// A store in a folder of its own, and DecisionEvents to put into it.

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "messages/chain.hpp"
#include "messages/hash.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/event_reader.hpp"
#include "persistence/ruvector/sqlite_store.hpp"
#include "tests/support/document_functions.hpp"

namespace im::ruvector::test {

class temp_dir {
public:
  temp_dir() {
    auto name = (std::filesystem::temp_directory_path() / "im-ruvector-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
    path_ = name;
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;
  ~temp_dir() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

inline std::string read_bytes(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_bytes(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream{file, std::ios::binary | std::ios::trunc}.write(bytes.data(),
                                                                static_cast<std::streamsize>(bytes.size()));
}

/// The n-th id of a kind; ids with a higher n sort later.
inline uuid numbered(unsigned kind, unsigned n) {
  uuid::bytes_type bytes{};
  bytes[0] = static_cast<std::uint8_t>(kind);
  bytes[6] = 0x70;
  bytes[8] = 0x80;
  for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(15 - i)] = static_cast<std::uint8_t>(n >> (8 * i));
  return uuid{bytes};
}
inline incident_id incident_number(unsigned n) { return incident_id{numbered(1, n)}; }
inline approval_id gate_number(unsigned n) { return approval_id{numbered(3, n)}; }
inline postmortem_id postmortem_number(unsigned n) { return postmortem_id{numbered(4, n)}; }

inline time_point at_second(std::int64_t s) { return *parse_time("2026-11-22T01:00:00.000Z") + seconds{s}; }

/// An event of `incident`; its id follows from incident, sequence and `salt`.
inline decision_event make_event(incident_id incident, std::uint64_t sequence, any_fact what,
                                 std::vector<request_id> requests = {}, std::string salt = {}) {
  decision_event e;
  e.id = derive_event_id(incident.str() + '/' + std::to_string(sequence) + salt);
  e.agent_id = "incident-manager:1.0.0:test-1";
  e.agent_version = "1.0.0";
  e.inputs_hash = std::string(64, 'a');
  e.outputs.text = R"({"note":"none"})";
  e.confidence = 1;
  e.execution_ref = numbered(9, 1);
  e.timestamp = at_second(static_cast<std::int64_t>(sequence));
  e.incident_id = incident;
  e.sequence = sequence;
  e.request_ids = std::move(requests);
  e.fact.value = std::move(what);
  return e;
}

inline fact::incident_opened opening(incident_id id, const std::string& fingerprint, severity s = severity::p2) {
  fact::incident_opened f;
  f.record.id = id;
  f.record.fingerprint = fingerprint;
  f.record.severity = s;
  f.record.title = "Latency of " + fingerprint;
  f.record.source = "llm-sentinel";
  f.record.resource.id = "checkout";
  f.record.created_at = at_second(0);
  f.record.updated_at = at_second(0);
  f.record.event_count = 1;
  f.next_evaluation_at = at_second(300);
  return f;
}

inline fact::incident_changed change_to(incident_status status, change_kind kind = change_kind::update) {
  fact::incident_changed f;
  f.change = kind;
  f.actor = "alice";
  f.status = status;
  return f;
}

inline fact::gate_opened gate(unsigned n, incident_id incident, gate_purpose purpose = gate_purpose::action) {
  gate_state opened;
  opened.request.id = gate_number(n);
  opened.request.incident_id = incident;
  opened.request.requested_at = at_second(n);
  opened.request.approval_deadline = at_second(900);
  opened.next_due_at = at_second(900);
  opened.purpose = purpose;
  return {opened};
}

inline decision_event open_event(unsigned n, const std::string& fingerprint, std::vector<request_id> requests = {}) {
  auto e = make_event(incident_number(n), 1, opening(incident_number(n), fingerprint), std::move(requests));
  e.decision_type = decision_type::incident_open;
  return e;
}

inline decision_event attach_event(unsigned n, std::uint64_t sequence, std::vector<request_id> requests = {},
                                   std::string salt = {}) {
  fact::signals_attached f;
  f.last_signal_at = at_second(static_cast<std::int64_t>(sequence));
  return make_event(incident_number(n), sequence, f, std::move(requests), std::move(salt));
}

/// The one that may follow what `in` holds of incident `n`.
inline decision_event attach_next(store& in, unsigned n) {
  return attach_event(n, in.log(incident_number(n), 0, 1).value().head + 1);
}

/// With `count` orchestrator actions in its outputs.
inline decision_event with_actions(decision_event e, std::size_t count) {
  std::vector<orchestrator_action> actions(count);
  for (std::size_t i = 0; i < count; ++i) actions[i].parameters.text = "{\"n\":" + std::to_string(i) + '}';
  e.outputs.text = "{\"orchestrator_actions\":" + json::encode(actions) + '}';
  return e;
}

inline std::string batch_body(const std::vector<decision_event>& events) {
  return "{\"events\":" + json::encode(events) + '}';
}

inline std::unique_ptr<store> open_store(const temp_dir& dir) {
  auto store = open_sqlite_store(dir / "ruvector.db");
  if (!store) throw std::runtime_error{store.error().message};
  return std::move(*store);
}

inline result<std::vector<append_result>> try_append(store& to, std::vector<new_event> events) {
  std::promise<result<std::vector<append_result>>> promise;
  auto future = promise.get_future();
  to.append(std::move(events), [&](auto results) { promise.set_value(std::move(results)); });
  return future.get();
}

/// Seals events that are not, each onto the one before it: in the list, or in the store, if one is given.
inline std::vector<decision_event> linked(std::vector<decision_event> events, store* in = nullptr) {
  std::map<std::pair<incident_id, std::uint64_t>, std::string> hashes;
  for (auto& e : events) {
    auto& previous = hashes[{e.incident_id, e.sequence - 1}];
    if (in != nullptr && previous.empty() && e.sequence > 1) {
      const auto page = in->log(e.incident_id, e.sequence - 2, 1);
      if (page && !page->events.empty()) previous = sha256_hex(page->events.front());
    }
    if (e.text.empty()) seal(e, previous);
    hashes.emplace(std::pair{e.incident_id, e.sequence}, e.hash);
  }
  return events;
}

inline std::vector<append_result> append(store& to, const std::vector<decision_event>& events) {
  auto read = read_events(batch_body(linked(events, &to)));
  if (!read) throw std::runtime_error{read.error().message};
  auto results = try_append(to, std::move(*read));
  if (!results) throw std::runtime_error{results.error().message};
  return std::move(*results);
}

inline append_result append_one(store& to, const decision_event& event) { return append(to, {event}).front(); }

inline incident_state fold_of(store& from, incident_id id) {
  incident_state state;
  const auto page = from.log(id, 0, 1000);
  for (const auto& text : page.value().events) apply(state, read_stored(text).value());
  return state;
}

/// A text that packing makes a quarter shorter and no more.
inline std::string noise(std::size_t chars) {
  static std::minstd_rand random{1};
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-";
  std::string text(chars, ' ');
  for (auto& c : text) c = letters[random() % letters.size()];
  return text;
}

/// Makes of a database what schema version 5 was, whose documents were texts in a column between others.
inline constexpr const char* back_to_version_5 =
    "DROP TRIGGER decision_events_follow; DROP TRIGGER decision_events_no_replace; DROP TRIGGER "
    "decision_events_no_update;"
    " DROP TRIGGER decision_events_no_delete; DROP INDEX decision_events_marks; DROP INDEX decision_events_previous;"
    " DROP INDEX decision_events_id; DROP INDEX decision_events_time;"
    " ALTER TABLE decision_events RENAME TO packed_events;"
    " CREATE TABLE decision_events (row INTEGER PRIMARY KEY, id BLOB NOT NULL, incident_id BLOB, sequence INTEGER,"
    " agent_id TEXT NOT NULL, decision_type INTEGER NOT NULL, timestamp_ms INTEGER NOT NULL, actions INTEGER NOT NULL,"
    " doc TEXT NOT NULL, previous_row INTEGER);"
    " INSERT INTO decision_events SELECT row, id, incident_id, sequence,"
    " (SELECT agent_id FROM agents WHERE number = agent), decision_type, timestamp_ms, actions, unpack(doc),"
    " previous_row FROM packed_events; DROP TABLE packed_events; DROP TABLE agents;"
    " ALTER TABLE incidents ADD COLUMN escalation_level INTEGER NOT NULL DEFAULT 0;"
    " ALTER TABLE incidents ADD COLUMN title TEXT NOT NULL DEFAULT '';"
    " ALTER TABLE incidents ADD COLUMN updated_ms INTEGER NOT NULL DEFAULT 0;"
    " CREATE UNIQUE INDEX decision_events_id ON decision_events (id);"
    " CREATE INDEX decision_events_time ON decision_events (timestamp_ms);"
    " CREATE UNIQUE INDEX decision_events_previous ON decision_events (previous_row) WHERE previous_row IS NOT NULL;"
    " CREATE UNIQUE INDEX decision_events_marks ON decision_events (incident_id, sequence)"
    " WHERE previous_row IS NULL OR sequence % 64 = 0;"
    " CREATE TRIGGER decision_events_no_update BEFORE UPDATE ON decision_events BEGIN SELECT RAISE(FAIL, 'append'); "
    "END;"
    " CREATE TRIGGER decision_events_no_delete BEFORE DELETE ON decision_events BEGIN SELECT RAISE(FAIL, 'append'); "
    "END;"
    " CREATE TRIGGER decision_events_no_replace BEFORE INSERT ON decision_events WHEN 0 BEGIN SELECT 1; END;"
    " CREATE TRIGGER decision_events_follow BEFORE INSERT ON decision_events WHEN 0 BEGIN SELECT 1; END;"
    " UPDATE snapshots SET state = unpack(state); UPDATE approvals SET gate = unpack(gate); PRAGMA user_version=5;";

/// And what version 4 was, where an index by incident and sequence stood in the place of links. After `back_to_version_5`.
inline constexpr const char* from_version_5_to_4 =
    "DROP TRIGGER decision_events_follow; DROP TRIGGER decision_events_no_replace; DROP INDEX decision_events_marks;"
    " DROP INDEX decision_events_previous; ALTER TABLE decision_events DROP COLUMN previous_row;"
    " CREATE UNIQUE INDEX decision_events_log ON decision_events (incident_id, sequence);"
    " CREATE TRIGGER decision_events_no_replace BEFORE INSERT ON decision_events"
    " WHEN EXISTS (SELECT 1 FROM decision_events WHERE incident_id = NEW.incident_id AND sequence = NEW.sequence)"
    " BEGIN SELECT RAISE(FAIL, 'decision_events is append-only'); END; PRAGMA user_version=4;";
inline const std::string back_to_version_4 = std::string{back_to_version_5} + from_version_5_to_4;

/// Runs SQL on the file behind the store's back. What SQLite said; empty if nothing went wrong.
inline std::string sql(const temp_dir& dir, const std::string& text) {
  sqlite3* db = nullptr;
  sqlite3_open((dir / "ruvector.db").c_str(), &db);
  sqlite3_busy_timeout(db, 5000);
  im::test::add_document_functions(db);
  const bool ok = sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
  std::string said = ok ? "" : sqlite3_errmsg(db);
  sqlite3_close(db);
  return said;
}

}  // namespace im::ruvector::test
