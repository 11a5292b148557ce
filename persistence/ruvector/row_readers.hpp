#pragma once
/// Rows of any database as what they stand for, and the other way round.

#include <cstdint>
#include <optional>
#include <string>

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

/// How an operator finds what is damaged.
[[nodiscard]] inline std::string named(event_id id) { return "DecisionEvent " + id.str(); }
[[nodiscard]] inline std::string named(postmortem_id id) { return "post-mortem " + id.str(); }
[[nodiscard]] inline std::string named(incident_id incident, std::uint64_t sequence) {
  return "incident " + incident.str() + ", sequence " + std::to_string(sequence);
}

inline constexpr const char* incident_columns =
    "incident_id, sequence, open, fingerprint_key, status, severity, category, escalated, source, created_ms, "
    "due_kind, due_ms";

/// incident_id, id, sequence, disposition; the request id is the caller's to fill in.
template <class Row>
covered_by read_cover(const Row& r) {
  return {{},
          incident_id{r.id(0)},
          event_id{r.id(1)},
          static_cast<std::uint64_t>(r.integer(2)),
          static_cast<disposition>(r.integer(3))};
}

/// Of `incident_columns`.
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
  out.escalated = r.integer(7) != 0;
  out.source = r.text(8);
  out.created_at = r.time(9);
  if (!r.is_null(10)) out.due_kind = static_cast<deadline_kind>(r.integer(10));
  if (!r.is_null(11)) out.due_at = r.time(11);
  return out;
}

}  // namespace im::ruvector
