#pragma once
/// Where the rooms meet: `http/api` calls these ports, `actors` and `persistence` stand behind them.
/// Completions are called exactly once, from any thread, and must not block.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "messages/admission.hpp"
#include "messages/commands.hpp"
#include "messages/error.hpp"

namespace im {

using reply_handler = std::move_only_function<void(result<reply>)>;
using check_handler = std::move_only_function<void(result<void>)>;

/// Commands on their road to the incident.
class incident_service {
public:
  virtual ~incident_service() = default;

  /// Room for so many commands under way at once, or the refusal. Whoever has it keeps it until the last of them is answered.
  [[nodiscard]] virtual result<admission::ticket> admit(std::size_t commands) = 0;

  /// Routes by `incident_id`, or by fingerprint for a signal. The reply comes after what it tells is durable. Takes room for
  /// itself.
  virtual void submit(command command, reply_handler done) = 0;

  /// Many at once, in order; one hand-over for all. The caller has room for them.
  virtual void submit_all(std::vector<std::pair<command, reply_handler>> commands) = 0;

  /// Answers as soon as the gate's verdict has fallen, or with its pending state after `wait`.
  virtual void await_verdict(incident_id incident, approval_id request, milliseconds wait, reply_handler done) = 0;

  /// Whether anything can be decided: without the policies of today nothing is. What it says may be told to anybody.
  virtual void check_policies(check_handler done) = 0;
};

/// What the store can list; each a projection of the log.
enum class view : std::uint8_t { incidents, approvals, postmortems, escalations };

using text_handler = std::move_only_function<void(result<std::string>)>;

/// Reads that go to the store: the JSON it answers is what the API answers.
class store_queries {
public:
  virtual ~store_queries() = default;

  /// A page `{"items":[…],"next_cursor"?}` under the filters that the view knows.
  virtual void list(view which, const string_map& filters, text_handler done) = 0;
  /// One approval (a gate_state with its incident_id) or post-mortem by id; `not_found` otherwise.
  virtual void get(view which, const uuid& id, text_handler done) = 0;
  /// `{"events":[…]}` in sequence order, after `after`.
  virtual void incident_log(incident_id id, std::uint64_t after, std::size_t limit, text_handler done) = 0;
  /// Orchestrator actions in commit order after a cursor; waits up to `wait` for the first.
  virtual void orchestrator_actions(std::string after, seconds wait, text_handler done) = 0;
};

/// What a store that serves reports of itself.
struct store_condition {
  std::vector<std::string>
      warnings;  ///< what an operator has to see to, a sentence each, `limits::store_warnings` at most
};

/// Whether the store answers; for `/health` and `/health/ready`. What it says, errors included, may be told to anybody.
class store_health {
public:
  using handler = std::move_only_function<void(result<store_condition>)>;

  virtual ~store_health() = default;
  virtual void check(handler done) = 0;
};

}  // namespace im
