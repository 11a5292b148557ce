#pragma once
/// What ruvector-service keeps, behind one interface, and the three laws that each store enforces itself:
///
///   1. One writer wins: `(incident_id, sequence)` is unique, and a sequence follows the head of its log.
///   2. One open incident for a fingerprint.
///   3. One effect for a request id.
///
/// Events of one incident in a batch are stored all or none; incidents are independent of each other. Projections change
/// in the transaction that stores the event and can be folded again; the end of a log is read from one, so none may be missing.
/// Nothing stored is changed or deleted.

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "messages/decision_event.hpp"
#include "messages/error.hpp"
#include "messages/fold.hpp"
#include "persistence/ruvector/document_codec.hpp"
#include "persistence/ruvector/limits.hpp"
#include "persistence/ruvector/log_verifier.hpp"
#include "persistence/ruvector/trouble.hpp"

namespace im::ruvector {

enum class append_outcome : std::uint8_t { created, duplicate, conflict };
enum class check_status : std::uint8_t { pass, warn, fail };

}  // namespace im::ruvector

namespace im {

IM_WIRE_WORDS(ruvector::append_outcome, conflict, "created", "duplicate", "conflict");
IM_WIRE_WORDS(ruvector::check_status, fail, "pass", "warn", "fail");

}  // namespace im

namespace im::ruvector {

/// Sixteen bytes that stand for a text in an index: a UUID's own bytes (so that UUIDv7 keeps its order), else the first
/// half of its SHA-256.
using text_key = uuid;
[[nodiscard]] text_key key_of(std::string_view text);
/// A request id's. Behind the time of the last version 7 id that stands in it, so that the newest keys are neighbours: a
/// commit then writes one page of their index and not one a request. 80 bits of the hash remain.
[[nodiscard]] text_key request_key(std::string_view id);

/// A DecisionEvent on its way in, read and validated, or our own (`event_reader.hpp`).
struct new_event {
  event_id id;
  std::optional<im::incident_id> incident;
  std::string agent_id;
  im::decision_type decision_type = im::decision_type::no_action_required;
  time_point timestamp;
  std::uint32_t action_count = 0;      ///< orchestrator actions in its outputs
  std::vector<text_key> request_keys;  ///< of `log->request_ids`
  /// An entry of an incident's log, with its text and its hash. Absent: another agent's event, kept under its index fields.
  std::shared_ptr<const decision_event> log;
  std::string foreign_text;  ///< of another agent's event, minified
  packed_document packed;    ///< of `document()`, made before the one thread that writes has it

  [[nodiscard]] std::string_view document() const { return log ? log->text : foreign_text; }
};

/// What a request id led to.
struct covered_by {
  im::request_id request_id;
  im::incident_id incident_id;
  im::event_id event_id;
  std::uint64_t sequence = 0;
  im::disposition disposition = im::disposition::opened;

  bool operator==(const covered_by&) const = default;
};

template <class V>
void describe(V& v, like<covered_by> auto& x) {
  v.optional("request_id", x.request_id);
  v.required("incident_id", x.incident_id);
  v.required("event_id", x.event_id);
  v.required("sequence", x.sequence);
  v.required("disposition", x.disposition);
}

/// What became of one event. Where one event of an incident is refused, all of that incident in the batch say why.
struct append_result {
  event_id id;
  append_outcome outcome = append_outcome::created;
  std::optional<bool> identical;               ///< duplicate: this very event was stored before
  std::optional<std::uint64_t> sequence;       ///< with `identical`, unless it is another agent's
  std::optional<covered_by> request;           ///< duplicate, law 3: a request of it was covered by another event
  std::optional<std::uint64_t> head;           ///< conflict, law 1: where the log stands
  std::optional<im::incident_id> incident_id;  ///< conflict, law 2: the incident that is open

  bool operator==(const append_result&) const = default;
};

template <class V>
void describe(V& v, like<append_result> auto& x) {
  v.required("id", x.id);
  v.required("outcome", x.outcome);
  v.optional("identical", x.identical);
  v.optional("sequence", x.sequence);
  v.optional("request", x.request);
  v.optional("head", x.head);
  v.optional("incident_id", x.incident_id);
}

/// A set of wire words; empty means: all of them.
template <wire_enum E>
class word_set {
public:
  void add(E word) { bits_ |= 1U << static_cast<unsigned>(word); }
  [[nodiscard]] std::uint32_t mask() const { return bits_ == 0 ? ~0U : bits_; }
  [[nodiscard]] bool is_all() const { return bits_ == 0; }

private:
  std::uint32_t bits_ = 0;
};

/// A place in a list that is ordered by a time and an id.
struct list_cursor {
  time_point at;
  uuid id;

