#include "apps/demo/walk.hpp"

#include <cstdio>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "messages/ids.hpp"
#include "messages/json/writer.hpp"

namespace im::demo {

namespace {

using field = std::pair<std::string_view, std::string_view>;

std::string object(std::initializer_list<field> fields) {
  json::writer out;
  out.begin_object();
  for (const auto& [name, value] : fields) {
    out.key(name);
    out.string(value);
  }
  out.end_object();
  return out.take();
}

void step(std::string_view what) {
  static int number = 0;
  fmt::print("\n{:2}. {}\n", ++number, what);
  std::fflush(stdout);
}

template <class... Args>
void tell(fmt::format_string<Args...> text, Args&&... args) {
  fmt::print("    {}\n", fmt::format(text, std::forward<Args>(args)...));
  std::fflush(stdout);
}

void expect(bool held, std::string_view what) {
  if (!held) throw demo_failed{std::string{what}};
}

/// A P1 anomaly as LLM-Sentinel sends it.
std::string anomaly() {
  const auto now = system_wall_clock{}.now();
  json::writer out;
  out.begin_object();
  const auto text = [&](std::string_view key, std::string_view value) {
    out.key(key);
    out.string(value);
  };
  text("alert_id", uuid::v7(now).str());
  text("timestamp", to_string(now));
  text("severity", "high");
  text("anomaly_type", "latency_spike");
  text("service_name", "checkout-assistant");
  text("model", "support-llm-2");
  text("detection_method", "z_score");
  out.key("confidence");
  out.number(0.95);
  out.key("details");
  out.raw(
      R"({"metric":"p99_latency_ms","value":4200,"baseline":300,"threshold":1000,"deviation_sigma":6.1,"additional":{}})");
  out.key("context");
  out.raw(R"({"time_window":"5m","sample_count":1840,"additional":{}})");
  out.key("remediation");
  out.raw(R"(["roll back the last prompt change"])");
  out.key("related_alerts");
  out.raw("[]");
  out.end_object();
  return out.take();
}

std::string evaluation(const std::string& incident) {
  json::writer out;
  out.begin_object();
  out.key("incident_id");
  out.string(incident);
  out.key("signal_source");
  out.string("llm-sentinel");
  out.key("signal_payload");
  out.raw(
      R"({"type":"threshold_breach","suggested_severity":"P0","signal_confidence":0.95,"metrics":{"error_rate":0.41}})");
  out.end_object();
  return out.take();
}

std::string vote(const std::string& gate, std::string_view id, std::string_view role, std::string_view why) {
  return object({{"approval_request_id", gate},
                 {"approver_id", id},
                 {"approver_name", id},
                 {"approver_type", role},
                 {"decision", "approve"},
                 {"rationale", why}});
}

std::string pending_gate(caller& api, const std::string& incident) {
  return api.get("/api/v1/agents/escalation/inspect?incident_id=" + incident).at("data.pending_approval");
}

std::string open(caller& api) {
  step("LLM-Sentinel reports an anomaly");
  const auto event = anomaly();
  const auto opened = api.post("/api/v1/events/sentinel", event, 202);
  const auto incident = opened.at("incident_id");
  tell("POST /api/v1/events/sentinel → {} incident {}", opened.at("disposition"), incident);
  const auto again = api.post("/api/v1/events/sentinel", event, 202);
  expect(again.at("incident_id") == incident, "a repeated event went to another incident");
  tell("the same event again       → {} (one effect, whatever the network repeats)", again.at("disposition"));
  const auto record = api.get("/api/v1/incidents/" + incident);
  tell("severity {}, status {}, acknowledge by {}", record.at("data.severity"), record.at("data.status"),
       record.at("data.sla.acknowledgment_deadline"));
  return incident;
}

std::string escalate(caller& api, const std::string& incident) {
  step("The escalation agent evaluates: the signal now suggests P0");
  const auto decided = api.post("/api/v1/agents/escalation/evaluate", evaluation(incident));
  tell("decision {} → {}: {}", decided.at("data.decision"), decided.at("data.new_severity"), decided.at("data.reason"));
  const auto gate = pending_gate(api, incident);
  const auto record = api.get("/api/v1/incidents/" + incident);
  expect(record.at("data.severity") != "P0", "the escalation went ahead without its approval");
  step("A P0 needs people: the escalation is suspended on an approval gate");
  tell("approval {}; the incident is still {}", gate, record.at("data.severity"));
  return gate;
}

void decide(caller& api, const std::string& incident, const std::string& gate) {
  step("Somebody who is not asked tries to approve");
  (void)api.post("/api/v1/agents/hitl/decide", vote(gate, "mallory", "executive", "looks fine"), 403);
  tell("403 FORBIDDEN, recorded in the audit trail");
  step("Two approvers decide");
  const auto first =
      api.post("/api/v1/agents/hitl/decide", vote(gate, "ada", "incident_commander", "customers cannot check out"));
  tell("incident_commander ada  → {}", first.at("data.decision"));
  const auto second = api.post("/api/v1/agents/hitl/decide", vote(gate, "grace", "sre_lead", "error budget is gone"));
  tell("sre_lead grace          → {}", second.at("data.decision"));
  step("The verdict resumes the workflow, once");
  const auto verdict = api.get("/api/v1/agents/hitl/status?wait=5&request_id=" + gate);
  const auto record = api.get("/api/v1/incidents/" + incident);
  expect(record.at("data.severity") == "P0", "the approved escalation did not take place");
  tell("approval {}; the incident is {} {}, level {}", verdict.at("data.status"), record.at("data.severity"),
       record.at("data.status"), record.at("data.escalation_level"));
}

void resolve(caller& api, const std::string& incident) {
  step("A responder acknowledges, starts and resolves");
  const auto at = "/api/v1/incidents/" + incident;
  (void)api.post(at + "/acknowledge", object({{"actor", "grace"}}));
  (void)api.post(at + "/start", object({{"actor", "grace"}, {"comment", "rolling back prompt 41"}}));
  const auto resolved = api.post(
      at + "/resolve", object({{"actor", "grace"},
                               {"root_cause", "configuration error: prompt 41 asked for unbounded tool calls"},
                               {"resolution_notes", "prompt 41 rolled back, latency is back to its baseline"}}));
  tell("status {}", resolved.at("data.status"));
}

void write_up(caller& api, const std::string& incident) {
  step("The post-mortem agent writes from the record alone");
  const auto written = api.post("/api/v1/agents/postmortem/generate", object({{"incident_id", incident}}));
  const auto id = written.at("data.postmortem_id");
  const auto shown = api.get("/api/v1/agents/postmortem/inspect?postmortem_id=" + id);
  tell("post-mortem {} ({})", id, shown.at("data.status"));
  tell("{}", shown.at("data.summary"));
  tell("root cause: {} — {}", shown.at("data.root_cause.category"), shown.at("data.root_cause.description"));
  shown.node("data.timeline").each_item([](std::size_t, json::node entry) {
    tell("{}  {:<14} {}", entry.find_string("timestamp").value_or(""), entry.find_string("type").value_or(""),
         entry.find_string("description").value_or(""));
  });
}

}  // namespace

json::node answer::node(std::string_view path) const {
  auto here = document.root();
  while (!path.empty()) {
    const auto dot = path.find('.');
    const auto next = here.find(path.substr(0, dot));
    if (!next) throw demo_failed{fmt::format("the answer has no {}: {}", path, body)};
    here = *next;
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
  }
  return here;
}

std::string answer::at(std::string_view path) const {
  const auto found = node(path);
  const auto text = found.as_string();
  return text ? std::string{*text} : found.text();
}

caller::caller(const std::string& url, std::string bearer)
    : client_{http::origin::parse(url).value()}, bearer_{std::move(bearer)} {}

answer caller::get(const std::string& target, unsigned expected) { return call(http::verb::get, target, {}, expected); }

answer caller::post(const std::string& target, std::string body, unsigned expected) {
  return call(http::verb::post, target, std::move(body), expected);
}

answer caller::call(http::verb method, const std::string& target, std::string body, unsigned expected) {
  http::sync_client::header_list headers;
  if (!bearer_.empty()) headers.emplace_back("Authorization", "Bearer " + bearer_);
  auto got = client_.request(method, target, std::move(body), std::move(headers));
  if (!got) throw demo_failed{fmt::format("{} did not answer: {}", target, got.error().message)};
  const auto status = got->status_code;
  if (status != expected)
    throw demo_failed{fmt::format("{} answered {} and not {}: {}", target, status, expected, got->body)};
  auto document = json::document::parse(got->body);
  if (!document) throw demo_failed{fmt::format("{} answered no JSON: {}", target, document.error().message)};
  return {status, std::move(got->body), std::move(*document)};
}

std::string walk(caller& api) {
  const auto incident = open(api);
  const auto gate = escalate(api, incident);
  decide(api, incident, gate);
  resolve(api, incident);
  write_up(api, incident);
  return incident;
}

std::size_t print_log(caller& store, const std::string& incident) {
  const auto log = store.get("/api/v1/incidents/" + incident + "/log?after=0&limit=1000");
  std::size_t count = 0;
  log.node("events").each_item([&](std::size_t, json::node event) {
    ++count;
    tell("{:>3}  {:<30} {:<22} {}", event.find("sequence")->text(), event.find_string("decision_type").value_or(""),
         event.find("fact")->find_string("kind").value_or(""), event.find_string("id").value_or(""));
  });
  return count;
}

}  // namespace im::demo
