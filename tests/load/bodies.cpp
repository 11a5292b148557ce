#include "tests/load/bodies.hpp"

#include <initializer_list>
#include <utility>

#include "messages/json/writer.hpp"

namespace im::load {

namespace {

using field = std::pair<std::string_view, std::string_view>;

void write(json::writer& out, std::initializer_list<field> fields) {
  for (const auto& [name, value] : fields) {
    out.key(name);
    out.string(value);
  }
}

std::string object(std::initializer_list<field> fields) {
  json::writer out;
  out.begin_object();
  write(out, fields);
  out.end_object();
  return out.take();
}

std::string with(std::string_view before, std::string_view mark) { return std::string{before}.append(mark); }

}  // namespace

std::string event_body(subject about, std::string_view severity, time_point at) {
  const bool own = about == subject::itself;
  json::writer out;
  out.begin_object();
  write(out, {{"source", "llm-im-load"},
              {"event_type", "tool_failure"},
              {"execution_id", operation_mark},
              {"timestamp", to_string(at)},
              {"severity", severity}});
  out.key("payload");
  out.begin_object();
  write(out, {{"title", own ? with("Tool calls of a run time out: ", operation_mark) : "Tool calls time out"},
              {"service", own ? std::string{"load-service"} : with("load-service-", service_mark)},
              {"description", "4 of the last 5 calls of search_orders had no answer within 10 s"}});
  out.key("metrics");
  out.begin_object();
  out.key("error_rate");
  out.number(0.8);
  out.key("timeout_s");
  out.number(10);
  out.end_object();
  out.end_object();
  out.end_object();
  return out.take();
}

std::string batch_body(const std::string& event, std::size_t count, bool lines) {
  if (lines) {
    std::string body;
    for (std::size_t i = 0; i < count; ++i) body.append(event).push_back('\n');
    return body;
  }
  json::writer out;
  out.begin_array();
  for (std::size_t i = 0; i < count; ++i) out.raw(event);
  out.end_array();
  return out.take();
}

std::string evaluation_body(time_point at, bool dry_run) {
  json::writer out;
  out.begin_object();
  write(out, {{"incident_id", incident_mark},
              {"fingerprint", "load-evaluation"},
              {"current_severity", "P2"},
              {"current_status", "IN_PROGRESS"}});
  out.key("current_escalation_level");
  out.number(1);
  write(out, {{"category", "performance"},
              {"signal_source", "llm-sentinel"},
              {"signal_timestamp", to_string(at)},
              {"title", "p99 latency of checkout-assistant is 14 times its baseline"},
              {"incident_created_at", to_string(at - std::chrono::minutes{12})},
              {"incident_updated_at", to_string(at - std::chrono::minutes{4})},
              {"execution_id", operation_mark}});
  out.key("signal_payload");
  out.begin_object();
  write(out, {{"type", "threshold_breach"}, {"suggested_severity", "P1"}});
  out.key("signal_confidence");
  out.number(0.92);
  out.key("metrics");
  out.begin_object();
  out.key("p99_latency_ms");
  out.number(4200);
  out.key("error_rate");
  out.number(0.41);
  out.end_object();
  out.end_object();
  out.key("affected_resource");
  out.begin_object();
  write(out, {{"type", "service"}, {"id", "checkout-assistant"}, {"name", "Checkout assistant"}});
  out.end_object();
  out.key("sla");
  out.begin_object();
  write(out, {{"resolution_deadline", to_string(at + std::chrono::hours{4})}});
  out.key("acknowledgment_breached");
  out.boolean(false);
  out.key("resolution_breached");
  out.boolean(false);
  out.end_object();
  if (dry_run) {
    out.key("dry_run");
    out.boolean(true);
  }
  out.end_object();
  return out.take();
}

std::string held_evaluation_body() {
  json::writer out;
  out.begin_object();
  write(out, {{"incident_id", incident_mark}, {"execution_id", operation_mark}, {"signal_source", "llm-sentinel"}});
  out.key("signal_payload");
  out.begin_object();
  write(out, {{"type", "anomaly"}, {"suggested_severity", "P2"}});
  out.key("signal_confidence");
  out.number(0.8);
  out.end_object();
  out.end_object();
  return out.take();
}

std::string approval_request_body() {
  json::writer out;
  out.begin_object();
  write(out, {{"incident_id", incident_mark},
              {"execution_id", operation_mark},
              {"action_type", "rollback"},
              {"action_description", "roll prompt 41 back to prompt 40"},
              {"requester_type", "agent"},
              {"requester_id", "llm-orchestrator"}});
  out.key("required_approvers");
  out.begin_array();
  for (const auto* role : {"on_call_lead", "incident_commander"}) {
    out.begin_object();
    write(out, {{"approver_type", role}});
    out.key("required");
    out.boolean(true);
    out.end_object();
  }
  out.end_array();
  out.key("min_approvals_required");
  out.number(2);
  out.end_object();
  return out.take();
}

std::string vote_body(std::string_view approver, std::string_view role) {
  return object({{"approval_request_id", gate_mark},
                 {"incident_id", incident_mark},
                 {"execution_id", operation_mark},
                 {"approver_id", approver},
                 {"approver_name", approver},
                 {"approver_type", role},
                 {"decision", "approved"},
                 {"rationale", "seen and judged"}});
}

std::string change_body() { return object({{"actor", "grace"}, {"execution_id", operation_mark}}); }

std::string comment_body() {
  return object({{"author", "grace"}, {"text", "rolled back, watching"}, {"execution_id", operation_mark}});
}

std::string resolve_body() {
  return object({{"actor", "grace"},
                 {"root_cause", "configuration error: prompt 41 asked for unbounded tool calls"},
                 {"resolution_notes", "prompt 41 rolled back"},
                 {"execution_id", operation_mark}});
}

std::string postmortem_body() { return object({{"incident_id", incident_mark}, {"execution_id", operation_mark}}); }

}  // namespace im::load