  bool operator==(const list_cursor&) const = default;
  [[nodiscard]] static std::optional<list_cursor> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

/// Filters of all lists; each list looks at those that it knows.
struct list_filter {
  std::optional<list_cursor> after;
  std::size_t limit = limits::page_default;
  word_set<incident_status> statuses;
  word_set<severity> severities;
  word_set<incident_category> categories;
  word_set<approval_status> approval_statuses;
  word_set<approval_action> approval_actions;
  word_set<postmortem_status> postmortem_statuses;
  std::optional<std::string> source;
  std::optional<std::string> text;  ///< words of title, source or description, in any case of ASCII letters
  std::optional<std::string> fingerprint;
  std::optional<bool> open;
  std::optional<im::incident_id> incident;

  /// The newest incident of a fingerprint is all that is asked for: no list, but a look into an index.
  [[nodiscard]] bool is_lookup() const {
    return fingerprint && limit == 1 && !after && !source && !text && !open && statuses.is_all() &&
           severities.is_all() && categories.is_all();
  }
};

/// Newest first; JSON texts.
struct list_page {
  std::vector<std::string> items;
  std::optional<std::string> next_cursor;
};

/// A place in a query's events, which are ordered by time and row.
struct event_cursor {
  time_point at;
  std::int64_t row = 0;

  [[nodiscard]] static std::optional<event_cursor> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

struct event_query {
  std::optional<std::string> agent_id;  ///< whole, or its type part alone
  std::optional<im::decision_type> decision_type;
  std::optional<im::incident_id> incident;
  std::optional<time_point> from;
  std::optional<time_point> to;
  std::size_t limit = limits::page_default;
  std::size_t offset = 0;  ///< at most `limits::query_offset`
  std::optional<event_cursor> after;
};

struct event_page {
  std::vector<std::string> events;  ///< newest first
  std::uint64_t total = 0;          ///< that match, cursor or not; counted up to `limits::counted_events`
  bool has_more_than_total = false;
  std::optional<std::string> next_cursor;
};

/// How a store reads.
struct read_settings {
  std::size_t readers = limits::readers;            ///< connections for the hot path
  std::size_t list_readers = limits::list_readers;  ///< for lists and queries
  milliseconds list_time = limits::list_time;       ///< then a list or a query is stopped
};

struct log_page {
  std::vector<std::string> events;  ///< in sequence order
  std::uint64_t head = 0;           ///< the newest sequence there is; 0: no such log
};

struct due_incident {
  im::incident_id incident_id;
  deadline_kind kind = deadline_kind::evaluation;
  time_point due_at;
};

struct policy_document {
  policy_kind kind = policy_kind::escalation;
  std::string id;
  std::string version;
  std::string etag;      ///< with its quotes; names the content
  std::string document;  ///< canonical JSON
};

enum class put_outcome : std::uint8_t { created, unchanged };

/// A place in the feed of orchestrator actions: after the first `actions` of the event in row `row`.
struct feed_cursor {
  static constexpr std::uint32_t whole_event = ~0U;
  std::int64_t row = 0;
  std::uint32_t actions = whole_event;

  [[nodiscard]] static std::optional<feed_cursor> parse(std::string_view text);
  [[nodiscard]] std::string str() const;
};

struct feed_page {
  std::vector<std::string> actions;
  feed_cursor next;
};

struct health_check {
  std::string name;
  check_status status = check_status::pass;
  std::string message;
  double duration_ms = 0;
};

struct check_report {
  std::uint64_t events = 0;
  std::uint64_t incidents = 0;
  std::vector<std::string> problems;  ///< the first `limits::problems_reported`
  /// A log or the database itself is damaged, and only a backup mends that. Else whatever is wrong is made again from the logs.
  bool needs_backup = false;
};

/// Takes one text, which lives as long as the call.
using document_taker = std::function<void(std::string_view)>;
using append_handler = std::move_only_function<void(result<std::vector<append_result>>)>;
using put_handler = std::move_only_function<void(result<put_outcome>)>;
using text_handler = std::move_only_function<void(result<std::string>)>;

/// Any thread may call any member. Writes return at once; their handler is called once, on the store's own thread, when the
/// write is durable or refused, and must not block. Reads block on the disk; lists and queries are stopped with
/// `overloaded` when their time is over. Where the disk or the database fails, the answer
/// is `store_unavailable`, and what was to be written is not there. (Where it was the last step that failed, a crash may bring it
/// back, whole; who retries then finds a duplicate.)
/// Of a fingerprint: the one that is open, or else the last that was.
struct newest_incident {
  im::incident_id incident_id;
  bool open = false;
};

class store {
public:
  virtual ~store() = default;

