#pragma once
/// A second fold of an incident's log, written apart from the first (`messages/fold`), over JSON as it is stored: as much of
/// an incident as the judge has to know.

#include <boost/json.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace im::chaos {

namespace js = boost::json;

/// A member's text, or empty.
[[nodiscard]] std::string_view text_of(const js::value& object, std::string_view member);
[[nodiscard]] bool flag_of(const js::value& object, std::string_view member);
/// A member that is an array, or an empty one.
[[nodiscard]] const js::array& list_of(const js::value& object, std::string_view member);

struct vote {
  std::string who;
  std::string role;
  bool approves = false;
};

struct gate_model {
  std::string action;
  std::string purpose;
  std::string severity;
  std::string status;
  std::string deadline;
  js::array required;
  std::int64_t minimum = 1;
  std::vector<vote> votes;
  int resumed = 0;

  [[nodiscard]] bool is_decided() const;
  /// Whether the request asks this person in this role.
  [[nodiscard]] bool lists(const vote& cast) const;
  /// Whether this person has spoken already, other than by an approval that this vote withdraws.
  [[nodiscard]] bool has_vote_against(const vote& cast) const;
  [[nodiscard]] bool is_rejected() const;
  /// Whether enough distinct listed people approve, everyone who is required among them.
  [[nodiscard]] bool has_quorum() const;
};

struct incident_model {
  std::string fingerprint;
  std::string status;
  std::string severity;
  std::string worst_severity;
  std::string acknowledged_at;  ///< the first time
  std::string resolved_at;
  std::string acknowledge_by;
  std::string resolve_by;
  std::string evaluate_at;
  bool acknowledgment_breached = false;
  bool resolution_breached = false;
  std::map<std::string, gate_model, std::less<>> gates;

  /// `event` is a whole DecisionEvent.
  void apply(const js::value& event);

  [[nodiscard]] bool is_open() const { return !status.empty() && status != "RESOLVED" && status != "CLOSED"; }
  /// Whether the deadlines of the SLA were missed, as seen at `moment`: what was done in time is not, whenever one looks.
  [[nodiscard]] bool is_acknowledged_late(std::string_view moment) const;
  [[nodiscard]] bool is_resolved_late(std::string_view moment) const;
  /// The deadlines of the incident itself that have passed at `moment`.
  [[nodiscard]] std::vector<std::string> due_at(std::string_view moment) const;
  /// The gates whose deadline has passed at `moment`, undecided.
  [[nodiscard]] std::vector<std::string> gates_due_at(std::string_view moment) const;

private:
  void enter(std::string_view next, std::string_view at);
  void set_severity(std::string_view next);
  void set_sla(const js::value& fact);
  void open_gate(const js::value& gate);
  void change_gate(const js::value& fact);
  void evaluate(const js::value& fact, std::string_view at);
  void change(const js::value& fact, std::string_view at);
};

[[nodiscard]] vote vote_of(const js::value& record);

}  // namespace im::chaos
