#include "tests/http/api/support.hpp"

#include <catch2/catch_test_macros.hpp>

namespace im::api::test {

time_point at(std::string_view text) { return parse_time(text).value(); }

std::string value_at(const json::node& root, std::string_view path) {
  auto here = root;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const auto part = path.substr(0, dot);
    std::optional<json::node> next;
    if (here.is(json::kind::array))
      here.each_item([&](std::size_t index, json::node item) {
        if (std::to_string(index) == part) next = item;
      });
    else
      next = here.find(part);
    if (!next) return "(none)";
    here = *next;
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return here.as_string() ? std::string{*here.as_string()} : here.text();
}

std::vector<std::string> answer::bad_fields() const {
  std::vector<std::string> found;
  for (std::size_t i = 0;; ++i) {
    const auto entry = "error.details.errors." + std::to_string(i);
    if (at(entry) == "(none)") return found;
    found.push_back(at(entry + ".field") + ' ' + at(entry + ".code"));
  }
}

void fake_incidents::submit_all(std::vector<std::pair<command, reply_handler>> all) {
  ++hand_overs;
  for (auto& [c, done] : all) submit(std::move(c), std::move(done));
}

void fake_incidents::await_verdict(incident_id incident, approval_id request, milliseconds wait, reply_handler done) {
  waits.emplace_back(request, wait);
  command c;
  c.incident_id = incident;
  done(answers(c));
}

void fake_store::list(view which, const string_map& given, text_handler done) {
  listed = which;
  filters = given;
  if (broken) return done(std::unexpected{*broken});
  done(page);
}

void fake_store::get(view, const uuid& id, text_handler done) {
  if (broken) return done(std::unexpected{*broken});
  const auto found = documents.find(id);
  if (found == documents.end()) return done(fail(errc::not_found, "nobody knows " + id.str()));
  done(found->second);
}

void fake_store::incident_log(incident_id, std::uint64_t after, std::size_t limit, text_handler done) {
  asked.push_back("log " + std::to_string(after) + ' ' + std::to_string(limit));
  if (broken) return done(std::unexpected{*broken});
  done(log);
}

void fake_store::orchestrator_actions(std::string after, seconds wait, text_handler done) {
  asked.push_back("actions " + after + ' ' + std::to_string(wait.count()));
  if (pages.empty()) return done(write_action_page({}, after));
  auto next = std::move(pages.front());
  pages.pop_front();
  done(std::move(next));
}

void fake_store::check(handler done) {
  if (broken) return done(std::unexpected{*broken});
  done(condition);
}

incident_state some_state() {
  incident_state state;
  state.opened = true;
  auto& record = state.record;
  record.id = incident_id::parse(some_incident).value();
  record.fingerprint = "f1";
  record.severity = severity::p1;
  record.status = incident_status::acknowledged;
  record.title = "latency of chat-api";
  record.source = "llm-sentinel";
  record.created_at = record.updated_at = at(now_text);
  record.sequence = 3;
  return state;
}

reply decided(std::string outputs, incident_state state) {
  auto event = std::make_shared<decision_event>();
  event->id = event_id::parse("0193502a-7c00-7000-8000-00000000e001").value();
  event->incident_id = state.record.id;
  event->sequence = state.record.sequence;
  event->confidence = 0.75;
  event->inputs_hash = "abc";
  event->timestamp = at(now_text);
  event->outputs = {std::move(outputs)};
  reply r;
  r.state = std::make_shared<incident_state>(std::move(state));
  r.event = std::move(event);
  r.persisted = true;
  return r;
}

gate_state some_pending_gate(gate_purpose purpose) {
  gate_state gate;
  gate.request.id = approval_id::parse(some_gate).value();
  gate.request.incident_id = incident_id::parse(some_incident).value();
  gate.request.action_description = "roll back v1.2.3";
  gate.request.requester_id = "orchestrator";
  gate.request.required_approvers = {{approver_type::sre_lead, {}, true, {}}};
  gate.request.approval_deadline = at("2026-11-22T02:00:00.000Z");
  gate.purpose = purpose;
  gate.audit = {{at(now_text), approval_audit_type::request_created, "orchestrator", actor_type::system, "asked"}};
  return gate;
}

surface::surface() : surface{[](dependencies&) {}} {}

surface::surface(const std::function<void(dependencies&)>& adjust) {
  incidents.answers = [](const command&) { return decided(); };
  dependencies ports{incidents, store, store, clock, "9.8.7"};
  ports.on_failed = [this](std::string_view, const error& e) { failures.push_back(e.message); };
  adjust(ports);
  add_routes(routes, std::move(ports));
}

void surface::send(http::verb method, std::string_view target, std::string body, const header_list& headers,
                   std::function<void(http::response&&)> hear) {
  http::request request;
  request.method = method;
  request.target = target;
  const auto question = target.find('?');
  request.path = target.substr(0, question);
  if (question != std::string_view::npos)
    request.query = http::query_params::parse(target.substr(question + 1)).value();
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  request.body = std::move(body);
  request.correlation_id = "corr-1";
  auto match = routes.match(method, request.path);
  INFO("route " << target);
  REQUIRE(match.result == http::route_match::outcome::found);
  request.params = std::move(match.params);
  request.route = match.target->pattern;
  match.target->handle(std::move(request), http::responder::into(std::move(hear)));
}

http::response surface::call(http::verb method, std::string_view target, std::string body, const header_list& headers) {
  std::optional<http::response> taken;
  send(method, target, std::move(body), headers, [&](http::response&& r) { taken = std::move(r); });
  REQUIRE(taken);
  return std::move(*taken);
}

answer parsed(http::response raw) {
  INFO(raw.body);
  auto document = json::document::parse(raw.body);
  REQUIRE(document);
  return {std::move(raw), std::move(*document)};
}

answer surface::get(std::string_view target, const header_list& headers) {
  return parsed(call(http::verb::get, target, {}, headers));
}

answer surface::post(std::string_view target, std::string body, const header_list& headers) {
  return parsed(call(http::verb::post, target, std::move(body), headers));
}

answer surface::patch(std::string_view target, std::string body) {
  return parsed(call(http::verb::patch, target, std::move(body)));
}

}  // namespace im::api::test
