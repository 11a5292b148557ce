#pragma once
/// An incident's log, from its own route or, on a plain ruvector-service, from the query call. Internal to persistence/.

#include <memory>
#include <string>

#include "persistence/ruvector_transport.hpp"

namespace im::persistence {

/// `{"events":[…],"head"?}` in sequence order after `after`; no events for an incident that is not known.
void fetch_log(const std::shared_ptr<ruvector_transport>& transport, const incident_id& id, std::uint64_t after,
               std::size_t limit, store_handler<std::string> done);

/// The same as events. A page that does not follow `after` without a gap, in the incident's own log, is an unreadable answer: whoever
/// reads page by page would never end.
void fetch_log_page(const std::shared_ptr<ruvector_transport>& transport, const incident_id& id, std::uint64_t after,
                    std::size_t limit, store_handler<log_page> done);

}  // namespace im::persistence
