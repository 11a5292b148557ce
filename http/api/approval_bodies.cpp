#include "http/api/approval_bodies.hpp"

namespace im::api {

namespace {

std::string at(std::string_view list, std::size_t index, std::string_view member) {
  return std::string{list}.append("[").append(std::to_string(index)).append("].").append(member);
}

}  // namespace

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, approver_body& to) {
  if (from.is(json::kind::string))
    json::read(state, from, where, to.value.approver_type);
  else
    json::read(state, from, where, to.value);
}

void check_requirements(form& body, const std::vector<approver_body>& given, bool needed) {
  constexpr std::string_view field = "required_approvers";
  if (needed && given.empty()) body.reject(field_error::kind::invalid_value, field, "must not be empty");
  if (given.size() > limits::required_approvers)
    body.reject(field_error::kind::invalid_value, field,
                "has more than " + std::to_string(limits::required_approvers) + " entries");
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto& wanted = given[i].value;
    if (wanted.approver_type == approver_type::specific_user && wanted.approver_id.value_or("").empty())
      body.require(false, at(field, i, "approver_id"));
  }
}

void check_votes(form& body, std::string_view field, const std::vector<vote_body>& given, vote_decision wanted) {
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i].decision.value_or(wanted) != wanted)
      body.reject(field_error::kind::invalid_value, at(field, i, "decision"),
                  std::string{"must be "}.append(to_string(wanted)));
}

std::vector<approver_requirement> requirements_of(std::vector<approver_body> given) {
  std::vector<approver_requirement> wanted;
  wanted.reserve(given.size());
  for (auto& one : given) wanted.push_back(std::move(one.value));
  return wanted;
}

action_parameters parameters_of(parameters_body given) {
  return {std::move(given.target.value),    given.target_type,
          std::move(given.parameters),      given.reversible.value_or(false),
          given.estimated_duration_seconds, std::move(given.affected_resources)};
}

approval_record record_of(vote_body given, vote_decision otherwise) {
  approval_record vote;
  vote.approver_id = std::move(given.approver_id.value);
  vote.approver_name = plain(std::move(given.approver_name)).value_or(vote.approver_id);
  vote.approver_type = given.approver_type;
  vote.decision = given.decision.value_or(otherwise);
  vote.rationale = std::move(given.rationale);
  vote.conditions = std::move(given.conditions);
  vote.decision_timestamp = given.decision_timestamp;
  vote.signature = std::move(given.signature);
  return vote;
}

}  // namespace im::api
