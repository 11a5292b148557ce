/// The post-mortem agent: generate, inspect, list, publish, health.

#include <algorithm>
#include <array>

#include "http/api/fields.hpp"
#include "http/api/form.hpp"
#include "http/api/gate_view.hpp"
#include "http/api/params.hpp"
#include "http/api/resources.hpp"
#include "messages/postmortem_markdown.hpp"

namespace im::api {

namespace {

// ---- generate

/// What only a full input brings: one of them, and all that a full input needs are asked for.
constexpr std::array<std::string_view, 9> marks_of_full = {"title",
                                                           "description",
                                                           "severity",
                                                           "peak_severity",
                                                           "status",
                                                           "incident_created_at",
                                                           "incident_resolved_at",
                                                           "duration_seconds",
                                                           "time_to_resolve_seconds"};

struct short_form {
  im::incident_id incident_id;
};

template <class V>
void describe(V& v, like<short_form> auto& x) {
  v.required("incident_id", x.incident_id);
}

/// A duration may not be negative, and must end at a moment that a document can tell.
void check_durations(form& body, const postmortem_input& input) {
  const double most = seconds_between(input.incident_created_at, last_time);
  const auto check = [&](std::string_view name, std::optional<double> seconds) {
    if (seconds && (*seconds < 0 || *seconds > most))
      body.reject(field_error::kind::invalid_value, name,
                  "must be 0 or more seconds, which end before the year 10000 when counted from incident_created_at");
  };
  check("duration_seconds", input.duration_seconds);
  check("time_to_resolve_seconds", input.time_to_resolve_seconds);
  check("time_to_detect_seconds", input.time_to_detect_seconds);
  check("time_to_acknowledge_seconds", input.time_to_acknowledge_seconds);
  check("time_to_mitigate_seconds", input.time_to_mitigate_seconds);
}

void generate(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  cmd::generate_postmortem wanted;
  incident_id id;
  if (std::ranges::any_of(marks_of_full, [&](std::string_view name) { return body->has(name); })) {
    wanted.input = body->read<postmortem_input>();
    id = wanted.input->incident_id;
    check_durations(*body, *wanted.input);
  } else {
    id = body->read<short_form>().incident_id;
  }
  auto context = body->context(request, c.ports().clock, "postmortem.generate", id.str());
  submit(std::move(c), body->finish(std::move(context), id, std::move(wanted)), outputs_response);
}

// ---- inspect

http::response markdown_response(const postmortem_output& document, std::string_view title) {
  http::response answer;
  answer.content_type = "text/markdown; charset=utf-8";
  answer.body = to_markdown(document, title);
  return answer;
}

/// The page is headed by the incident's title, or by its id when the incident cannot be read just now.
void answer_markdown(call c, std::string_view text) {
  auto document = json::decode<postmortem_output>(text, json::read_bounds::stored());
  if (!document) return c.fail({errc::internal, "a stored post-mortem cannot be read: " + document.error().message});
  auto& incidents = c.ports().incidents;
  auto read = read_command(c, document->incident_id);
  incidents.submit(std::move(read), [c = std::move(c), document = std::move(*document)](result<reply> r) mutable {
    const bool known = r && r->state;
    c.answer(markdown_response(document, known ? r->state->record.title : document.incident_id.str()));
  });
}

void inspect(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  const auto id = given->required_id<postmortem_id>("postmortem_id");
  const auto format = given->get("format").value_or("json");
  if (format != "json" && format != "markdown") given->reject("format", "must be json or markdown");
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto& queries = c.ports().queries;
  const bool markdown = format == "markdown";
  queries.get(view::postmortems, id.value(), [c = std::move(c), markdown](result<std::string> text) mutable {
    if (!text) return c.fail(text.error());
    if (markdown) return answer_markdown(std::move(c), *text);
    c.answer(read_response(*text));
  });
}

// ---- list, publish, health

void list(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  auto filters = read_filters(*given, {.texts = {"incident_id", "status"},
                                       .checks = {[](params& p) { (void)p.id<incident_id>("incident_id"); },
                                                  [](params& p) { p.words<postmortem_status>("status"); }}});
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto& queries = c.ports().queries;
  queries.list(view::postmortems, filters,
               answer_text(std::move(c), [](const std::string& page) { return read_response(page); }));
}

struct publish_body {
  im::postmortem_id postmortem_id;
  std::optional<im::incident_id> incident_id;
  std::optional<name_text> actor;
};

template <class V>
void describe(V& v, like<publish_body> auto& x) {
  v.required("postmortem_id", x.postmortem_id);
  v.optional("incident_id", x.incident_id);
  v.optional("published_by", x.actor);
  v.optional("actor", x.actor);
}

void publish(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  auto given = body->read<publish_body>();
  const auto id = given.postmortem_id;
  auto context = body->context(request, c.ports().clock, "postmortem.publish", id.str());
  cmd::publish_postmortem wanted{id, plain(std::move(given.actor)).value_or("api")};
  auto sent = body->finish(std::move(context), given.incident_id.value_or(incident_id{}), std::move(wanted));
  if (!sent) return c.fail(sent.error());
  submit_to_owner(std::move(c), std::move(*sent), view::postmortems, id.value(), outputs_response);
}

void show_postmortem_health(call c, const http::request&) { c.answer(agent_health(agent::postmortem)); }

}  // namespace

void add_postmortem_routes(route_adder& routes) {
  routes.post("/api/v1/agents/postmortem/generate", generate);
  routes.get_and_post("/api/v1/agents/postmortem/inspect", inspect);
  routes.get_and_post("/api/v1/agents/postmortem/list", list);
  routes.post("/api/v1/agents/postmortem/publish", publish);
  routes.get_and_post("/api/v1/agents/postmortem/health", show_postmortem_health);
}

}  // namespace im::api