  // ---- The log
  virtual void append(std::vector<new_event> events, append_handler done) = 0;
  [[nodiscard]] virtual result<std::string> event(event_id id) = 0;
  [[nodiscard]] virtual result<event_page> query(const event_query& what) = 0;
  [[nodiscard]] virtual result<log_page> log(incident_id id, std::uint64_t after, std::size_t limit) = 0;
  /// Those of the incidents that have a log.
  [[nodiscard]] virtual result<std::vector<incident_id>> with_log(std::span<const incident_id> among) = 0;
  /// One answer for each fingerprint, in that order.
  [[nodiscard]] virtual result<std::vector<std::optional<newest_incident>>> newest_of(
      std::span<const std::string> fingerprints) = 0;
  [[nodiscard]] virtual result<covered_by> request(std::string_view id) = 0;

  // ---- Its projections
  [[nodiscard]] virtual result<std::string> incident_state_record(incident_id id) = 0;
  [[nodiscard]] virtual result<std::string> escalation_record(incident_id id) = 0;
  [[nodiscard]] virtual result<list_page> incidents(const list_filter& filter) = 0;
  [[nodiscard]] virtual result<list_page> escalations(const list_filter& filter) = 0;
  [[nodiscard]] virtual result<list_page> approvals(const list_filter& filter) = 0;
  [[nodiscard]] virtual result<std::string> approval(approval_id id) = 0;
  [[nodiscard]] virtual result<list_page> postmortems(const list_filter& filter) = 0;
  [[nodiscard]] virtual result<std::string> postmortem(postmortem_id id) = 0;
  /// Incidents whose next deadline is at or before `before`, by time.
  [[nodiscard]] virtual result<std::vector<due_incident>> deadlines(time_point before, std::optional<list_cursor> after,
                                                                    std::size_t limit) = 0;

  // ---- Orchestrator actions, in commit order
  [[nodiscard]] virtual result<feed_page> actions(feed_cursor after, std::size_t limit) = 0;
  /// The newest row that this store has committed or found; `actions` after it are empty.
  [[nodiscard]] virtual std::int64_t committed_row() const = 0;
  /// The same, asked of the database: others may write into it too. Blocks like a read.
  [[nodiscard]] virtual result<std::int64_t> newest_row() = 0;
  /// Transactions committed since it was opened.
  [[nodiscard]] virtual std::uint64_t commits() const = 0;
  /// Calls `notify` after each commit of events, on the store's own thread. Set before the first write.
  virtual void on_commit(std::function<void()> notify) = 0;
  /// Calls `tell` when a trouble begins and when it is over, on any thread of the store, and at once for what began before. It must not
  /// call the store.
  virtual void on_trouble(trouble_handler tell) = 0;
  /// Calls `tell` once, on any thread of the store, when the disk has failed and may have lost what it took: from then on nothing is
  /// written or acknowledged, and the write-ahead log stays. The process has to end; its next start recovers from that log. Set before
  /// the first write.
  virtual void on_stopped(std::function<void(const std::string& why)> tell) = 0;
  /// Bytes of the write-ahead log that are in use; 0 where the database looks after it itself.
  [[nodiscard]] virtual std::uint64_t log_bytes() const = 0;
  /// Nothing is being written or copied, or waits for it. For tests.
  [[nodiscard]] virtual bool is_quiet() const = 0;

  // ---- Records of plain agents: for incidents that have no log here; `conflict` for one that has
  /// Merges `patch` (an object) into the record at `now` and answers it whole.
  virtual void patch_incident_state(incident_id id, std::string patch, time_point now, text_handler done) = 0;
  virtual void patch_escalation(incident_id id, std::string patch, time_point now, text_handler done) = 0;

  // ---- Policies
  /// The newest version, or `version`.
  [[nodiscard]] virtual result<policy_document> policy(policy_kind kind, std::string_view id,
                                                       std::optional<std::string> version) = 0;
  /// Appends a version; the same version with other content is a `conflict`.
  virtual void put_policy(policy_document policy, put_handler done) = 0;
  [[nodiscard]] virtual result<std::uint64_t> policy_count() = 0;

  // ---- Care
  [[nodiscard]] virtual std::vector<health_check> health() = 0;
  /// Drops every projection and folds the log anew, in one transaction.
  [[nodiscard]] virtual result<check_report> rebuild_projections() = 0;
  /// Reads everything: logs without gaps, each projection equal to its fold.
  [[nodiscard]] virtual result<check_report> check() = 0;
  /// Follows the hash chain through every log.
  [[nodiscard]] virtual result<verify_report> verify() = 0;
  /// Every DecisionEvent in the order of commits, as of one moment; `damage` gets a line for each that cannot be unpacked.
  [[nodiscard]] virtual result<void> export_events(const document_taker& take, const document_taker& damage) = 0;
  /// Writes what waits, refuses more. Idempotent.
  virtual void close() = 0;
};

}  // namespace im::ruvector
