#pragma once
/// The chain through every log: each entry names the SHA-256 of the text before it, so that nobody can change, drop or slip in
/// a decision without a link that no longer fits. Knows no database: a store hands it its entries one by one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "messages/hash.hpp"
#include "messages/ids.hpp"

namespace im::ruvector {

/// One entry of a log as it is stored; the text lives as long as the visit.
struct stored_entry {
  im::incident_id incident_id;
  std::uint64_t sequence = 0;
  event_id id;
  std::string_view document;
  std::string_view unreadable;  ///< why there is no document; empty where there is one
};

/// Where a log is not what was written.
struct broken_link {
  im::incident_id incident_id;
  std::uint64_t sequence = 0;
  event_id id;
  std::string expected;
  std::string found;

  bool operator==(const broken_link&) const = default;
  [[nodiscard]] std::string str() const;
};

struct verify_report {
  std::uint64_t events = 0;
  std::uint64_t incidents = 0;
  /// Over every incident's id and the hash of its newest entry: d = sha256(d + id + hash), from the empty text on. Kept elsewhere
  /// it shows what the chain cannot, a log that was cut short.
  std::string digest;
  std::optional<broken_link> broken;  ///< the first; nothing after it was looked at
};

/// Takes the entries of all logs by (incident, sequence). The order of incidents is that of their ids' bytes.
class log_verifier {
public:
  /// False: the chain is broken here, and further entries mean nothing.
  bool take(const stored_entry& entry);
  [[nodiscard]] verify_report finish();

private:
  void end_incident();

  verify_report report_;
  im::incident_id incident_;
  std::uint64_t sequence_ = 0;  // of the newest entry; 0: no log has begun
  std::string hash_;            // of its text
  std::string heads_;           // digest so far: a chain over the heads, so that no memory grows with the log
};

}  // namespace im::ruvector
