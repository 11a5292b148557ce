#pragma once
/// Who may say what to whom. This file reads as the protocol: one comment a message.
/// Fire-and-forget messages answer nothing; every request between actors is answered in finite time: by a timeout, or because who
/// is asked bounds its own work (`until_answered`).

#include <caf/actor_clock.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/is_error_code_enum.hpp>
#include <caf/result.hpp>
#include <caf/timespan.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include "messages/protocol/types.hpp"

namespace im {

struct alarm_call;

}  // namespace im

CAF_BEGIN_TYPE_ID_BLOCK(im, first_custom_type_id)

CAF_ADD_TYPE_ID(im, (im::errc))
CAF_ADD_TYPE_ID(im, (im::submission_batch))
CAF_ADD_TYPE_ID(im, (im::verdict_wait))
CAF_ADD_TYPE_ID(im, (im::event_batch))
CAF_ADD_TYPE_ID(im, (im::write_outcome))
CAF_ADD_TYPE_ID(im, (im::log_page))
CAF_ADD_TYPE_ID(im, (im::incident_list))
CAF_ADD_TYPE_ID(im, (im::fingerprint_list))
CAF_ADD_TYPE_ID(im, (im::fingerprint_lookups))
CAF_ADD_TYPE_ID(im, (im::policy_query))
CAF_ADD_TYPE_ID(im, (im::policy_answer))
CAF_ADD_TYPE_ID(im, (im::due_page))
CAF_ADD_TYPE_ID(im, (im::incident_id))
CAF_ADD_TYPE_ID(im, (im::event_id))
CAF_ADD_TYPE_ID(im, (im::time_point))
CAF_ADD_TYPE_ID(im, (im::deadline))
CAF_ADD_TYPE_ID(im, (im::schedule))
CAF_ADD_TYPE_ID(im, (im::gate_told))
CAF_ADD_TYPE_ID(im, (im::policy_refs))
CAF_ADD_TYPE_ID(im, (im::policy_set_ptr))
CAF_ADD_TYPE_ID(im, (im::policies_check))
CAF_ADD_TYPE_ID(im, (im::event_ptr))
CAF_ADD_TYPE_ID(im, (im::postmortem_job))
CAF_ADD_TYPE_ID(im, (im::written_postmortem))
CAF_ADD_TYPE_ID(im, (im::alarm_call))

CAF_ADD_ATOM(im, im, submit_atom)
CAF_ADD_ATOM(im, im, await_verdict_atom)
CAF_ADD_ATOM(im, im, wake_atom)
CAF_ADD_ATOM(im, im, hand_back_atom)
CAF_ADD_ATOM(im, im, idle_atom)
CAF_ADD_ATOM(im, im, passivate_atom)
CAF_ADD_ATOM(im, im, due_atom)
CAF_ADD_ATOM(im, im, schedule_atom)
CAF_ADD_ATOM(im, im, forget_atom)
CAF_ADD_ATOM(im, im, gate_atom)
CAF_ADD_ATOM(im, im, tick_atom)
CAF_ADD_ATOM(im, im, write_atom)
CAF_ADD_ATOM(im, im, read_log_atom)
CAF_ADD_ATOM(im, im, find_logs_atom)
CAF_ADD_ATOM(im, im, read_event_atom)
CAF_ADD_ATOM(im, im, find_fingerprints_atom)
CAF_ADD_ATOM(im, im, read_policy_atom)
CAF_ADD_ATOM(im, im, read_due_atom)
CAF_ADD_ATOM(im, im, policies_atom)
CAF_ADD_ATOM(im, im, generate_atom)
CAF_ADD_ATOM(im, im, drain_atom)

CAF_END_TYPE_ID_BLOCK(im)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::submission_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::verdict_wait)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::event_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::write_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::log_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::incident_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::fingerprint_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::fingerprint_lookups)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::policy_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::policy_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::due_page)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::incident_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::event_id)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::time_point)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::deadline)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::schedule)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::gate_told)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::policy_refs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::policy_set_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::policies_check)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::event_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::postmortem_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::written_postmortem)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(im::alarm_call)

CAF_ERROR_CODE_ENUM(im::errc)

