#pragma once
/// Every event that the log knows. An alert or a runbook searches for these words, so they change with care.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace im::log {

/// `X(name, what it tells)`; the enumerator and the word in the log are the same.
#define IM_LOG_EVENTS(X)                                                                 \
  /* the service */                                                                      \
  X(service_started, "the service listens; its addresses are in the fields")             \
  X(service_stopped, "everything is drained; the process ends")                          \
  X(service_failed, "the service cannot start or go on")                                 \
  X(assertion_failed, "what must always hold did not: a bug of ours; the process ends")  \
  X(settings_notice, "a setting was accepted but has no effect, or has an unusual one")  \
  X(drain_started, "a signal came; no new work is taken")                                \
  X(drain_cut_short, "the time to drain was over before the work was")                   \
  /* HTTP */                                                                             \
  X(request_done, "a request was answered")                                              \
  X(request_failed, "a request was answered 5xx")                                        \
  X(handler_failed, "a handler threw; the client got a 500")                             \
  X(signature_refused, "an event's signature is missing or wrong")                       \
  /* incidents */                                                                        \
  X(incident_opened, "an event became a new incident")                                   \
  X(incident_attached, "an event was attached to an open incident")                      \
  X(incident_changed, "an incident's status, severity or assignment changed")            \
  X(incident_escalated, "an incident is more severe now")                                \
  X(incident_deescalated, "an incident is less severe now")                              \
  X(incident_resolved, "an incident is resolved")                                        \
  X(incident_closed, "an incident is closed")                                            \
  X(incident_reopened, "a resolved incident is open again")                              \
  X(incident_passivated, "an idle incident left memory")                                 \
  X(incident_load_failed, "an incident's log could not be read or folded")               \
  X(log_damaged, "an incident's log was changed after it was written")                   \
  X(decision_taken, "an agent decided; the DecisionEvent is stored")                     \
  X(decision_retried, "another instance was first; the decision is taken anew")          \
  X(decision_abandoned, "too many lost races; the caller was told 503")                  \
  X(sla_breached, "an SLA deadline passed")                                              \
  /* gates */                                                                            \
  X(gate_opened, "a workflow is suspended on an approval gate")                          \
  X(gate_escalated, "an approval request went to a higher role")                         \
  X(gate_decided, "the one verdict of a gate fell; its workflow resumes")                \
  X(gate_held, "a gate could not be restored; it holds and needs an operator")           \
  X(vote_recorded, "a vote was counted")                                                 \
  X(vote_kept, "a vote came before its gate and is kept for it")                         \
  X(vote_refused, "a vote's role or id is not one that the request lists")               \
  /* post-mortems */                                                                     \
  X(postmortem_generated, "a post-mortem was written")                                   \
  X(postmortem_published, "a post-mortem is published and immutable")                    \
  /* actors and time */                                                                  \
  X(child_restarted, "a supervised actor died and was restarted from the folded state")  \
  X(child_abandoned, "a supervised actor died too often; it fails safe")                 \
  X(actor_failed, "an actor ended with an error that nobody expected")                   \
  X(clock_jumped, "the system's clock jumped; it is not believed until it stays there")  \
  X(clock_returned, "the system's clock is back where it should be")                     \
  X(clock_adopted, "the system's clock stayed where it jumped to and is believed")       \
  /* policies */                                                                         \
  X(policy_loaded, "a policy was fetched, in the version of the fields")                 \
  X(policy_unavailable, "a policy is missing or malformed; decisions wait for it")       \
  /* the store */                                                                        \
  X(store_opened, "a store is open")                                                     \
  X(store_unavailable, "calls of the store fail; callers are told 503")                  \
  X(store_degraded, "the store serves, but its log or its database needs an operator")   \
  X(store_write_retried, "a write failed and is tried again")                            \
  X(store_write_failed, "a write failed for good")                                       \
  X(store_refused, "the store does not accept our credentials or our request")           \
  X(breaker_opened, "the store failed too often in a row; it is left alone for a while") \
  X(breaker_closed, "the probe succeeded; writes go on")                                 \
  /* LLM-Observatory */                                                                  \
  X(observatory_away, "LLM-Observatory does not take our telemetry; decisions go on")    \
  X(observatory_returned, "LLM-Observatory takes our telemetry again")                   \
  X(observations_refused, "LLM-Observatory cannot read some of our telemetry")           \
  X(observations_lost, "the service ended before LLM-Observatory was told all")

/// What a log line is about.
enum class event : std::uint8_t {
#define IM_LOG_EVENT(name, meaning) name,
  IM_LOG_EVENTS(IM_LOG_EVENT)
#undef IM_LOG_EVENT
};

namespace detail {
inline constexpr auto event_names = std::to_array<std::string_view>({
#define IM_LOG_EVENT(name, meaning) #name,
    IM_LOG_EVENTS(IM_LOG_EVENT)
#undef IM_LOG_EVENT
});
inline constexpr auto event_meanings = std::to_array<std::string_view>({
#define IM_LOG_EVENT(name, meaning) meaning,
    IM_LOG_EVENTS(IM_LOG_EVENT)
#undef IM_LOG_EVENT
});
}  // namespace detail

inline constexpr std::size_t event_count = detail::event_names.size();

/// The word that stands under `event` in the log.
[[nodiscard]] constexpr std::string_view to_string(event e) { return detail::event_names[static_cast<std::size_t>(e)]; }

/// One sentence for whoever reads the log.
[[nodiscard]] constexpr std::string_view meaning_of(event e) {
  return detail::event_meanings[static_cast<std::size_t>(e)];
}

}  // namespace im::log
