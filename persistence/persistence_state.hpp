#pragma once
/// The persistence actor's state. Internal to persistence/; see persistence_actor.hpp.
///
/// A write's life: accepted into the buffer → taken with others → attempted, while its incidents are busy → answered, or tried
/// again after a backoff, or parked while the circuit is open. A write that the store refuses as a whole is halved, so that
/// one poisoned incident fails alone. Whatever happens, each caller is answered once.

#include <caf/disposable.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>
#include <deque>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "persistence/inbox.hpp"
#include "persistence/persistence_actor.hpp"

namespace im::persistence {

class persistence_state {
public:
  persistence_state(persistence_actor::pointer self, std::shared_ptr<store_port> store, persistence_config config);

  persistence_actor::behavior_type make_behavior();

  static inline const char* name = "persistence_actor";

private:
  using clock = std::chrono::steady_clock;
  using breaker = circuit_breaker<clock>;
  template <class T>
  using promise = caf::typed_response_promise<T>;

  struct accepted {
    incident_write events;
    promise<write_outcome> caller;
  };
  using buffer = batch_buffer<accepted, clock>;

  struct waiting_caller {
    im::incident_id incident_id;
    std::size_t events = 0;
    std::size_t bytes = 0;
    promise<write_outcome> answer;
  };
  /// What is sent at once. More than one of a write only after it was halved; then one after the other.
  struct part {
    std::vector<waiting_caller> callers;
    store_write wire;
    int attempts = 0;
    bool maybe_applied = false;
  };
  struct running_write {
    std::deque<part> parts;
    caf::disposable retry;
  };
  using write_key = std::uint64_t;

  template <class T>
  struct read_job {
    std::string_view name;
    std::function<void(store_handler<T>)> issue;
    promise<T> answer;
    clock::time_point no_retry_after;
    int attempts = 0;
    caf::disposable retry;
  };

  // Writes
  caf::result<write_outcome> on_write(const event_batch& batch);
  [[nodiscard]] result<void> admit(const event_batch& batch) const;
  void schedule_flush();
  void flush();
  void start(std::vector<buffer::entry> taken);
  [[nodiscard]] part& part_of(write_key key);
  void attempt(write_key key);
  void on_written(write_key key, breaker::permit permit, clock::time_point started, store_result<write_results> got);
  void answer_part(write_key key, write_results outcomes);
  void fail_part(write_key key, const store_failure& why);
  void halve_part(running_write& write);
  void finish_part(write_key key);

  // Reads
  template <class T>
  caf::result<T> read(std::string_view call, std::function<void(store_handler<T>)> issue);
  template <class T>
  void attempt_read(const std::shared_ptr<read_job<T>>& job);
  template <class T>
  void on_read(const std::shared_ptr<read_job<T>>& job, breaker::permit permit, store_result<T> got);
  template <class T>
  void end_read(const std::shared_ptr<read_job<T>>& job, result<T> answer);

  // Both
  [[nodiscard]] static error store_away();
  [[nodiscard]] result<void> admit_any() const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> backoff(int made, const store_failure& why);
  void report(breaker::permit permit, const store_failure* why);
  void circuit_changed();
  void probe();
  caf::result<void> on_drain();
  void check_drained();
  void on_tick();
  caf::error refuse(error why) const;
  [[nodiscard]] clock::time_point now() const;
  void tell_pending() const;

  persistence_actor::pointer self_;
  std::shared_ptr<store_port> store_;
  persistence_config config_;
  std::shared_ptr<inbox> inbox_;
  std::mt19937_64 chance_;

  buffer buffer_;
  breaker breaker_;
  breaker::state told_circuit_ = breaker::state::closed;
  std::unordered_map<write_key, running_write> running_;
  write_key next_write_ = 0;
  std::deque<write_key> parked_;                     // due, but the circuit is open
  std::unordered_set<std::shared_ptr<void>> reads_;  // alone hold the jobs, so that their promises stay with the actor

  bool flush_scheduled_ = false;
  caf::disposable flush_timer_;
  std::optional<clock::time_point> flush_due_;
  std::uint64_t flush_generation_ = 0;
  caf::disposable probe_timer_;
  std::uint64_t probe_generation_ = 0;

  bool draining_ = false;
  std::vector<promise<void>> drains_;
};

}  // namespace im::persistence
