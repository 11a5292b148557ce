/// The escalation agent: evaluate, inspect, list, health.

#include <algorithm>
#include <array>

#include "http/api/fields.hpp"
#include "http/api/form.hpp"
#include "http/api/params.hpp"
#include "http/api/resources.hpp"
#include "messages/policies.hpp"

namespace im::api {

namespace {

// ---- evaluate

/// `type` may be left out here: it is `manual` then.
struct payload_body {
  std::optional<signal_type> type;
  std::optional<im::severity> suggested_severity;
  std::map<std::string, double, std::less<>> metrics;
  object_text raw_data;
  std::optional<fraction> signal_confidence;
};

template <class V>
void describe(V& v, like<payload_body> auto& x) {
  v.optional("type", x.type);
  v.optional("suggested_severity", x.suggested_severity);
  v.optional("metrics", x.metrics);
  v.optional("raw_data", x.raw_data);
  v.optional("signal_confidence", x.signal_confidence);
}

/// All fields of both forms. Which of them must be there depends on the form.
struct escalation_body {
  std::optional<im::incident_id> incident_id;
  std::optional<name_text> external_incident_id;
  std::optional<name_text> fingerprint;
  std::optional<severity> current_severity;
  std::optional<incident_status> current_status;
  std::optional<count_of<>> current_escalation_level;
  std::optional<incident_category> category;
  std::optional<name_text> signal_source;
  std::optional<time_point> signal_timestamp;
  payload_body payload;
  std::optional<im::environment> environment;
  std::optional<std::string> title;
  std::optional<affected_resource> resource;
  std::optional<time_point> incident_created_at;
  std::optional<time_point> incident_updated_at;
  std::optional<double> time_since_last_escalation;
  std::vector<escalation_history_entry> history;
  std::optional<name_text> policy_id;
  std::optional<sla_state> sla;
};

template <class V>
void describe(V& v, like<escalation_body> auto& x) {
  v.required("incident_id", x.incident_id);
  v.optional("external_incident_id", x.external_incident_id);
  v.optional("fingerprint", x.fingerprint);
  v.optional("current_severity", x.current_severity);
  v.optional("current_status", x.current_status);
  v.optional("current_escalation_level", x.current_escalation_level);
  v.optional("category", x.category);
  v.optional("signal_source", x.signal_source);
  v.optional("signal_timestamp", x.signal_timestamp);
  v.optional("signal_payload", x.payload);
  v.optional("environment", x.environment);
  v.optional("title", x.title);
  v.optional("affected_resource", x.resource);
  v.optional("incident_created_at", x.incident_created_at);
  v.optional("incident_updated_at", x.incident_updated_at);
  v.optional("time_since_last_escalation", x.time_since_last_escalation);
  v.optional("escalation_history", x.history);
  v.optional("policy_id", x.policy_id);
  v.optional("sla", x.sla);
}

/// What only a full input brings: one of them, and all that a full input needs are asked for.
constexpr std::array<std::string_view, 5> marks_of_full = {"fingerprint", "current_severity", "current_status",
                                                           "current_escalation_level", "affected_resource"};
constexpr std::array<std::string_view, 8> required_when_full = {
    "fingerprint",   "current_severity", "current_status",    "current_escalation_level",
    "signal_source", "signal_timestamp", "affected_resource", "execution_id"};
constexpr std::array<std::string_view, 6> known_sources = {"llm-sentinel",     "llm-shield", "llm-edge-agent",
                                                           "llm-orchestrator", "manual",     "scheduled"};

signal_payload payload_of(payload_body given) {
  signal_payload payload;
  payload.type = given.type.value_or(signal_type::manual);
  payload.suggested_severity = given.suggested_severity;
  payload.metrics = std::move(given.metrics);
  payload.raw_data = std::move(given.raw_data);
  payload.signal_confidence = plain(given.signal_confidence);
  return payload;
}

escalation_input input_of(escalation_body given, time_point now) {
  escalation_input input;
  input.incident_id = given.incident_id.value_or(incident_id{});
  input.external_incident_id = plain(std::move(given.external_incident_id));
  input.fingerprint = plain(std::move(given.fingerprint)).value_or("");
  input.current_severity = given.current_severity.value_or(severity::p4);
  input.current_status = given.current_status.value_or(incident_status::fresh);
  input.current_escalation_level = plain(given.current_escalation_level).value_or(0);
  input.category = given.category.value_or(incident_category::other);
  input.signal_source = plain(std::move(given.signal_source)).value_or("manual");
  input.signal_timestamp = given.signal_timestamp.value_or(now);
  input.payload = payload_of(std::move(given.payload));
  input.environment = given.environment;
  input.title = std::move(given.title);
  input.resource = std::move(given.resource);
  input.incident_created_at = given.incident_created_at;
  input.incident_updated_at = given.incident_updated_at;
  input.time_since_last_escalation_s = given.time_since_last_escalation;
  input.history = std::move(given.history);
  input.policy_id = plain(std::move(given.policy_id));
  input.sla = given.sla;
  return input;
}

void check_figures(form& body, const escalation_body& given) {
  if (given.time_since_last_escalation && *given.time_since_last_escalation < 0)
    body.reject(field_error::kind::invalid_value, "time_since_last_escalation", "must be 0 or more");
  if (given.payload.metrics.size() > limits::list_items)
    body.reject(field_error::kind::invalid_value, "signal_payload.metrics",
                "has more than " + std::to_string(limits::list_items) + " entries");
}

cmd::evaluate_escalation read_evaluation(form& body, time_point now) {
  cmd::evaluate_escalation wanted;
  wanted.full = std::ranges::any_of(marks_of_full, [&](std::string_view name) { return body.has(name); });
  auto given = body.read<escalation_body>();
  if (wanted.full)
    for (const auto name : required_when_full) body.require(body.has(name), name);
  check_figures(body, given);
  if (given.signal_source && std::ranges::find(known_sources, given.signal_source->value) == known_sources.end())
    wanted.warnings.push_back("signal_source " + clip(given.signal_source->value, limits::error_value_chars) +
                              " is none that we know");
  wanted.input = input_of(std::move(given), now);
  return wanted;
}

void evaluate(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  auto wanted = read_evaluation(*body, c.ports().clock.now());
  const auto id = wanted.input.incident_id;
  auto context = body->context(request, c.ports().clock, "escalation.evaluate", id.str());
  submit(std::move(c), body->finish(std::move(context), id, std::move(wanted)), outputs_response);
}

// ---- inspect

/// The gate that an escalation waits for.
struct pending_gate {
  approval_status status = approval_status::pending;
  time_point approval_deadline;
  std::vector<approver_requirement> required_approvers;
  std::optional<severity> proposed_severity;
  std::optional<int> proposed_level;
};

template <class V>
void describe(V& v, like<pending_gate> auto& x) {
  v.required("status", x.status);
  v.required("approval_deadline", x.approval_deadline);
  v.required("required_approvers", x.required_approvers);
  v.optional("proposed_severity", x.proposed_severity);
  v.optional("proposed_escalation_level", x.proposed_level);
}

struct escalation_view {
  im::incident_id incident_id;
  incident_status status = incident_status::fresh;
  im::severity severity = severity::p4;
  im::severity peak_severity = severity::p4;
  int escalation_level = 0;
  std::vector<escalation_history_entry> history;
  std::optional<time_point> last_escalation_at;
  std::optional<time_point> next_evaluation_at;
  sla_state sla;
  std::optional<approval_id> pending_approval;
  std::optional<pending_gate> pending;
  policy_ref policy;
};

template <class V>
void describe(V& v, like<escalation_view> auto& x) {
  v.required("incident_id", x.incident_id);
  v.required("status", x.status);
  v.required("severity", x.severity);
  v.required("peak_severity", x.peak_severity);
  v.required("escalation_level", x.escalation_level);
  v.required("history", x.history);
  v.optional("last_escalation_at", x.last_escalation_at);
  v.optional("next_evaluation_at", x.next_evaluation_at);
  v.required("sla", x.sla);
  v.optional("pending_approval", x.pending_approval);
  v.optional("pending_gate", x.pending);
  v.required("policy", x.policy);
}

escalation_view view_of(const incident_state& state) {
  const auto& record = state.record;
  escalation_view shown;
  shown.incident_id = record.id;
  shown.status = record.status;
  shown.severity = record.severity;
  shown.peak_severity = state.peak_severity;
  shown.escalation_level = record.escalation_level;
  shown.history = state.history;
  shown.last_escalation_at = state.last_escalation_at;
  shown.next_evaluation_at = state.next_evaluation_at;
  shown.sla = record.sla;
  shown.policy = state.policies->escalation;
  if (const auto* gate = state.pending_gate(gate_purpose::apply_escalation)) {
    const auto& asked = gate->request;
    shown.pending_approval = asked.id;
    shown.pending = pending_gate{gate->status, asked.approval_deadline, asked.required_approvers,
                                 gate->proposed_severity, gate->proposed_level};
  }
  return shown;
}

void inspect(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  const auto id = given->required_id<incident_id>("incident_id");
  given->allow({"include_history"});  // it is always there
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto read = read_command(c, id);
  submit(std::move(c), std::move(read),
         [](const reply& r) { return read_response(json::encode(view_of(*r.state)), r.stale); });
}

// ---- list, health

void list(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  auto filters = read_filters(*given, {.texts = {"incident_id", "status", "severity"},
                                       .checks = {[](params& p) { (void)p.id<incident_id>("incident_id"); },
                                                  [](params& p) { p.words<incident_status>("status"); },
                                                  [](params& p) { p.words<severity>("severity"); }}});
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto& queries = c.ports().queries;
  queries.list(view::escalations, filters,
               answer_text(std::move(c), [](const std::string& page) { return read_response(page); }));
}

void show_escalation_health(call c, const http::request&) { c.answer(agent_health(agent::escalation)); }

}  // namespace

void add_escalation_routes(route_adder& routes) {
  routes.post("/api/v1/agents/escalation/evaluate", evaluate);
  routes.get_and_post("/api/v1/agents/escalation/inspect", inspect);
  routes.get_and_post("/api/v1/agents/escalation/list", list);
  routes.get_and_post("/api/v1/agents/escalation/health", show_escalation_health);
}

}  // namespace im::api
