/// The human-in-the-loop agent: what people do to an approval request that is open.

#include "http/api/approval_bodies.hpp"
#include "http/api/gate_view.hpp"
#include "http/api/resources.hpp"

namespace im::api {

namespace {

/// Which request is meant. The incident may be left out: the store knows it.
struct target_body {
  std::optional<approval_id> id;
  std::optional<im::incident_id> incident_id;
};

template <class V>
void describe(V& v, like<target_body> auto& x) {
  v.optional("request_id", x.id);
  v.optional("approval_request_id", x.id);
  v.optional("incident_id", x.incident_id);
}

struct target {
  approval_id id;
  im::incident_id incident_id;  ///< nil: to be looked up
};

target read_target(form& body) {
  const auto given = body.read<target_body>();
  if (!body.has("request_id")) body.require(body.has("approval_request_id"), "approval_request_id");
  return {given.id.value_or(approval_id{}), given.incident_id.value_or(incident_id{})};
}

// ---- decide

/// Both tenses, as the contracts and the CLI have them.
struct decision_word {
  vote_decision value = vote_decision::rejected;
};

void read_scalar(json::read_state& state, const json::node& from, const json::path& where, decision_word& to) {
  const auto word = from.as_string();
  if (!word) return state.report(field_error::kind::invalid_type, where, "must be a string", &from);
  if (word == "approved" || word == "approve")
    to.value = vote_decision::approved;
  else if (word == "rejected" || word == "reject")
    to.value = vote_decision::rejected;
  else
    state.report(field_error::kind::invalid_value, where, "must be one of approved, rejected, approve, reject", &from);
}

/// The approver as an object of its own.
struct approver_object {
  std::optional<name_text> id;
  std::optional<name_text> name;
  std::optional<im::approver_type> type;
};

template <class V>
void describe(V& v, like<approver_object> auto& x) {
  v.required("id", x.id);
  v.optional("name", x.name);
  v.required("type", x.type);
}

struct decide_body {
  std::optional<approver_object> approver;
  std::optional<name_text> approver_id;
  std::optional<name_text> approver_name;
  std::optional<im::approver_type> approver_type;
  decision_word decision;
  std::string rationale;
  std::vector<std::string> conditions;
  std::optional<std::string> signature;
};

template <class V>
void describe(V& v, like<decide_body> auto& x) {
  v.optional("approver", x.approver);
  v.optional("approver_id", x.approver_id);
  v.optional("approver_name", x.approver_name);
  v.optional("approver_type", x.approver_type);
  v.required("decision", x.decision);
  v.optional("rationale", x.rationale);
  v.optional("conditions", x.conditions);
  v.optional("signature", x.signature);
}

approval_record read_vote(form& body, time_point now) {
  auto given = body.read<decide_body>();
  if (given.approver) {
    if (!given.approver_id) given.approver_id = std::move(given.approver->id);
    if (!given.approver_name) given.approver_name = std::move(given.approver->name);
    if (!given.approver_type) given.approver_type = given.approver->type;
  } else {
    body.require(given.approver_id.has_value(), "approver_id");
    body.require(given.approver_type.has_value(), "approver_type");
  }
  approval_record vote;
  vote.approver_id = plain(std::move(given.approver_id)).value_or("");
  vote.approver_name = plain(std::move(given.approver_name)).value_or(vote.approver_id);
  vote.approver_type = given.approver_type.value_or(approver_type::on_call_lead);
  vote.decision = given.decision.value;
  vote.rationale = std::move(given.rationale);
  vote.conditions = std::move(given.conditions);
  vote.decision_timestamp = now;
  vote.signature = std::move(given.signature);
  return vote;
}

/// Sends a command to the gate's incident, wherever that is learned from.
void send(call c, const target& to, result<command> wanted) {
  if (!wanted) return c.fail(wanted.error());
  submit_to_owner(std::move(c), std::move(*wanted), view::approvals, to.id.value(), outputs_response);
}

void decide(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  const auto to = read_target(*body);
  cmd::cast_vote wanted{to.id, read_vote(*body, c.ports().clock.now())};
  auto context = body->context(request, c.ports().clock, "hitl.decide", to.id.str() + ':' + wanted.vote.approver_id);
  send(std::move(c), to, body->finish(std::move(context), to.incident_id, std::move(wanted)));
}

// ---- cancel, escalate

/// Who does it and why, by any of the names that callers use.
struct actor_body {
  std::optional<name_text> actor;
  std::optional<long_text> reason;
};

template <class V>
void describe(V& v, like<actor_body> auto& x) {
  v.optional("cancelled_by", x.actor);
  v.optional("escalated_by", x.actor);
  v.optional("requester_id", x.actor);
  v.optional("actor", x.actor);
  v.optional("reason", x.reason);
}

void cancel(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  const auto to = read_target(*body);
  auto by = body->read<actor_body>();
  body->require(by.actor.has_value(), "requester_id");
  cmd::cancel_approval wanted{to.id, plain(std::move(by.actor)).value_or(""), plain(std::move(by.reason)).value_or("")};
  auto context = body->context(request, c.ports().clock, "hitl.cancel", to.id.str());
  send(std::move(c), to, body->finish(std::move(context), to.incident_id, std::move(wanted)));
}

void escalate(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  const auto to = read_target(*body);
  auto by = body->read<actor_body>();
  cmd::escalate_approval wanted{to.id, plain(std::move(by.actor)).value_or("api"),
                                plain(std::move(by.reason)).value_or("")};
  auto context = body->context(request, c.ports().clock, "hitl.escalate", to.id.str());
  send(std::move(c), to, body->finish(std::move(context), to.incident_id, std::move(wanted)));
}

}  // namespace

void add_hitl_vote_routes(route_adder& routes) {
  routes.post("/api/v1/agents/hitl/decide", decide);
  routes.post("/api/v1/agents/hitl/cancel", cancel);
  routes.post("/api/v1/agents/hitl/escalate", escalate);
}

}  // namespace im::api
