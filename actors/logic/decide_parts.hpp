#pragma once
/// What the parts of `decide` share; for `decide*.cpp` alone.

#include "actors/logic/approval_gate.hpp"
#include "actors/logic/decide.hpp"
#include "actors/logic/escalation.hpp"
#include "messages/json/codec.hpp"

namespace im::logic {

/// Collects the events of one command, and the state as they leave it.
class drafting {
public:
  drafting(incident_state& from, const command& command, const decision_context& context)
      : state{from}, cmd{command}, ctx{context} {}

  /// Adds an event; later ones of the same command see its effect.
  decision_event& add(agent who, agent_classification classification, decision_type type, object_text outputs,
                      any_fact fact);
  /// The event that answers without being recorded.
  void answer_only(agent who, agent_classification classification, decision_type type, object_text outputs,
                   double confidence);

  [[nodiscard]] bool has_events() const { return !result.events.empty(); }

  incident_state& state;  ///< tentative
  const command& cmd;
  const decision_context& ctx;
  decision result;

private:
  [[nodiscard]] decision_event make(agent who, agent_classification classification, decision_type type,
                                    object_text outputs) const;
};

using outcome = im::result<void>;  ///< the drafting holds what was decided

[[nodiscard]] outcome decide_signal(drafting& d, const cmd::ingest_signal& signal);
[[nodiscard]] outcome decide_change(drafting& d, const cmd::change_incident& change);
[[nodiscard]] outcome decide_evaluation(drafting& d, const cmd::evaluate_escalation& evaluate);
[[nodiscard]] outcome decide_evaluation_due(drafting& d);
[[nodiscard]] outcome decide_request(drafting& d, const cmd::request_approval& request);
[[nodiscard]] outcome decide_vote(drafting& d, const cmd::cast_vote& vote);
[[nodiscard]] outcome decide_cancel(drafting& d, const cmd::cancel_approval& cancel);
[[nodiscard]] outcome decide_escalate(drafting& d, const cmd::escalate_approval& escalate);
[[nodiscard]] outcome decide_approval_due(drafting& d, const cmd::approval_due& due);
[[nodiscard]] outcome decide_approval(drafting& d, const cmd::evaluate_approval& evaluate);
[[nodiscard]] outcome decide_generate(drafting& d, const cmd::generate_postmortem& generate);
[[nodiscard]] outcome decide_record(drafting& d, const cmd::record_postmortem& record);
[[nodiscard]] outcome decide_publish(drafting& d, const cmd::publish_postmortem& publish);

/// Evaluates and records; opens the gate when people must approve. Also how a signal makes an incident escalate.
void append_evaluation(drafting& d, const escalation_input& input);
/// A gate as it would open, with what `proposal` says its verdict resumes.
[[nodiscard]] im::result<gate_state> prepare_gate(const drafting& d, const cmd::request_approval& request,
                                                  approval_id id, gate_purpose purpose, const gate_state& proposal);
/// Records the opening, kept votes counted; a verdict that falls at once resumes at once.
void append_gate(drafting& d, gate_state gate);
/// Both, for a command that comes to nothing without its gate.
[[nodiscard]] outcome append_gate(drafting& d, const cmd::request_approval& request, approval_id id,
                                  gate_purpose purpose, const gate_state& proposal);
/// Cancels the pending gates of that purpose: what they asked about is over.
void withdraw_gates(drafting& d, gate_purpose purpose, std::string_view reason);
/// Of an incident that was just closed: nothing is left that could be done for it.
void close_action_gates(drafting& d);
/// Of an incident that was just resolved or reopened: whoever is asked for an action must look again, or need not any more.
void review_action_gates(drafting& d);
/// Resumes what waited for this gate. Only for a gate that has just become `approved`.
void append_resumption(drafting& d, const gate_state& gate);

/// Deadlines of the SLA policy for a severity, counted from `from`.
[[nodiscard]] sla_state sla_for(const sla_policy& policy, severity s, time_point from);
/// After a rise to `to` at `now`: its times count from now, and no deadline moves away. What was met or missed stays so.
[[nodiscard]] sla_state tightened_sla(const incident_state& state, const sla_policy& policy, severity to,
                                      time_point now);

[[nodiscard]] std::unexpected<error> unknown_incident(const incident_id& id);

}  // namespace im::logic
