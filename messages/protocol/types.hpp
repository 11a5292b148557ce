#pragma once
/// What actors send to each other inside one process. Nothing here crosses a wire: large values travel by pointer.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "messages/ports.hpp"

namespace im {

using policy_set_ptr = std::shared_ptr<const policy_set>;
using event_ptr = std::shared_ptr<const decision_event>;
using state_ptr = std::shared_ptr<const incident_state>;

/// Hears each answer before the caller does, on whatever thread it is given. Must not throw.
using answer_listener = std::function<void(const command&, const result<reply>&)>;

/// A command with the caller that waits for its answer. Whoever drops one unanswered answers it `internal`, so that
/// no caller ever hangs on our bug.
class submission {
public:
  /// `listener`, if there is one, outlives it.
  submission(command&& c, reply_handler&& h, admission::ticket t = {}, const answer_listener* listener = nullptr)
      : cmd{std::move(c)}, done_{std::move(h)}, ticket_{std::move(t)}, listener_{listener} {}
  submission(const submission&) = delete;
  submission& operator=(const submission&) = delete;
  ~submission() {
    if (done_) done_(fail(errc::internal, "the request was dropped inside the service; this is a bug"));
  }

  void answer(result<reply> r) {
    auto done = std::exchange(done_, nullptr);
    if (!done) return;
    if (listener_ != nullptr) (*listener_)(cmd, r);
    done(std::move(r));
    ticket_ = {};
  }

  command cmd;
  int attempts = 0;        ///< how often it was decided again after a lost race
  bool confirmed = false;  ///< the store was asked, after it came, whether its incident's log goes on

private:
  reply_handler done_;
  admission::ticket ticket_;  ///< of the commands that are under way
  const answer_listener* listener_;
};

/// Commands are large, and pass through many hands.
using submission_ptr = std::unique_ptr<submission>;

/// Messages must be copyable; what they carry here has one owner: the actor that takes it out.
struct submission_batch {
  std::shared_ptr<std::vector<submission_ptr>> items = std::make_shared<std::vector<submission_ptr>>();
};

struct verdict_wait {
  im::incident_id incident_id;
  approval_id request;
  milliseconds wait{0};
  std::shared_ptr<submission> caller;  ///< its command is not used
  state_ptr state = nullptr;           ///< for a gate: what the caller is told where its patience ends first
};

/// Who asks whether anything can be decided. Told once, at the latest when nobody is left who could answer.
class policies_caller {
public:
  explicit policies_caller(check_handler&& h) : done_{std::move(h)} {}
  policies_caller(const policies_caller&) = delete;
  policies_caller& operator=(const policies_caller&) = delete;
  ~policies_caller() { answer(fail(errc::draining, "the service is shutting down")); }

  void answer(result<void> r) {
    if (auto done = std::exchange(done_, nullptr)) done(std::move(r));
  }

private:
  check_handler done_;
};

struct policies_check {
  std::shared_ptr<policies_caller> caller;
};

/// DecisionEvents of one incident, all of which are stored or none.
struct event_batch {
  im::incident_id incident_id;
  std::vector<std::shared_ptr<const decision_event>> events;
};

/// What an id that was covered before led to (the store's third law).
struct covered_elsewhere {
  im::request_id request;
  im::incident_id incident_id;
  im::event_id event_id;
  std::uint64_t sequence = 0;
  im::disposition disposition = disposition::opened;
};

struct write_outcome {
  enum class kind : std::uint8_t {
    committed,          ///< stored, now or by an earlier attempt of the same write
    sequence_taken,     ///< another writer was first; `head` is where the log ends
    fingerprint_taken,  ///< `open_incident` holds the fingerprint
    covered,            ///< `covered` was decided before
  };
  kind what = kind::committed;
  std::uint64_t head = 0;
  std::optional<im::incident_id> open_incident;
  std::optional<covered_elsewhere> covered;
};

struct log_page {
  std::vector<std::shared_ptr<const decision_event>> events;
  bool more = false;
};

struct incident_list {
  std::vector<im::incident_id> ids;
};

struct fingerprint_list {
  std::vector<std::string> fingerprints;
};

/// The newest incident of a fingerprint.
struct fingerprint_lookup {
  std::optional<im::incident_id> newest;
  bool open = false;
};

/// One for each fingerprint, in the order asked; what the store will not be asked for fails alone.
struct fingerprint_lookups {
  std::vector<result<fingerprint_lookup>> found;
};

struct policy_query {
  policy_kind kind = policy_kind::escalation;
  std::string id;
  std::string version;  ///< empty: the newest
  std::string etag;     ///< what the asker has; empty: nothing
};

struct policy_answer {
  bool unchanged = false;
  std::string document;
  std::string etag;
};

struct due_entry {
  im::incident_id incident_id;
  deadline_kind kind = deadline_kind::evaluation;
  time_point due_at;
};

struct due_page {
  std::vector<due_entry> entries;
  std::string next_cursor;  ///< empty: the last page
};

/// What a supervisor tells its escalation actor: the next moment to look.
struct schedule {
  std::optional<deadline> next;
};

/// A gate as the log now tells it: one of the incident's.
struct gate_told {
  state_ptr state;
  approval_id request;
};

/// What a post-mortem actor wrote.
struct written_postmortem {
  postmortem_output document;
  double confidence = 0;
};

/// Everything a post-mortem actor needs.
struct postmortem_job {
  state_ptr state;
  postmortem_id id;
  std::optional<postmortem_input> input;  ///< absent: from the log
};

}  // namespace im
