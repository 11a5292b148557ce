#pragma once
/// Parts that the bodies of `hitl/…` share. Internal to http/api.

#include <optional>
#include <string>
#include <vector>

#include "http/api/fields.hpp"
#include "http/api/form.hpp"
#include "messages/approval.hpp"

namespace im::api {

/// An approver requirement; its role alone will do, as text.
struct approver_body {
  approver_requirement value;
};
void read_scalar(json::read_state& state, const json::node& from, const json::path& where, approver_body& to);

/// ActionParameters; a missing `reversible` is a warning, not an error.
struct parameters_body {
  name_text target;
  im::target_type target_type = target_type::service;
  object_text parameters;
  std::optional<bool> reversible;
  std::optional<double> estimated_duration_seconds;
  std::vector<std::string> affected_resources;
};

template <class V>
void describe(V& v, like<parameters_body> auto& x) {
  v.required("target", x.target);
  v.required("target_type", x.target_type);
  v.optional("parameters", x.parameters);
  v.optional("reversible", x.reversible);
  v.optional("estimated_duration_seconds", x.estimated_duration_seconds);
  v.optional("affected_resources", x.affected_resources);
}

/// An ApprovalRecord as a caller sends it; its list says what was decided when it does not.
struct vote_body {
  name_text approver_id;
  std::optional<name_text> approver_name;
  im::approver_type approver_type = approver_type::on_call_lead;
  std::optional<vote_decision> decision;
  std::string rationale;
  std::vector<std::string> conditions;
  time_point decision_timestamp;
  std::optional<std::string> signature;
};

template <class V>
void describe(V& v, like<vote_body> auto& x) {
  v.required("approver_id", x.approver_id);
  v.optional("approver_name", x.approver_name);
  v.required("approver_type", x.approver_type);
  v.optional("decision", x.decision);
  v.optional("rationale", x.rationale);
  v.optional("conditions", x.conditions);
  v.required("decision_timestamp", x.decision_timestamp);
  v.optional("signature", x.signature);
}

/// Gathers what is wrong with a list of requirements: none where one is needed, too many, a specific user without an id.
void check_requirements(form& body, const std::vector<approver_body>& given, bool needed);

/// A rejection among the approvals, or the reverse, is an error: no list may turn one into the other.
void check_votes(form& body, std::string_view field, const std::vector<vote_body>& given, vote_decision wanted);

[[nodiscard]] std::vector<approver_requirement> requirements_of(std::vector<approver_body> given);
[[nodiscard]] action_parameters parameters_of(parameters_body given);
[[nodiscard]] approval_record record_of(vote_body given, vote_decision otherwise);

}  // namespace im::api
