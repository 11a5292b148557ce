#pragma once
/// The client of a ruvector-service that is open in this very process. It calls the service's handlers; the calls of the hot path it
/// makes on the store itself, with values instead of JSON. Laws, bounds, deadlines and failures are those of the service over HTTP.

#include <memory>

#include "persistence/embedded/pending_calls.hpp"
#include "persistence/ruvector/service.hpp"
#include "persistence/ruvector_client.hpp"
#include "persistence/ruvector_failures.hpp"

namespace im::persistence {

class embedded_client final : public ruvector_client {
public:
  /// `service` is open and outlives this. Of `config` only the timeouts and the observers matter here.
  embedded_client(ruvector::service& service, const ruvector_config& config);
  ~embedded_client() override;

  void write(store_write what, store_handler<write_results> done) override;
  void read_log(incident_id id, std::uint64_t after, store_handler<log_page> done) override;
  void find_logs(incident_list among, store_handler<incident_list> done) override;
  void find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done) override;

private:
  embedded_client(ruvector::service& service, const ruvector_config& config, std::shared_ptr<pending_calls> calls);

  template <class T>
  using answer_of = std::move_only_function<void(result<T>)>;
  /// What to call with the store's answer to `call`.
  template <class T>
  [[nodiscard]] answer_of<T> begin(std::string_view call, store_handler<T> done);
  /// Answers with what `read` finds, on a thread that may wait for the disk.
  template <class T, class Read>
  void later(std::string_view call, Read read, store_handler<T> done);

  /// What answers need that may come after this has ended.
  struct shared {
    ruvector_failures failures;
    std::chrono::milliseconds timeout;
    std::function<void(const store_call&)> on_call;
  };

  ruvector::service& service_;
  std::shared_ptr<const shared> shared_;
  std::shared_ptr<pending_calls> calls_;
};

}  // namespace im::persistence
