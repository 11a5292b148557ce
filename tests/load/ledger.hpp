#pragma once
/// What the service acknowledged, and whether it is there: four bytes an operation, so that a run of hours can be checked.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <span>
#include <unordered_set>
#include <vector>

#include "messages/ids.hpp"

namespace im::load {

/// What comparing the acknowledgements with the logs brought.
struct reconciliation {
  std::uint64_t acknowledged = 0;
  std::uint64_t missing = 0;    ///< acknowledged, and in no log
  std::uint64_t doubled = 0;    ///< in the logs more than once
  std::uint64_t misplaced = 0;  ///< in the log of another incident than was told
  std::uint64_t extra = 0;      ///< in a log though no acknowledgement arrived: allowed, the answer may have been lost
  std::uint64_t incidents = 0;  ///< whose logs were asked for
  std::uint64_t unread = 0;     ///< logs that could not be read: what they may hold counts as missing

  [[nodiscard]] bool holds() const { return missing == 0 && doubled == 0 && misplaced == 0; }
};

/// Of one thread. Operations are numbers from 0 on, without great gaps.
class ledger {
public:
  void acknowledge(std::uint64_t operation, const incident_id& to);
  /// Takes over what another thread noted; the operations differ.
  void merge(const ledger& other);

  /// The incidents that anything was acknowledged for.
  [[nodiscard]] std::span<const incident_id> incidents() const { return incidents_; }
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  /// Where an operation went; null when it was not acknowledged.
  [[nodiscard]] const incident_id* told(std::uint64_t operation) const;
  /// One past the greatest operation that was acknowledged.
  [[nodiscard]] std::uint64_t end() const { return told_.size(); }

private:
  std::uint32_t number_of(const incident_id& id);

  std::vector<std::uint32_t> told_;  ///< by operation: 1 + the incident's number; 0: not acknowledged
  std::vector<incident_id> incidents_;
  boost::unordered_flat_map<incident_id, std::uint32_t, std::hash<incident_id>> numbers_;
  std::uint64_t acknowledged_ = 0;
};

/// Compares a ledger with what logs say.
class reconciler {
public:
  explicit reconciler(const ledger& noted) : noted_{noted}, seen_(noted.end()) {}

  /// An operation stands in this incident's log.
  void found(std::uint64_t operation, const incident_id& in);
  [[nodiscard]] reconciliation finish() const;

private:
  const ledger& noted_;
  std::vector<bool> seen_;
  reconciliation sum_;
  std::unordered_set<std::uint64_t> extra_;
};

}  // namespace im::load
