/// What operators do to an incident. Whether it may be done is decided where the incident lives.

#include "http/api/fields.hpp"
#include "http/api/form.hpp"
#include "http/api/incident_view.hpp"
#include "http/api/resources.hpp"
#include "messages/policies.hpp"

namespace im::api {

namespace {

/// Every field that some change knows. `reason` and `text` say the same as `comment`, `author` the same as `actor`.
struct change_body {
  std::optional<name_text> actor;
  std::optional<im::actor_type> actor_type;
  std::optional<long_text> comment;
  std::optional<any_severity> severity;
  std::optional<title_text> title;
  std::optional<long_text> impact;
  std::optional<name_text> assigned_to;
  std::optional<name_text> assigned_team;
  std::optional<tag_map> tags;
  std::optional<tag_map> labels;
};

template <class V>
void describe(V& v, like<change_body> auto& x) {
  v.optional("author", x.actor);
  v.optional("actor", x.actor);
  v.optional("actor_type", x.actor_type);
  v.optional("text", x.comment);
  v.optional("reason", x.comment);
  v.optional("comment", x.comment);
  v.optional("severity", x.severity);
  v.optional("title", x.title);
  v.optional("impact", x.impact);
  v.optional("assigned_to", x.assigned_to);
  v.optional("assigned_team", x.assigned_team);
  v.optional("tags", x.tags);
  v.optional("labels", x.labels);
}

/// A resolution's parts, under `resolution` or beside the other fields.
struct resolution_body {
  std::string root_cause;
  std::string resolution_notes;
  std::optional<name_text> resolved_by;
  std::optional<name_text> playbook_used;
  std::vector<std::string> actions_taken;
};

template <class V>
void describe(V& v, like<resolution_body> auto& x) {
  v.optional("root_cause", x.root_cause);
  v.optional("resolution_notes", x.resolution_notes);
  v.optional("resolved_by", x.resolved_by);
  v.optional("playbook_used", x.playbook_used);
  v.optional("actions_taken", x.actions_taken);
}

struct nested_resolution {
  resolution_body resolution;
};

template <class V>
void describe(V& v, like<nested_resolution> auto& x) {
  v.optional("resolution", x.resolution);
}

constexpr std::string_view nobody_named = "api";  ///< the actor of a request that names none

resolution_record read_resolution(form& body, const std::string& actor) {
  auto given = body.has("resolution") ? body.read<nested_resolution>().resolution : body.read<resolution_body>();
  resolution_record record;
  record.root_cause = std::move(given.root_cause);
  record.resolution_notes = std::move(given.resolution_notes);
  record.resolved_by = plain(std::move(given.resolved_by)).value_or(actor);
  record.playbook_used = plain(std::move(given.playbook_used));
  record.actions_taken = std::move(given.actions_taken);
  return record;
}

/// Says what a change cannot do without.
void require_fields(form& body, const cmd::change_incident& change) {
  if (change.change == change_kind::comment) body.require(!change.comment.empty(), "comment");
  if (change.change == change_kind::assign) body.require(change.assigned_to || change.assigned_team, "assigned_to");
  if (change.change != change_kind::update) return;
  const bool any = change.severity || change.title || change.impact || change.assigned_to || change.assigned_team ||
                   change.tags || change.labels;
  if (!any)
    body.reject(field_error::kind::required, "",
                "must name at least one of severity, title, impact, assigned_to, assigned_team, tags and labels");
}

cmd::change_incident read_change(form& body, change_kind kind) {
  auto given = body.read<change_body>();
  cmd::change_incident change;
  change.change = kind;
  change.actor = given.actor ? std::move(given.actor->value) : std::string{nobody_named};
  change.actor_type = given.actor_type.value_or(actor_type::user);
  change.comment = given.comment ? std::move(given.comment->value) : std::string{};
  change.severity = plain(given.severity);
  change.title = plain(std::move(given.title));
  change.impact = plain(std::move(given.impact));
  change.assigned_to = plain(std::move(given.assigned_to));
  change.assigned_team = plain(std::move(given.assigned_team));
  change.tags = plain(std::move(given.tags));
  change.labels = plain(std::move(given.labels));
  if (kind == change_kind::resolve) change.resolution = read_resolution(body, change.actor);
  require_fields(body, change);
  return change;
}

/// The gate that this change waits for: the one that it opened, or, for a closing, the one that still holds it.
std::optional<approval_id> suspended_on(const reply& r, change_kind kind) {
  if (r.event)
    if (const auto* opened = std::get_if<fact::gate_opened>(&r.event->fact.value)) return opened->gate->request.id;
  if (kind != change_kind::close || r.state->record.status == incident_status::closed) return std::nullopt;
  const auto* gate = r.state->pending_gate(gate_purpose::close_incident);
  return gate ? std::optional{gate->request.id} : std::nullopt;
}

void change(call c, const http::request& request, change_kind kind) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  const auto id = body->path_incident(request);
  auto wanted = read_change(*body, kind);
  auto context = body->context(request, c.ports().clock, std::string{"incidents."}.append(to_string(kind)), id.str());
  submit(std::move(c), body->finish(std::move(context), id, std::move(wanted)), [kind](const reply& r) {
    const auto gate = suspended_on(r, kind);
    return decision_response(r, json::encode(incident_view{&r.state->record, gate}),
                             gate ? http::status::accepted : http::status::ok);
  });
}

template <change_kind Kind>
void change_as(call c, const http::request& request) {
  change(std::move(c), request, Kind);
}

}  // namespace

void add_incident_change_routes(route_adder& routes) {
  routes.add(http::verb::patch, "/api/v1/incidents/{id}", change_as<change_kind::update>);
  routes.post("/api/v1/incidents/{id}/acknowledge", change_as<change_kind::acknowledge>);
  routes.post("/api/v1/incidents/{id}/assign", change_as<change_kind::assign>);
  routes.post("/api/v1/incidents/{id}/start", change_as<change_kind::start>);
  routes.post("/api/v1/incidents/{id}/escalate", change_as<change_kind::escalate>);
  routes.post("/api/v1/incidents/{id}/resolve", change_as<change_kind::resolve>);
  routes.post("/api/v1/incidents/{id}/close", change_as<change_kind::close>);
  routes.post("/api/v1/incidents/{id}/reopen", change_as<change_kind::reopen>);
  routes.post("/api/v1/incidents/{id}/comments", change_as<change_kind::comment>);
}

}  // namespace im::api
