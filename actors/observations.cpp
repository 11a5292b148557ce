#include "actors/observations.hpp"

#include <exception>
#include <string>

#include "messages/json/codec.hpp"
#include "telemetry/trace.hpp"

namespace im {

namespace {

using telemetry::observation;
using telemetry::observation_type;

/// A stored decision by its names and figures; its text is the store's.
struct decision_payload {
  const decision_event& event;
};

template <class V>
void describe(V& v, like<decision_payload> auto& x) {
  v.required("decision_event_id", x.event.id);
  v.required("incident_id", x.event.incident_id);
  v.required("sequence", x.event.sequence);
  v.required("decision_type", x.event.decision_type);
  v.required("agent_classification", x.event.agent_classification);
  v.required("inputs_hash", x.event.inputs_hash);
  v.required("requires_review", x.event.requires_review);
}

/// Whose call it was, and what came of it. The caller's trace is here and nowhere that lasts.
struct call_payload {
  std::optional<im::incident_id> incident_id;
  std::string correlation_id;
  std::optional<std::string> trace_id;
  std::optional<std::string> parent_span_id;
  bool dry_run = false;
  // Of an answer:
  std::optional<event_id> decision_event_id;
  std::optional<bool> persisted;
  std::optional<bool> replayed;
  // Of a refusal:
  std::optional<errc> code;  ///< not its sentence, which may name people
};

template <class V>
void describe(V& v, like<call_payload> auto& x) {
  v.optional("incident_id", x.incident_id);
  v.optional("correlation_id", x.correlation_id);
  v.optional("trace_id", x.trace_id);
  v.optional("parent_span_id", x.parent_span_id);
  v.required("dry_run", x.dry_run);
  v.optional("decision_event_id", x.decision_event_id);
  v.optional("persisted", x.persisted);
  v.optional("replayed", x.replayed);
  v.optional("code", x.code);
}

call_payload payload_of(const call_context& call, const incident_id& incident) {
  call_payload payload;
  payload.correlation_id = call.correlation_id;
  payload.dry_run = call.dry_run;
  if (!incident.is_nil()) payload.incident_id = incident;
  if (const auto caller = trace::parse_traceparent(call.traceparent)) {
    payload.trace_id = trace::to_string(caller->trace);
    payload.parent_span_id = trace::to_string(caller->span);
  }
  return payload;
}

}  // namespace

observation observed(const decision_event& stored) {
  return {observation_type::decision_made,
          stored.agent_id,
          stored.execution_ref,
          stored.timestamp,
          {json::encode(decision_payload{stored})},
          {{"confidence", stored.confidence}},
          {{"agent", stored.agent_id.substr(0, stored.agent_id.find(':'))},
           {"decision_type", std::string{to_string(stored.decision_type)}}}};
}

std::optional<observation> observed(const command& asked, const result<reply>& answer, const logic::decider& here,
                                    time_point now) {
  const auto who = logic::asked_by(asked.body);
  if (!who) return std::nullopt;
  // A repetition may be answered by another incident than the one it came to.
  auto payload = payload_of(asked.context, answer && answer->state ? answer->state->record.id : asked.incident_id);
  if (answer) {
    if (answer->event) payload.decision_event_id = answer->event->id;
    payload.persisted = answer->persisted;
    payload.replayed = answer->replayed;
  } else {
    payload.code = answer.error().code;
  }
  return observation{answer ? observation_type::agent_invocation : observation_type::error,
                     logic::agent_id(*who, here),
                     logic::execution_of(asked.context),
                     now,
                     {json::encode(payload)},
                     {},
                     {{"agent", std::string{to_string(*who)}}}};
}

void observe(actor_environment& env, telemetry::observer& observer) {
  env.observer = &observer;
  env.on_answer = [&env](const command& asked, const result<reply>& answer) {
    try {
      if (auto told = observed(asked, answer, env.who, env.clock.now())) env.observer->tell(std::move(*told));
    } catch (const std::exception&) {  // no memory: nobody is told, but the caller still gets its answer
    }
  };
}

}  // namespace im
