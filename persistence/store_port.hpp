#pragma once
/// What the persistence actor asks of a store. `ruvector_client` stands behind it; tests put a fake there.

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "messages/error.hpp"
#include "messages/protocol/types.hpp"

namespace im::persistence {

/// DecisionEvents of one incident in sequence order, all of which are stored or none. Each has its text and its hash.
struct incident_write {
  im::incident_id incident_id;
  std::vector<event_ptr> events;
};

/// Shares the events, and gives a text to those that have none; `bytes` grows by what it takes on the wire.
[[nodiscard]] incident_write encode(const event_batch& batch, std::size_t& bytes);

/// Writes of different incidents, shared with the attempts that are under way.
using store_write = std::shared_ptr<const std::vector<incident_write>>;

/// Why a call did not come to an answer.
struct store_failure {
  enum class fault : std::uint8_t {
    away,     ///< not reached, no answer, half an answer, 5xx or 429: the same call may succeed later
    busy,     ///< our own queue to the store is full; says nothing about the store
    refused,  ///< the store answered and will answer the same again: a 4xx, so our bug or a bad setting
  };

  error why;
  fault kind = fault::away;
  bool maybe_applied = false;  ///< the store may have acted on it
  bool overloaded = false;     ///< the store answered that it has too much to do
  bool timed_out = false;      ///< our deadline passed first; the store may still be at it
};

template <class T>
using store_result = std::expected<T, store_failure>;
template <class T>
using store_handler = std::move_only_function<void(store_result<T>)>;

/// One outcome an incident, in the order asked. An incident's own error means that the store did not take its events.
using write_results = std::vector<result<write_outcome>>;

/// Completions are called exactly once, from any thread, also before the call returned; they must not block.
/// Every call ends by itself within the store's timeout.
class store_port {
public:
  virtual ~store_port() = default;

  virtual void write(store_write what, store_handler<write_results> done) = 0;
  virtual void read_log(incident_id id, std::uint64_t after, store_handler<log_page> done) = 0;
  /// Those of the incidents that have a log.
  virtual void find_logs(incident_list among, store_handler<incident_list> done) = 0;
  virtual void read_event(event_id id, store_handler<event_ptr> done) = 0;
  virtual void find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done) = 0;
  virtual void read_policy(policy_query query, store_handler<policy_answer> done) = 0;
  virtual void read_due(time_point before, std::string cursor, store_handler<due_page> done) = 0;
};

}  // namespace im::persistence
