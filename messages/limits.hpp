#pragma once
/// Every bound of the system stands here, with its unit as the last word of its name.
/// A bound that an operator may set has its default here and its setting in `apps/settings`.

#include <chrono>
#include <cstddef>

namespace im::limits {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Documents
inline constexpr std::size_t body_bytes = 1 << 20;        ///< one request body
inline constexpr std::size_t batch_body_bytes = 8 << 20;  ///< a body of many events
inline constexpr std::size_t batch_items = 1000;          ///< events in one body
inline constexpr std::size_t stored_json_depth = 48;      ///< our own documents hold callers' ones some levels down
inline constexpr std::size_t json_depth = 32;             ///< nesting of any JSON document
inline constexpr std::size_t error_value_chars = 64;      ///< how much of a bad value an error repeats
inline constexpr std::size_t field_errors = 50;           ///< bad fields named in one error

// Fields
inline constexpr std::size_t request_id_chars = 256;
inline constexpr std::size_t name_chars = 256;  ///< names, ids given by callers, titles' parts
inline constexpr std::size_t title_chars = 512;
inline constexpr std::size_t text_chars = 16 * 1024;        ///< descriptions, rationales, comments
inline constexpr std::size_t list_items = 256;              ///< entries in any list or map of an input
inline constexpr std::size_t raw_object_bytes = 64 * 1024;  ///< a free-form object (metadata, parameters)

// An incident
inline constexpr std::size_t required_approvers = 16;
inline constexpr std::size_t open_gates_per_incident = 32;
inline constexpr std::size_t ended_gates_per_incident = 8;   ///< whole in the state; the log has all
inline constexpr std::size_t gate_names_per_incident = 256;  ///< of those that ended before
inline constexpr std::size_t refused_votes_per_gate = 32;    ///< recorded; later ones are refused without a record
inline constexpr std::size_t audit_entries_per_gate = 256;   ///< in the state; the log has all
inline constexpr std::size_t vote_text_bytes = 4096;         ///< rationale and conditions of one vote
inline constexpr std::size_t votes_per_gate = 64;
inline constexpr std::size_t kept_votes_per_incident = 32;  ///< votes that came before their gate
inline constexpr seconds kept_vote_ttl{3600};
inline constexpr std::size_t escalation_history = 10;  ///< entries kept in the state; the log has all
inline constexpr std::size_t related_incidents = 16;
inline constexpr std::size_t timeline_text_bytes = 400;  ///< of one entry in a post-mortem; longer ones are cut
inline constexpr int documents_per_incident = 2;       ///< post-mortems being written at once; each reads the whole log
inline constexpr std::size_t timeline_entries = 1000;  ///< of a post-mortem; the log has all
inline constexpr std::size_t recent_requests_per_incident = 64;  ///< answered from memory; the store knows all

// Health
inline constexpr std::size_t store_warnings = 16;  ///< passed on from the store's own health

// Actors
inline constexpr std::size_t registry_shards = 4;
inline constexpr std::size_t supervisor_queue_commands = 4096;  ///< waiting while a write is in flight
inline constexpr std::size_t commands_per_commit = 512;         ///< decided together, written together
inline constexpr std::size_t events_per_commit = 64;            ///< DecisionEvents of one incident in one write
inline constexpr std::size_t commands_in_flight =
    32 * 1024;  ///< taken in and not answered: a second's work or two, 64 senders' batches; then 503 at once
inline constexpr std::size_t live_incidents = 50'000;  ///< `MAX_LIVE_INCIDENTS`: beyond, the longest idle leave
inline constexpr std::size_t live_incidents_grace_percent = 10;  ///< more while they leave; then 503
inline constexpr std::size_t passivations_at_once = 4;           ///< asked to leave when one more comes
inline constexpr std::size_t opening_waiters = 4096;             ///< signals that wait for their incident to open
inline constexpr int redecisions = 8;                            ///< lost races before a command answers 503
inline constexpr std::size_t gate_waiters = 256;                 ///< long polls on one gate
inline constexpr seconds gate_wait_max{60};                      ///< `wait=` on a gate or on the action feed
inline constexpr seconds wait_turn{2};  ///< so long it waits at a time; a service that ends answers then
inline constexpr seconds passivate_after{300};
inline constexpr seconds escalation_ahead{30};  ///< so long before a deadline is somebody there to watch it
inline constexpr int child_restarts = 5;        ///< within `child_restart_window`
inline constexpr seconds child_restart_window{60};
inline constexpr seconds load_timeout{10};  ///< a read that fails after so long is not tried again
inline constexpr seconds write_timeout{20};
inline constexpr std::size_t logs_looked_for = 256;  ///< incidents that the store is asked about at once, for dry runs
inline constexpr std::size_t fingerprints_looked_for = 256;  ///< the same, for signals
inline constexpr milliseconds read_patience{
    1000};  ///< a read waits so long for the store's word, then it is told as stale
inline constexpr milliseconds verdict_poll{500};  ///< how often a waited-for gate is looked at: others may decide it
inline constexpr std::size_t log_page_events = 500;
inline constexpr milliseconds deadline_poll{1000};  ///< how often due deadlines are looked for
inline constexpr std::size_t deadline_page = 500;
inline constexpr std::size_t deadline_wakes = 128;  ///< incidents woken at once for what is due
/// A live incident whose store has failed asks for its log again after this, and after twice as long with each further failure.
/// What is due does not wait for it: the deadline index names it within a second of the store's return.
inline constexpr milliseconds incident_retry_first{1000};
inline constexpr milliseconds incident_retry_max{120'000};  ///< 50,000 incidents then ask some 560 times a second
inline constexpr seconds policy_max_age{30};                ///< a cached policy is revalidated after this
inline constexpr std::size_t policy_versions = 64;          ///< in memory beside today's; the longest unused leaves
inline constexpr std::size_t policy_waiters = 4096;
inline constexpr seconds timer_max{24 * 3600};  ///< longer waits are re-armed

// Time
inline constexpr milliseconds clock_jump{2000};  ///< off by more than this, the system's clock has jumped
inline constexpr seconds clock_settle{30};       ///< a jump is believed when it has stayed for so long
inline constexpr seconds clock_hold{60};         ///< time stands still rather than go back by up to this

// Persistence
inline constexpr std::size_t batch_events = 1000;    ///< of one write, the most that the store takes at once
inline constexpr std::size_t batch_bytes = 4 << 20;  ///< or this size
inline constexpr milliseconds batch_age{0};          ///< or as soon as a connection is free
inline constexpr std::size_t batches_in_flight = 2;
inline constexpr std::size_t pending_events = 16 * 1024;  ///< beyond: refused with 503
inline constexpr int write_attempts = 4;
inline constexpr milliseconds retry_first{50};
inline constexpr milliseconds retry_max{2000};
inline constexpr int breaker_failures = 5;         ///< in a row, then the circuit opens
inline constexpr milliseconds breaker_open{1000};  ///< until one probe is let through
inline constexpr std::size_t client_connections = 8;
inline constexpr std::size_t client_queue = 4096;
inline constexpr std::size_t client_response_bytes = 32 << 20;
inline constexpr milliseconds store_timeout{30'000};  ///< `RUVECTOR_TIMEOUT_MS`
/// One attempt of a call, however long the whole may take: four of them and their waits end before `write_timeout`, so that a
/// store which hangs is told as 503 by who knows it best, and opens the circuit within seconds.
inline constexpr milliseconds store_attempt{3000};

// Lists
inline constexpr std::size_t page_default = 100;
inline constexpr std::size_t page_max = 1000;

// Service
inline constexpr seconds request_timeout{30};       ///< `REQUEST_TIMEOUT_SECS`
inline constexpr std::size_t connections = 10'000;  ///< `MAX_CONNECTIONS`
inline constexpr seconds drain{10};
inline constexpr seconds retry_after{1};  ///< what a 503 tells the caller

}  // namespace im::limits
