#pragma once
/// Which incidents have a log, and what is newest of fingerprints: one request for many where ruvector-service has the lookup route,
/// one each where it does not. Internal to persistence/.

#include <atomic>
#include <chrono>
#include <memory>

#include "persistence/ruvector_transport.hpp"

namespace im::persistence {

class ruvector_lookups : public std::enable_shared_from_this<ruvector_lookups> {
public:
  explicit ruvector_lookups(std::shared_ptr<ruvector_transport> transport) : transport_{std::move(transport)} {}

  void find_logs(incident_list among, store_handler<incident_list> done);
  void find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done);

private:
  using clock = std::chrono::steady_clock;

  /// Sends `body` to the lookup route. `parse` reads its 200; `singly` asks one by one, where the route is missing or refuses.
  template <class T, class Parse, class Singly>
  void ask(std::string_view name, std::string body, Parse parse, Singly singly, store_handler<T> done);
  void find_logs_singly(const incident_list& among, store_handler<incident_list> done);
  void find_fingerprints_singly(const fingerprint_list& asked, store_handler<fingerprint_lookups> done);
  [[nodiscard]] bool may_ask_together(std::size_t count) const;

  std::shared_ptr<ruvector_transport> transport_;
  std::atomic<clock::rep> absent_until_{0};  // asked for again after that: the service may have been replaced
};

}  // namespace im::persistence
