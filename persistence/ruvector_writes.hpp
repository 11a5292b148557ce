#pragma once
/// Writes to ruvector-service: together where it has the batch route, one by one where it does not. Internal to persistence/.

#include <atomic>
#include <chrono>
#include <memory>

#include "persistence/ruvector_transport.hpp"

namespace im::persistence {

class ruvector_writer : public std::enable_shared_from_this<ruvector_writer> {
public:
  explicit ruvector_writer(std::shared_ptr<ruvector_transport> transport) : transport_{std::move(transport)} {}

  void write(store_write what, store_handler<write_results> done);

private:
  using clock = std::chrono::steady_clock;

  void write_batch(store_write what, store_handler<write_results> done);
  void write_singly(store_write what, store_handler<write_results> done);

  std::shared_ptr<ruvector_transport> transport_;
  std::atomic<clock::rep> batch_absent_until_{0};  // asked for again after that: the service may have been replaced
};

}  // namespace im::persistence
