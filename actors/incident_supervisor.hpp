#pragma once
/// One live incident. Owns its sequence: while a write is in flight what arrives is queued, then decided all at once.
///
///   idle ──command──▶ loading (log, policies) ──▶ deciding ──▶ writing ──committed──▶ idle, answers leave
///                         ▲                                       │
///                         └───── a lost race: read on, decide again ┘
///
/// Other instances may decide about the same incident at any time. A write that the store takes proves that nobody did; what is
/// answered without a write (a read, a refusal) waits until the store was asked whether the log goes on.
///
/// Rules are in `logic/`; this class only fetches, persists, answers and keeps its children equal to the state.

#include <random>

#include "actors/logic/commit.hpp"
#include "actors/logic/retry_backoff.hpp"
#include "actors/pending_reads.hpp"
#include "actors/supervised_children.hpp"
#include "actors/timer.hpp"

namespace im {

class incident_supervisor_state {
public:
  /// `fresh`: the id was just minted, so there is no log to read. `policies`: what it is opened under; null: it asks.
  incident_supervisor_state(supervisor_actor::pointer self, house h, registry_actor registry, incident_id id,
                            bool fresh, policy_set_ptr policies);
  ~incident_supervisor_state();

  supervisor_actor::behavior_type make_behavior();

  static inline const char* name = "incident_supervisor";

private:
  enum class phase : std::uint8_t { idle, loading, writing };

  struct commit_in_flight {
    logic::commit_plan plan;
    std::vector<submission_ptr> callers;  ///< parallel to plan.answers
    std::vector<event_ptr> events;
    caf::actor_clock::time_point since;
  };

  // Taking in
  void on_submit(const submission_batch& batch);
  void on_await(verdict_wait wait);
  void on_due(const deadline& due);
  caf::result<void> on_wake();
  void on_asked_for_idleness();
  void on_alarm(std::uint64_t generation);

  // The road
  void pump();
  void load();
  void on_log(log_page page);
  void forget_log();
  [[nodiscard]] state_ptr tellable() const;
  void on_broken_link(const decision_event& event);
  void load_policies();
  void on_load_failed(error why);
  void refuse_held();
  void commit();
  bool requeue_unconfirmed();
  void write();
  void mark_waiting();
  void on_written(const write_outcome& outcome);
  void on_write_failed(const error& why);

  // After the write
  void committed();
  void conclude();
  void decide_again(std::uint64_t head);
  void give_up_fingerprint(incident_id holder);
  void drop_covered(const covered_elsewhere& covered);
  void finish(submission_ptr caller, logic::planned& planned, const std::vector<event_ptr>& events);
  void replay(submission_ptr caller, event_id first, incident_id where);
  [[nodiscard]] bool may_have_been_answered(const submission& caller) const;
  void tell_first_answer(submission_ptr caller, const error& refusal);
  void question_answered();
  void start_postmortem(submission_ptr caller, postmortem_id id);
  void requeue_in_flight();
  void settle_waits();
  void attended();
  void reconcile();
  void set_alarm();
  [[nodiscard]] bool something_is_due() const;
  void on_store_failed();
  void on_store_answered();
  void look_again_later();
  void look_again_in(milliseconds wait);
  [[nodiscard]] bool policies_frozen() const;

  supervisor_actor::pointer self_;
  house house_;
  const actor_environment& env_;
  registry_actor registry_;
  state_ptr state_;
  logic::recent_requests recent_;  ///< of the events that `state_` is folded from
  policy_set_ptr policies_;
  down_monitor<supervisor_actor> monitor_;
  supervised_children children_;
  phase phase_ = phase::idle;
  bool needs_load_;
  bool whole_;                                            ///< the log was read to its end since the state was empty
  std::optional<caf::actor_clock::time_point> retry_at_;  ///< what is due rests until then, since an attempt has failed
  bool store_failed_ = false;                             ///< at the last attempt
  logic::retry_backoff backoff_;
  std::minstd_rand chance_;
  std::vector<submission_ptr> queue_;
  pending_reads<caf::actor_clock::time_point> reads_;
  std::vector<verdict_wait> waits_;                       ///< for gates, until the store was asked
  std::size_t marked_waits_ = 0;                          ///< so many of them came before it was asked
  std::unique_ptr<commit_in_flight> flight_;              ///< what is being written, or answered without a write
  std::uint64_t received_ = 0;                            ///< messages from the registry; it counts the same
  int documents_ = 0;                                     ///< post-mortems being written
  int questions_ = 0;                                     ///< to the store about first answers; callers wait for each
  bool visited_ = false;                                  ///< not only the clock has asked for it
  std::vector<caf::typed_response_promise<void>> wakes_;  ///< who hears when nothing is due any more
  std::optional<caf::actor_clock::time_point> verdict_awaited_;  ///< until then somebody waits for a gate
  own_alarm<supervisor_actor> alarm_;
};

using incident_supervisor = caf::stateful_actor<incident_supervisor_state, supervisor_actor::base>;

}  // namespace im
