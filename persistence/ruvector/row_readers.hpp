#pragma once
/// Rows of any database as what they stand for, and the other way round.

#include <optional>

#include "persistence/ruvector/projection.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// Enums are kept as their numbers.
template <wire_enum E>
int number(E value) {
  return static_cast<int>(value);
}

template <wire_enum E>
std::optional<int> number(std::optional<E> value) {
  return value ? std::optional{static_cast<int>(*value)} : std::nullopt;
}

/// incident_id, id, sequence, disposition; the request id is the caller's to fill in.
template <class Row>
covered_by read_cover(const Row& r) {
  return {{},
          incident_id{r.id(0)},
          event_id{r.id(1)},
          static_cast<std::uint64_t>(r.integer(2)),
          static_cast<disposition>(r.integer(3))};
}

/// All columns of `incidents`, in the order of the schema.
template <class Row>
incident_row read_incident_row(const Row& r) {
  incident_row out;
  out.id = incident_id{r.id(0)};
  out.sequence = static_cast<std::uint64_t>(r.integer(1));
  if (!r.is_null(2)) out.open = r.integer(2) != 0;
  out.fingerprint = r.id(3);
  out.status = static_cast<incident_status>(r.integer(4));
  out.severity = static_cast<severity>(r.integer(5));
  out.category = static_cast<incident_category>(r.integer(6));
  out.escalation_level = static_cast<int>(r.integer(7));
  out.escalated = r.integer(8) != 0;
  out.source = r.text(9);
  out.title = r.text(10);
  out.created_at = r.time(11);
  out.updated_at = r.time(12);
  if (!r.is_null(13)) out.due_kind = static_cast<deadline_kind>(r.integer(13));
  if (!r.is_null(14)) out.due_at = r.time(14);
  return out;
}

}  // namespace im::ruvector
