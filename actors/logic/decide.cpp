#include "actors/logic/decide.hpp"

#include "actors/logic/decide_parts.hpp"

namespace im::logic {

namespace {

audit_metadata audit_of(const policy_set& policies) {
  const auto name = [](const auto& policy) { return policy.id + '@' + policy.version; };
  return {{"incident-log"}, {name(policies.escalation), name(policies.approval), name(policies.sla)}, {}};
}

bool names_policies(agent who) { return who == agent::escalation || who == agent::approver; }

struct dispatcher {
  drafting& d;

  outcome operator()(const cmd::read_incident&) const {
    return !d.state.opened ? unknown_incident(d.cmd.incident_id) : outcome{};
  }
  outcome operator()(const cmd::ingest_signal& c) const { return decide_signal(d, c); }
  outcome operator()(const cmd::change_incident& c) const { return decide_change(d, c); }
  outcome operator()(const cmd::evaluate_escalation& c) const { return decide_evaluation(d, c); }
  outcome operator()(const cmd::evaluation_due&) const { return decide_evaluation_due(d); }
  outcome operator()(const cmd::request_approval& c) const { return decide_request(d, c); }
  outcome operator()(const cmd::cast_vote& c) const { return decide_vote(d, c); }
  outcome operator()(const cmd::cancel_approval& c) const { return decide_cancel(d, c); }
  outcome operator()(const cmd::escalate_approval& c) const { return decide_escalate(d, c); }
  outcome operator()(const cmd::approval_due& c) const { return decide_approval_due(d, c); }
  outcome operator()(const cmd::evaluate_approval& c) const { return decide_approval(d, c); }
  outcome operator()(const cmd::generate_postmortem& c) const { return decide_generate(d, c); }
  outcome operator()(const cmd::record_postmortem& c) const { return decide_record(d, c); }
  outcome operator()(const cmd::publish_postmortem& c) const { return decide_publish(d, c); }
};

struct asking {
  using answer = std::optional<agent>;
  answer operator()(const cmd::read_incident&) const { return std::nullopt; }
  answer operator()(const cmd::ingest_signal&) const { return agent::manager; }
  answer operator()(const cmd::change_incident&) const { return agent::manager; }
  answer operator()(const cmd::evaluate_escalation&) const { return agent::escalation; }
  answer operator()(const cmd::evaluation_due&) const { return agent::escalation; }
  answer operator()(const cmd::request_approval&) const { return agent::approver; }
  answer operator()(const cmd::cast_vote&) const { return agent::approver; }
  answer operator()(const cmd::cancel_approval&) const { return agent::approver; }
  answer operator()(const cmd::escalate_approval&) const { return agent::approver; }
  answer operator()(const cmd::approval_due&) const { return agent::approver; }
  answer operator()(const cmd::evaluate_approval&) const { return agent::approver; }
  answer operator()(const cmd::generate_postmortem&) const { return agent::postmortem; }
  answer operator()(const cmd::record_postmortem&) const { return agent::postmortem; }
  answer operator()(const cmd::publish_postmortem&) const { return agent::postmortem; }
};

}  // namespace

std::string agent_id(agent who, const decider& here) {
  return std::string{to_string(who)} + ':' + here.version + ':' + here.instance;
}

std::optional<agent> asked_by(const any_command& body) { return std::visit(asking{}, body); }

uuid execution_of(const call_context& call) {
  return call.execution_ref.is_nil() ? derive_event_id("execution:" + call.request).value() : call.execution_ref;
}

decision_event drafting::make(agent who, agent_classification classification, decision_type type,
                              object_text outputs) const {
  decision_event event;
  // The first event of a request has the id that the request gives; those it entails are told apart by position.
  const auto position = result.events.size();
  event.id = derive_event_id(position == 0 ? cmd.context.request
                                           : "entailed:" + std::to_string(position) + ':' + cmd.context.request);
  event.agent_version = ctx.who.version;
  event.agent_id = agent_id(who, ctx.who);
  event.agent_classification = classification;
  event.decision_type = type;
  event.inputs_hash = cmd.context.inputs_hash;
  event.outputs = std::move(outputs);
  event.confidence = 1;
  event.execution_ref = position == 0 ? execution_of(cmd.context) : result.events.front().execution_ref;
  event.timestamp = ctx.now;
  event.environment = ctx.who.environment;
  event.incident_id = cmd.incident_id;
  if (position == 0) event.request_ids = {cmd.context.request};
  if (names_policies(who)) event.audit_metadata = audit_of(ctx.policies);
  return event;
}

decision_event& drafting::add(agent who, agent_classification classification, decision_type type, object_text outputs,
                              any_fact fact) {
  constexpr std::size_t as_a_rule = 2;  // an event is large to move
  if (result.events.empty()) result.events.reserve(as_a_rule);
  auto& event = result.events.emplace_back(make(who, classification, type, std::move(outputs)));
  event.fact.value = std::move(fact);
  event.sequence = state.head() + 1;
  apply(state, event);
  return event;
}

void drafting::answer_only(agent who, agent_classification classification, decision_type type, object_text outputs,
                           double confidence) {
  result.unrecorded = make(who, classification, type, std::move(outputs));
  result.unrecorded->confidence = confidence;
  result.unrecorded->sequence = state.head();
}

std::unexpected<error> unknown_incident(const incident_id& id) {
  return fail(errc::not_found, "there is no incident " + id.str());
}

sla_state sla_for(const sla_policy& policy, severity s, time_point from) {
  sla_state sla;
  if (const auto& within = policy.acknowledge_s.at(s)) sla.acknowledgment_deadline = later(from, *within);
  if (const auto& within = policy.resolve_s.at(s)) sla.resolution_deadline = later(from, *within);
  return sla;
}

request_id gate_request_id(const approval_id& gate) { return "approval:" + gate.str(); }

sla_state tightened_sla(const incident_state& state, const sla_policy& policy, severity to, time_point now) {
  const auto fresh = sla_for(policy, to, now);
  const auto earlier = [](const std::optional<time_point>& a, const std::optional<time_point>& b) {
    return a && b ? std::min(a, b) : a ? a : b;
  };
  auto sla = state.record.sla;
  if (!more_severe(to, state.record.severity)) return sla;
  if (!state.record.acknowledged_at)
    sla.acknowledgment_deadline = earlier(sla.acknowledgment_deadline, fresh.acknowledgment_deadline);
  sla.resolution_deadline = earlier(sla.resolution_deadline, fresh.resolution_deadline);
  return sla;
}

bool leaves_no_trace(const command& command) {
  const auto* evaluate = std::get_if<cmd::evaluate_escalation>(&command.body);
  return evaluate && evaluate->full && command.context.dry_run;
}

result<decision> decide(incident_state& state, const command& command, const decision_context& context) {
  drafting d{state, command, context};
  if (auto decided = std::visit(dispatcher{d}, command.body); !decided)
    return std::unexpected{std::move(decided.error())};
  return std::move(d.result);
}

}  // namespace im::logic
