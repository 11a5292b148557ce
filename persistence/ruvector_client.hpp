#pragma once
/// ruvector-service over HTTP: the client of the only road to storage. Any thread may use it. (`embedded/` has one for a service in
/// the same process.)
///
/// Where the service has no batch route (a plain ruvector-service), writes fall back to single ones, in order, logs to the
/// query call, and lookups of many to one call each. Lists have connections and a circuit breaker of their own. A plain service cannot enforce the three laws: then only one instance may write.

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "http/auth.hpp"
#include "http/origin.hpp"
#include "messages/limits.hpp"
#include "messages/ports.hpp"
#include "persistence/store_port.hpp"

namespace im::persistence {

/// One finished call.
struct store_call {
  std::string_view name;  ///< of a closed set, e.g. `write_batch`: good for a metric's label
  unsigned status = 0;    ///< 0: no answer
  std::chrono::nanoseconds duration{0};
};

/// Called on the client's thread; must be quick and not throw. All may be empty.
struct ruvector_observers {
  std::function<void(const store_call&)> on_call;
  /// For the log: what the store said that a caller is not told, e.g. the text of a 4xx.
  std::function<void(std::string_view call, std::string_view what)> on_trouble;
};

struct ruvector_config {
  http::origin service;
  http::secret api_key;                                            ///< `RUVECTOR_API_KEY`; empty: none is sent
  std::chrono::milliseconds timeout = limits::store_timeout;       ///< of each call but those below
  std::chrono::milliseconds list_timeout = limits::store_timeout;  ///< of lists, which may search through much
  std::chrono::milliseconds health_timeout{2000};                  ///< a probe's caller does not wait for long
  std::string ca_file;                                             ///< PEM; empty: the system's
  std::size_t connections = limits::client_connections;
  std::size_t queue = limits::client_queue;
  std::size_t list_connections = 4;  ///< of lists, apart from those of the other calls
  std::size_t list_queue = 64;       ///< lists that wait for one of them
  std::size_t polls = 32;            ///< long polls at once, apart from the other calls
  ruvector_observers observers;
};

class ruvector_road;

class ruvector_client : public store_port, public store_queries, public store_health {
public:
  /// Starts its thread. Throws std::runtime_error if `ca_file` cannot be read.
  explicit ruvector_client(ruvector_config config);
  ruvector_client(const ruvector_client&) = delete;
  ruvector_client& operator=(const ruvector_client&) = delete;
  /// Cancels what is under way, whose completions are called, and joins. Not from a completion.
  ~ruvector_client() override;

  void write(store_write what, store_handler<write_results> done) override;
  void read_log(incident_id id, std::uint64_t after, store_handler<log_page> done) override;
  void find_logs(incident_list among, store_handler<incident_list> done) override;
  void read_event(event_id id, store_handler<event_ptr> done) override;
  void find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done) override;
  void read_policy(policy_query query, store_handler<policy_answer> done) override;
  void read_due(time_point before, std::string cursor, store_handler<due_page> done) override;
  /// What a request or event id led to; `not_found` otherwise.
  void find_request(request_id id, store_handler<covered_elsewhere> done);

  void list(view which, const string_map& filters, text_handler done) override;
  void get(view which, const uuid& id, text_handler done) override;
  void incident_log(incident_id id, std::uint64_t after, std::size_t limit, text_handler done) override;
  void orchestrator_actions(std::string after, seconds wait, text_handler done) override;

  /// `store_unavailable` unless the service says that it is healthy or degraded.
  void check(handler done) override;

protected:
  /// By another road than HTTP, which knows itself where the service is.
  ruvector_client(ruvector_config config, std::shared_ptr<ruvector_road> road);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace im::persistence
