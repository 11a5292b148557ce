#pragma once
/// One live incident. Owns its sequence: while a write is in flight what arrives is queued, then decided all at once.
///
///   idle ──command──▶ loading (log, policies) ──▶ deciding ──▶ writing ──committed──▶ idle, answers leave
///                         ▲                                       │
///                         └───── a lost race: read on, decide again ┘
///
/// Rules are in `logic/`; this class only fetches, persists, answers and keeps its children equal to the state.

#include <deque>

#include "actors/logic/commit.hpp"
#include "actors/supervised_children.hpp"

namespace im {

class incident_supervisor_state {
public:
  /// `fresh`: the id was just minted, so there is no log to read.
  incident_supervisor_state(supervisor_actor::pointer self, house h, registry_actor registry, incident_id id,
                            bool fresh);
  ~incident_supervisor_state();

  supervisor_actor::behavior_type make_behavior();

  static inline const char* name = "incident_supervisor";

private:
  enum class phase : std::uint8_t { idle, loading, writing };

  struct commit_in_flight {
    logic::commit_plan plan;
    std::vector<submission> callers;  ///< parallel to plan.answers
    std::vector<event_ptr> events;
    caf::actor_clock::time_point since;
  };

  // Taking in
  void on_submit(const submission_batch& batch);
  void on_await(verdict_wait wait);
  void on_due(const deadline& due);
  void on_wake();
  void on_idle_tick(std::uint64_t activity_then);
  [[nodiscard]] bool answered_from_memory(submission& s);

  // The road
  void pump();
  void load();
  void on_log(log_page page);
  void load_policies();
  void on_load_failed(error why);
  void refuse_held();
  void commit();
  void write();
  void on_written(const write_outcome& outcome);
  void on_write_failed(const error& why);

  // After the write
  void committed();
  void decide_again(std::uint64_t head);
  void give_up_fingerprint(incident_id holder);
  void drop_covered(const covered_elsewhere& covered);
  void finish(submission& caller, const logic::planned& planned);
  void replay(submission caller, const covered_request& covered, incident_id where);
  void start_postmortem(submission caller, postmortem_id id);
  void report(const std::vector<event_ptr>& events);
  void requeue_in_flight();
  void look_again_later();
  void count_received();
  void watch_idleness();
  [[nodiscard]] bool policies_frozen() const;

  supervisor_actor::pointer self_;
  house house_;
  const actor_environment& env_;
  registry_actor registry_;
  state_ptr state_;
  policy_set_ptr policies_;
  supervised_children children_;
  phase phase_ = phase::idle;
  bool needs_load_;
  bool retry_armed_ = false;
  std::deque<submission> queue_;
  std::vector<verdict_wait> waits_;  ///< that came before the state was there
  commit_in_flight flight_;
  std::uint64_t received_ = 0;  ///< messages from the registry; it counts the same
  std::uint64_t activity_ = 0;  ///< those, and deadlines that came
  int documents_ = 0;           ///< post-mortems being written
};

using incident_supervisor = caf::stateful_actor<incident_supervisor_state, supervisor_actor::base>;

}  // namespace im
