#pragma once
/// Reads back what was acknowledged: every log of every incident that a run touched.

#include "tests/load/ledger.hpp"
#include "tests/load/players.hpp"
#include "tests/load/run.hpp"

namespace im::load {

/// Where logs are read.
struct log_source {
  boost::asio::ip::tcp::endpoint at;
  target to;  ///< the manager, or ruvector-service with its key
};

/// Looks for each acknowledged operation in the logs. A log that cannot be read counts as empty, so that its operations are missing.
[[nodiscard]] reconciliation reconcile(const ledger& noted, const run_id& ids, const log_source& from);

/// Notes the operations that a page of a log names; the sequence that the next page starts after, or nothing after the last page
/// or a page that is none.
std::optional<std::uint64_t> read_log_page(std::string_view page, const incident_id& of, const run_id& ids,
                                           reconciler& into);

}  // namespace im::load
