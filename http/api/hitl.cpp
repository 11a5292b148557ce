/// The human-in-the-loop agent: evaluating a gate as it is given, asking for approval, and reading.

#include "http/api/approval_bodies.hpp"
#include "http/api/form.hpp"
#include "http/api/gate_view.hpp"
#include "http/api/params.hpp"
#include "http/api/resources.hpp"

namespace im::api {

namespace {

// ---- evaluate

struct evaluate_body {
  approval_id approval_request_id;
  im::incident_id incident_id;
  approval_action action_type = approval_action::remediation;
  std::string action_description;
  severity incident_severity = severity::p4;
  im::actor_type requester_type = actor_type::system;
  name_text requester_id;
  time_point approval_deadline;
  approval_status current_status = approval_status::pending;
  name_text execution_id;
  count_of<1> min_approvals_required;
  parameters_body parameters;
  std::vector<approver_body> required_approvers;
  std::optional<priority> request_priority;
  std::optional<std::string> request_reason;
  std::optional<im::expiry_action> expiry_action;
  std::optional<time_point> request_timestamp;
  std::vector<vote_body> existing_approvals;
  std::vector<vote_body> existing_rejections;
  std::optional<name_text> policy_id;
  std::optional<name_text> policy_version;
  std::optional<im::incident_status> incident_status;
  std::optional<im::incident_category> incident_category;
  std::optional<im::environment> environment;
};

template <class V>
void describe(V& v, like<evaluate_body> auto& x) {
  v.required("approval_request_id", x.approval_request_id);
  v.required("incident_id", x.incident_id);
  v.required("action_type", x.action_type);
  v.required("action_description", x.action_description);
  v.required("incident_severity", x.incident_severity);
  v.required("requester_type", x.requester_type);
  v.required("requester_id", x.requester_id);
  v.required("approval_deadline", x.approval_deadline);
  v.required("current_status", x.current_status);
  v.required("execution_id", x.execution_id);
  v.required("min_approvals_required", x.min_approvals_required);
  v.required("action_parameters", x.parameters);
  v.required("required_approvers", x.required_approvers);
  v.optional("request_priority", x.request_priority);
  v.optional("request_reason", x.request_reason);
  v.optional("expiry_action", x.expiry_action);
  v.optional("request_timestamp", x.request_timestamp);
  v.optional("existing_approvals", x.existing_approvals);
  v.optional("existing_rejections", x.existing_rejections);
  v.optional("policy_id", x.policy_id);
  v.optional("policy_version", x.policy_version);
  v.optional("incident_status", x.incident_status);
  v.optional("incident_category", x.incident_category);
  v.optional("environment", x.environment);
}

std::vector<std::string> warnings_about(const evaluate_body& given, time_point now) {
  std::vector<std::string> warnings;
  if (static_cast<std::size_t>(given.min_approvals_required.value) > given.required_approvers.size())
    warnings.emplace_back("min_approvals_required is above the number of required_approvers");
  if (given.approval_deadline < now) warnings.emplace_back("approval_deadline is in the past");
  if (!given.parameters.reversible) warnings.emplace_back("action_parameters.reversible is missing");
  return warnings;
}

gate_state gate_of(evaluate_body given, time_point now) {
  gate_state gate;
  auto& asked = gate.request;
  asked.id = given.approval_request_id;
  asked.incident_id = given.incident_id;
  asked.action_type = given.action_type;
  asked.action_description = std::move(given.action_description);
  asked.incident_severity = given.incident_severity;
  asked.requester_type = given.requester_type;
  asked.requester_id = std::move(given.requester_id.value);
  asked.request_reason = given.request_reason.value_or("");
  asked.request_priority = given.request_priority.value_or(priority::normal);
  asked.required_approvers = requirements_of(std::move(given.required_approvers));
  asked.min_approvals_required = given.min_approvals_required.value;
  asked.requested_at = given.request_timestamp.value_or(now);
  asked.approval_deadline = given.approval_deadline;
  asked.expiry_action = given.expiry_action.value_or(expiry_action::auto_reject);
  asked.parameters = parameters_of(std::move(given.parameters));
  asked.policy_id = plain(std::move(given.policy_id)).value_or("");
  asked.policy_version = plain(std::move(given.policy_version)).value_or("");
  gate.status = given.current_status;
  for (auto& vote : given.existing_approvals) gate.votes.push_back(record_of(std::move(vote), vote_decision::approved));
  for (auto& vote : given.existing_rejections)
    gate.votes.push_back(record_of(std::move(vote), vote_decision::rejected));
  return gate;
}

void evaluate(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  const auto now = c.ports().clock.now();
  auto given = body->read<evaluate_body>();
  const auto approvers = body->root().find("required_approvers");
  check_requirements(*body, given.required_approvers, approvers && approvers->is(json::kind::array));
  check_votes(*body, "existing_approvals", given.existing_approvals, vote_decision::approved);
  check_votes(*body, "existing_rejections", given.existing_rejections, vote_decision::rejected);
  const auto id = given.incident_id;
  auto context = body->context(request, c.ports().clock, "hitl.evaluate", given.approval_request_id.str());
  auto warnings = warnings_about(given, now);
  cmd::evaluate_approval wanted{gate_of(std::move(given), now), std::move(warnings)};
  submit(std::move(c), body->finish(std::move(context), id, std::move(wanted)), outputs_response);
}

// ---- request

struct request_body {
  im::incident_id incident_id;
  approval_action action_type = approval_action::remediation;
  std::optional<approval_id> approval_request_id;
  std::optional<long_text> action_description;
  std::optional<im::actor_type> requester_type;
  std::optional<name_text> requester_id;
  std::optional<long_text> request_reason;
  std::optional<im::priority> request_priority;
  std::vector<approver_body> required_approvers;
  std::optional<count_of<1>> min_approvals_required;
  std::optional<time_point> approval_deadline;
  std::optional<im::expiry_action> expiry_action;
  std::optional<parameters_body> parameters;
};

template <class V>
void describe(V& v, like<request_body> auto& x) {
  v.required("incident_id", x.incident_id);
  v.required("action_type", x.action_type);
  v.optional("approval_request_id", x.approval_request_id);
  v.optional("action_description", x.action_description);
  v.optional("requester_type", x.requester_type);
  v.optional("requester_id", x.requester_id);
  v.optional("request_reason", x.request_reason);
  v.optional("priority", x.request_priority);
  v.optional("request_priority", x.request_priority);
  v.optional("required_approvers", x.required_approvers);
  v.optional("min_approvals_required", x.min_approvals_required);
  v.optional("approval_deadline", x.approval_deadline);
  v.optional("expiry_action", x.expiry_action);
  v.optional("action_parameters", x.parameters);
}

cmd::request_approval approval_of(request_body given) {
  cmd::request_approval wanted;
  wanted.id = given.approval_request_id;
  wanted.action_type = given.action_type;
  wanted.action_description =
      given.action_description ? std::move(given.action_description->value) : std::string{to_string(given.action_type)};
  wanted.requester_type = given.requester_type.value_or(actor_type::user);
  wanted.requester_id = plain(std::move(given.requester_id)).value_or("api");
  wanted.request_reason = plain(std::move(given.request_reason)).value_or("");
  wanted.request_priority = given.request_priority;
  wanted.required_approvers = requirements_of(std::move(given.required_approvers));
  wanted.min_approvals_required = plain(given.min_approvals_required);
  wanted.approval_deadline = given.approval_deadline;
  wanted.expiry_action = given.expiry_action;
  if (given.parameters) wanted.parameters = parameters_of(std::move(*given.parameters));
  return wanted;
}

void request_approval(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  auto given = body->read<request_body>();
  check_requirements(*body, given.required_approvers, false);
  const auto id = given.incident_id;
  auto context = body->context(request, c.ports().clock, "hitl.request", id.str());
  submit(std::move(c), body->finish(std::move(context), id, approval_of(std::move(given))), outputs_response);
}

// ---- status, inspect, list, health

http::response status_of_gate(std::string_view text) {
  const auto gate = json::decode<gate_state>(text, json::read_bounds::stored());
  if (!gate) return read_response(text);  // of a newer version: better its own words than none
  return read_response(json::encode(gate_view{&*gate}));
}

void show_stored(call c, approval_id id) {
  auto& queries = c.ports().queries;
  queries.get(view::approvals, id.value(),
              answer_text(std::move(c), [](const std::string& text) { return status_of_gate(text); }));
}

/// Waits for the verdict where the gate lives, a turn at a time.
void wait_for_verdict(call c, incident_id incident, approval_id id, seconds wait) {
  auto& incidents = c.ports().incidents;
  const auto turn = std::min(wait, limits::wait_turn);
  incidents.await_verdict(incident, id, turn, [c = std::move(c), incident, id, left = wait - turn](auto r) mutable {
    if (!r) return c.fail(r.error());
    const auto* gate = r->state ? r->state->find_gate(id) : nullptr;
    if (!gate) return show_stored(std::move(c), id);  // it ended long ago: the store alone has it whole
    if (!is_terminal(gate->status) && left > seconds{0} && !c.ports().is_draining())
      return wait_for_verdict(std::move(c), incident, id, left);
    c.answer(read_response(json::encode(gate_view{gate}), r->stale));
  });
}

void show_status(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  const auto id = given->required_id<approval_id>("request_id", "approval_request_id");
  const auto incident = given->id<incident_id>("incident_id");
  const auto wait = read_wait(*given);
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  if (wait == seconds{0}) return show_stored(std::move(c), id);
  if (incident) return wait_for_verdict(std::move(c), *incident, id, wait);
  find_incident(std::move(c), view::approvals, id.value(),
                [id, wait](call found, incident_id owner) { wait_for_verdict(std::move(found), owner, id, wait); });
}

void inspect(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  const auto id = given->required_id<approval_id>("request_id", "approval_request_id");
  given->allow({"incident_id", "include_timeline", "include_policy"});  // they are always there
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto& queries = c.ports().queries;
  queries.get(view::approvals, id.value(),
              answer_text(std::move(c), [](const std::string& text) { return read_response(text); }));
}

void list(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  auto filters = read_filters(*given, {.texts = {"incident_id", "status", "action_type"},
                                       .checks = {[](params& p) { (void)p.id<incident_id>("incident_id"); },
                                                  [](params& p) { p.words<approval_status>("status"); },
                                                  [](params& p) { p.words<approval_action>("action_type"); }}});
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto& queries = c.ports().queries;
  queries.list(view::approvals, filters,
               answer_text(std::move(c), [](const std::string& page) { return read_response(page); }));
}

void show_approval_health(call c, const http::request&) { c.answer(agent_health(agent::approver)); }

}  // namespace

void add_hitl_routes(route_adder& routes) {
  routes.post("/api/v1/agents/hitl/evaluate", evaluate);
  routes.post("/api/v1/agents/hitl/request", request_approval);
  routes.get_and_post("/api/v1/agents/hitl/status", show_status, {.max_wait = limits::gate_wait_max});
  routes.get_and_post("/api/v1/agents/hitl/inspect", inspect);
  routes.get_and_post("/api/v1/agents/hitl/list", list);
  routes.get_and_post("/api/v1/agents/hitl/health", show_approval_health);
}

}  // namespace im::api
