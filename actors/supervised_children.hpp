#pragma once
/// The children of one supervisor, kept equal to what the folded state asks for. Spawning, restarting and ending them is
/// always the same step: compare the state with who is there. After a load, a commit or a death.

#include <map>

#include "actors/environment.hpp"

namespace im {

class supervised_children {
public:
  supervised_children(supervisor_actor::pointer self, const house& h, down_monitor<supervisor_actor>& monitor)
      : self_{self}, house_{h}, monitor_{monitor} {}

  /// Makes the children equal to the state.
  void reconcile(const state_ptr& state);
  /// When that must be done again at the latest: a deadline that is far off is nobody's yet.
  [[nodiscard]] std::optional<time_point> escalation_wanted_at() const { return escalation_wanted_at_; }
  /// A monitored actor ended: restarts it, lets it go, or holds, by `logic::react`.
  void on_down(const caf::actor_addr& who, const caf::error& reason, const state_ptr& state);
  /// A child reported a deadline and forgets it; unless a commit answers it, it must be told again.
  void forget(const deadline& reported);
  /// Hands a caller to the gate that it waits for; answers at once when there is nothing to wait for.
  void await_verdict(verdict_wait wait, const state_ptr& state);
  /// A post-mortem writer, monitored like the others.
  [[nodiscard]] post_mortem_type spawn_post_mortem();
  /// Ends all children.
  void dismiss();

  /// The escalation actor failed too often; only the deadline index still watches.
  [[nodiscard]] bool clock_abandoned() const { return escalation_abandoned_; }
  [[nodiscard]] bool is_held(const approval_id& gate) const;

private:
  struct gate_child {
    approval_gate_type actor;
    logic::restart_budget budget;
    state_ptr told;  ///< the newest state whose gate it knows; nothing: it must be told
    bool held = false;
  };

  void reconcile_escalation(const incident_state& state);
  void dismiss_escalation();
  void reconcile_gates(const state_ptr& state);
  void restart_escalation(const state_ptr& state);
  void restart_gate(const approval_id& id, gate_child& child, const state_ptr& state);
  template <class Handle>
  void watch(logic::child_kind kind, const Handle& child);

  supervisor_actor::pointer self_;
  const house& house_;
  down_monitor<supervisor_actor>& monitor_;
  escalation_actor_type escalation_;
  logic::restart_budget escalation_budget_;
  bool escalation_abandoned_ = false;
  std::optional<deadline> scheduled_;
  std::optional<time_point> escalation_wanted_at_;
  std::map<approval_id, gate_child> gates_;
};

}  // namespace im
