#pragma once
/// What a store keeps beside the log, as functions of the fold. Shared by all stores: SQL stands elsewhere.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "messages/decision_event.hpp"
#include "messages/fold.hpp"
#include "persistence/ruvector/store.hpp"

namespace im::ruvector {

/// What lists, filters, deadlines and law 2 look at.
struct incident_row {
  im::incident_id id;
  std::uint64_t sequence = 0;
  std::optional<bool> open;  ///< nothing: the log opened no incident
  text_key fingerprint;
  incident_status status = incident_status::fresh;
  im::severity severity = severity::p4;
  incident_category category = incident_category::other;
  bool escalated = false;  ///< belongs into the list of escalations
  std::string source;
  time_point created_at;
  std::optional<deadline_kind> due_kind;
  std::optional<time_point> due_at;

  bool operator==(const incident_row&) const = default;
};

/// `fingerprint`, if given, is the key of the incident's: spares a hash.
[[nodiscard]] incident_row row_of(const incident_state& state, std::optional<text_key> fingerprint = {});

struct postmortem_change {
  postmortem_status status = postmortem_status::draft;
  std::optional<std::int64_t> event_row;  ///< absent: only published now
  time_point written_at;

  bool operator==(const postmortem_change&) const = default;
};

struct gate_change {
  approval_status status = approval_status::pending;
  approval_action action_type = approval_action::remediation;
  time_point requested_at;
  std::string item;  ///< as lists show it: a gate_state with its incident_id

  bool operator==(const gate_change&) const = default;
};

/// What an incident is found by, as one text of words. SQLite's index has to be given what stands in it to take it out.
struct words_change {
  std::string before;  ///< empty: it was not to be found
  std::string now;
  std::optional<std::int64_t> first_row;  ///< of its log, where that is among the events folded

  bool operator==(const words_change&) const = default;
};

/// What events did to an incident's approvals, its post-mortems and the words that it is found by.
struct side_changes {
  std::map<approval_id, gate_change> gates;
  std::map<postmortem_id, postmortem_change> postmortems;
  std::optional<words_change> words;
};

/// Folds one event, which stands in row `event_row` of the log.
void fold(incident_state& state, const decision_event& event, std::int64_t event_row, side_changes& changes);

/// What covering a request by this event means; as the fold has it.
[[nodiscard]] disposition disposition_of(const decision_event& event);

// ---- Records, as JSON

[[nodiscard]] std::string incident_json(const incident_state& state);
[[nodiscard]] std::string incident_state_json(const incident_state& state);
[[nodiscard]] std::string escalation_json(const incident_state& state);
/// The document that `event` wrote, with the status it has now. Nothing if it wrote none.
[[nodiscard]] std::optional<std::string> postmortem_json(const decision_event& event, postmortem_status status);
/// The same of a stored document; throws damage if it cannot be read or wrote none.
[[nodiscard]] std::string stored_postmortem_json(std::string_view document, postmortem_status status);
/// Appends the orchestrator actions of an event's document that come after the first `skip`, at most `limit`, each with its
/// cursor. Whether the event's last action is among them.
bool append_actions(std::vector<std::string>& to, std::string_view document, std::int64_t row, std::uint32_t skip,
                    std::size_t limit);

}  // namespace im::ruvector
