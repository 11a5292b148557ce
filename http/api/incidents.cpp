/// Incidents: listed, opened by hand, read, and the two ways of reading their log.

#include "http/api/fields.hpp"
#include "http/api/form.hpp"
#include "http/api/incident_view.hpp"
#include "http/api/params.hpp"
#include "http/api/resources.hpp"
#include "http/api/timeline.hpp"
#include "messages/policies.hpp"

namespace im::api {

namespace {

// ---- Lists and single incidents

void list_incidents(call c, const http::request& request) {
  auto given = params::open(request);
  if (!given) return c.fail(given.error());
  auto filters = read_filters(
      *given,
      {.texts = {"status", "severity", "category", "source", "q", "fingerprint", "open"},
       .checks = {[](params& p) { p.words<incident_status>("status"); },
                  [](params& p) { p.words<severity>("severity"); },
                  [](params& p) { p.words<incident_category>("category"); }, [](params& p) { p.boolean("open"); }}});
  if (const auto wrong = given->verdict()) return c.fail(*wrong);
  auto& queries = c.ports().queries;
  queries.list(view::incidents, filters,
               answer_text(std::move(c), [](std::string page) { return json_response(std::move(page)); }));
}

void show_incident(call c, const http::request& request) {
  const auto id = incident_id::parse(request.params.get("id").value_or(""));
  if (!id) return c.fail(bad_path_id());
  auto read = read_command(c, *id);
  submit(std::move(c), std::move(read), [](const reply& r) {
    return read_response(json::encode(incident_view{&r.state->record, {}}), r.stale);
  });
}

// ---- Opening by hand

struct new_incident {
  title_text title;
  any_severity severity;
  std::string description;
  std::optional<incident_category> category;
  std::optional<name_text> source;
  std::optional<name_text> fingerprint;
  std::optional<name_text> external_id;
  std::optional<long_text> impact;
  std::optional<affected_resource> resource;
  std::optional<im::environment> environment;
  std::optional<time_point> timestamp;
  std::optional<im::incident_id> parent_incident;
  tag_map tags;
  tag_map labels;
  object_text metadata;
};

template <class V>
void describe(V& v, like<new_incident> auto& x) {
  v.required("title", x.title);
  v.required("severity", x.severity);
  v.optional("description", x.description);
  v.optional("category", x.category);
  v.optional("source", x.source);
  v.optional("fingerprint", x.fingerprint);
  v.optional("external_id", x.external_id);
  v.optional("impact", x.impact);
  v.optional("affected_resource", x.resource);
  v.optional("resource", x.resource);
  v.optional("environment", x.environment);
  v.optional("timestamp", x.timestamp);
  v.optional("parent_incident", x.parent_incident);
  v.optional("tags", x.tags);
  v.optional("labels", x.labels);
  v.optional("metadata", x.metadata);
}

cmd::ingest_signal signal_of(new_incident given, const dependencies& ports) {
  cmd::ingest_signal signal;
  signal.source = given.source ? std::move(given.source->value) : "manual";
  signal.external_id = plain(std::move(given.external_id));
  signal.severity = given.severity.value;
  signal.category = given.category.value_or(incident_category::other);
  signal.title = std::move(given.title.value);
  signal.description = std::move(given.description);
  signal.impact = plain(std::move(given.impact));
  signal.resource =
      given.resource.value_or(affected_resource{resource_type::service, "unspecified", "unspecified", {}});
  if (signal.resource.name.empty()) signal.resource.name = signal.resource.id;
  signal.environment = given.environment.value_or(ports.environment);
  signal.timestamp = given.timestamp.value_or(ports.clock.now());
  signal.payload.type = signal_type::manual;
  signal.payload.suggested_severity = signal.severity;
  signal.tags = std::move(given.tags.value);
  signal.labels = std::move(given.labels.value);
  signal.metadata = std::move(given.metadata);
  signal.parent_incident = given.parent_incident;
  signal.fingerprint = given.fingerprint
                           ? std::move(given.fingerprint->value)
                           : derive_fingerprint(signal.source, signal.category, signal.resource, signal.title);
  return signal;
}

/// The incident that a signal went to; what it would be, when a dry run opened none.
const incident& record_in(const reply& r) {
  if (!r.state->opened && r.event)
    if (const auto* opened = std::get_if<fact::incident_opened>(&r.event->fact.value)) return opened->record;
  return r.state->record;
}

/// 201 for an incident that this opened, now or when it was asked first, 200 for one that was open already (and for a dry run).
http::response opened(const reply& r) {
  const bool opened_before =
      r.replayed && r.event && std::holds_alternative<fact::incident_opened>(r.event->fact.value);
  const bool created = r.persisted && (r.disposition == disposition::opened || opened_before);
  const auto& record = record_in(r);
  auto answer = decision_response(r, json::encode(incident_view{&record, {}}),
                                  created ? http::status::created : http::status::ok);
  if (created) answer.headers.emplace_back("Location", "/api/v1/incidents/" + record.id.str());
  return answer;
}

/// A repeated request is told where it went; the incident itself may have to be read.
void answer_opened(call c, reply r) {
  if (!r.replayed || r.state->opened) return c.answer(opened(r));
  auto read = read_command(c, r.state->record.id);
  submit(std::move(c), std::move(read), [r = std::move(r)](const reply& found) mutable {
    r.state = found.state;
    return opened(r);
  });
}

void open_incident(call c, const http::request& request) {
  auto body = form::open(request);
  if (!body) return c.fail(body.error());
  auto context = body->context(request, c.ports().clock, "incidents.open", {});
  auto signal = signal_of(body->read<new_incident>(), c.ports());
  signal.source_event_id = context.execution_ref.str();
  auto wanted = body->finish(std::move(context), {}, std::move(signal));
  if (!wanted) return c.fail(wanted.error());
  auto& incidents = c.ports().incidents;
  incidents.submit(std::move(*wanted), [c = std::move(c)](result<reply> r) mutable {
    if (!r) return c.fail(r.error());
    answer_opened(std::move(c), std::move(*r));
  });
}

// ---- The log

struct log_page {
  std::uint64_t after = 0;
  std::size_t limit = limits::log_page_events;
};

/// Which part of whose log is asked for; all that is wrong with the question.
result<std::pair<incident_id, log_page>> read_log_question(const http::request& request) {
  auto given = params::open(request);
  if (!given) return std::unexpected{given.error()};
  const auto id = incident_id::parse(request.params.get("id").value_or(""));
  log_page page;
  page.after = given->number("after", 0, INT64_MAX, 0);  // the store counts in signed numbers
  page.limit = given->number("limit", 1, limits::log_page_events, limits::log_page_events);
  if (const auto wrong = given->verdict()) return std::unexpected{*wrong};
  if (!id) return std::unexpected{bad_path_id()};
  return std::pair{*id, page};
}

/// After which sequence number a page's log goes on; nothing if it ends here. The store ends a page by its bytes, too, and says how
/// far the log goes; where it does not say that, a full page may not be the last.
std::optional<std::uint64_t> next_after(const json::node& page, const json::node& events, std::size_t limit) {
  std::optional<std::int64_t> last;
  events.each_item([&](std::size_t, json::node event) {
    if (const auto sequence = event.find("sequence")) last = sequence->as_int();
  });
  if (!last) return std::nullopt;
  const auto head = page.find("head");
  const auto reaches = head ? head->as_int() : std::nullopt;
  const bool more = reaches ? *last < *reaches : events.size() == limit;
  return more ? std::optional{static_cast<std::uint64_t>(*last)} : std::nullopt;
}

/// Asks for the page; `render` gets its text and its parsed form. An incident without any event is unknown.
template <class Render>
void read_log(call c, const http::request& request, Render render) {
  const auto question = read_log_question(request);
  if (!question) return c.fail(question.error());
  const auto& [id, page] = *question;
  auto& queries = c.ports().queries;
  queries.incident_log(id, page.after, page.limit,
                       [c = std::move(c), id, page, render](result<std::string> text) mutable {
                         if (!text) return c.fail(text.error());
                         const auto parsed = json::document::parse(*text, limits::stored_json_depth);
                         if (!parsed)
                           return c.fail({errc::internal, "the store's log is no JSON: " + parsed.error().message});
                         const auto events = parsed->root().find("events");
                         if (!events) return c.fail({errc::internal, "the store's log has no events"});
                         if (events->size() == 0 && page.after == 0)
                           return c.fail({errc::not_found, "no incident has this id"});
                         c.answer(render(*text, *events, id, next_after(parsed->root(), *events, page.limit)));
                       });
}

void show_log(call c, const http::request& request) {
  read_log(std::move(c), request,
           [](const std::string& text, const json::node&, incident_id, std::optional<std::uint64_t>) {
             return json_response(text);
           });
}

struct timeline_view {
  im::incident_id incident_id;
  std::vector<timeline_item> timeline;
  std::optional<std::uint64_t> next_after;
};

template <class V>
void describe(V& v, like<timeline_view> auto& x) {
  v.required("incident_id", x.incident_id);
  v.required("timeline", x.timeline);
  v.optional("next_after", x.next_after);
}

void show_timeline(call c, const http::request& request) {
  read_log(std::move(c), request,
           [](const std::string&, const json::node& events, incident_id id, std::optional<std::uint64_t> next) {
             return json_response(json::encode(timeline_view{id, read_timeline(events), next}));
           });
}

}  // namespace

void add_incident_routes(route_adder& routes) {
  routes.get("/api/v1/incidents", list_incidents);
  routes.post("/api/v1/incidents", open_incident);
  routes.get("/api/v1/incidents/{id}", show_incident);
  routes.get("/api/v1/incidents/{id}/timeline", show_timeline);
  routes.get("/api/v1/incidents/{id}/log", show_log);
}

}  // namespace im::api
