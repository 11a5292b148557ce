#include "actors/logic/lifecycle.hpp"

namespace im::logic {

std::optional<incident_status> next_status(change_kind change, incident_status now) {
  using enum incident_status;
  const auto when = [](bool allowed, incident_status next) { return allowed ? std::optional{next} : std::nullopt; };
  switch (change) {
    case change_kind::acknowledge: return when(now == fresh || now == escalated, acknowledged);
    case change_kind::start: return when(now == fresh || now == acknowledged || now == escalated, in_progress);
    case change_kind::escalate: return when(is_open(now), escalated);
    case change_kind::resolve: return when(is_open(now), resolved);
    case change_kind::close: return when(now == resolved, closed);
    case change_kind::reopen: return when(now == resolved, in_progress);
    case change_kind::assign:
    case change_kind::update: return when(now != closed, now);
    case change_kind::comment: return now;
  }
  return std::nullopt;
}

}  // namespace im::logic