namespace im {

// What CAF asks of an error code enum.
template <class Inspector>
bool inspect(Inspector& f, errc& code) {
  const auto get = [&code] { return std::string{to_string(code)}; };
  const auto set = [&code](const std::string& word) {
    const auto found = from_string<errc>(word);
    if (found) code = *found;
    return found.has_value();
  };
  return f.apply(get, set);
}

[[nodiscard]] caf::error to_caf(const error& e);
/// Of a timeout or a dead receiver: `timeout`; of anything else that is not ours: `internal`.
[[nodiscard]] error from_caf(const caf::error& e);

/// The timeout of requests to the persistence actor and the policy cache: none. The persistence actor answers each of them, since every
/// attempt ends at the store's timeout, attempts are counted, and an open circuit refuses; an actor that ends breaks its promises. The
/// policy cache waits for nothing else. A timer each was 4 to 16 % of the service's CPU: CAF 0.18 sorts all of them whenever one is
/// added, and keeps each until it is due, long after the answer.
inline constexpr caf::timespan until_answered = caf::infinite;

/// Whoever can be called by the alarm clock: the alarm of that generation has come.
using alarm_receiver = caf::typed_actor<caf::result<void>(tick_atom, std::uint64_t)>;

/// An alarm of one actor; it has one at a time.
struct alarm_call {
  alarm_receiver who;
  caf::actor_clock::time_point at;
  std::uint64_t key = 0;  ///< the actor's id
  std::uint64_t generation = 0;
};

/// The timers of a house.
using alarm_clock_actor = caf::typed_actor<
    // Sets an actor's alarm; replaces the one before.
    caf::result<void>(schedule_atom, alarm_call),
    // The actor with that id needs no alarm.
    caf::result<void>(forget_atom, std::uint64_t),
    // To itself: the earliest alarm may be due.
    caf::result<void>(tick_atom)>;

/// The only road to the store.
using persistence_actor = caf::typed_actor<
    // Stores events in the order given; answers once they are durable or refused.
    caf::result<write_outcome>(write_atom, event_batch),
    // A page of an incident's log after a sequence.
    caf::result<log_page>(read_log_atom, incident_id, std::uint64_t),
    // Those of the incidents that the store has a log of.
    caf::result<incident_list>(find_logs_atom, incident_list),
    // One event, to tell a first answer again.
    caf::result<event_ptr>(read_event_atom, event_id),
    // The newest incident of each fingerprint.
    caf::result<fingerprint_lookups>(find_fingerprints_atom, fingerprint_list),
    // A policy document, or that the asker's is still the newest.
    caf::result<policy_answer>(read_policy_atom, policy_query),
    // Incidents whose next deadline is not after a moment; the text is a cursor.
    caf::result<due_page>(read_due_atom, time_point, std::string),
    // Writes what is pending, takes nothing more, and answers when all is durable or refused.
    caf::result<void>(drain_atom),
    // To itself: the batch is old enough, a retry is due, or the store answered.
    caf::result<void>(tick_atom)>;

/// Policies of an incident: those that its refs name, or today's for a new one.
using policy_cache_actor = caf::typed_actor<caf::result<policy_set_ptr>(policies_atom),
                                            caf::result<policy_set_ptr>(policies_atom, policy_refs),
                                            // Tells a caller who is no actor whether there are today's.
                                            caf::result<void>(policies_atom, policies_check)>;

/// One registry shard: owns fingerprints and the supervisors of the incidents that were opened for them.
using registry_actor = caf::typed_actor<
    // Commands for incidents of this shard, in order.
    caf::result<void>(submit_atom, submission_batch),
    // A caller waits for a gate's verdict.
    caf::result<void>(await_verdict_atom, verdict_wait),
    // A deadline of an incident is due, and perhaps nobody watches it. Answers when the incident has been seen to.
    caf::result<void>(wake_atom, incident_id),
    // From a supervisor: these signals are not mine; the named incident, if any, holds the fingerprint.
    caf::result<void>(hand_back_atom, incident_id, submission_batch),
    // From a supervisor: idle, after having taken so many messages.
    caf::result<void>(idle_atom, incident_id, std::uint64_t),
    // To itself: who has been idle for long?
    caf::result<void>(tick_atom)>;

/// One live incident.
using supervisor_actor = caf::typed_actor<
    // Commands for this incident, in order.
    caf::result<void>(submit_atom, submission_batch),
    // A caller waits for a gate's verdict.
    caf::result<void>(await_verdict_atom, verdict_wait),
    // From a child: this deadline has come.
    caf::result<void>(due_atom, deadline),
    // From the registry: load, and act on what is due. Answers when nothing is due any more.
    caf::result<void>(wake_atom),
    // From the registry: nobody has asked for you for long; say so if you are idle.
    caf::result<void>(idle_atom),
    // From the registry: nothing is on its way to you; end.
    caf::result<void>(passivate_atom),
    // From the alarm clock: reads have waited for the store for long enough, a verdict may have fallen elsewhere, or an attempt
    // that failed is made again.
    caf::result<void>(tick_atom, std::uint64_t)>;

/// Evaluates signals and the clock: holds the moment at which an incident must be looked at again.
using escalation_actor_type = caf::typed_actor<
    // The next moment; replaces the one before.
    caf::result<void>(schedule_atom, schedule),
    // From the alarm clock.
    caf::result<void>(tick_atom, std::uint64_t)>;

/// One approval request that waits for people.
using approval_gate_type = caf::typed_actor<
    // The gate as the log now tells it; a terminal status is its verdict and ends the actor.
    caf::result<void>(gate_atom, gate_told),
    // A caller waits for the verdict.
    caf::result<void>(await_verdict_atom, verdict_wait),
    // From the alarm clock: the deadline's alarm, or a waiter's.
    caf::result<void>(tick_atom, std::uint64_t)>;

/// Writes one document and ends.
using post_mortem_type = caf::typed_actor<caf::result<written_postmortem>(generate_atom, postmortem_job)>;

/// Wakes incidents that no supervisor watches.
using deadline_keeper_type = caf::typed_actor<
    // To itself: look for what is due.
    caf::result<void>(tick_atom)>;

}  // namespace im
