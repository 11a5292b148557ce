#include "http/api/reply.hpp"

#include "http/api/api.hpp"
#include "http/error_form.hpp"
#include "messages/json/codec.hpp"

namespace im::api {

namespace {

/// What README.md promises of 429 and 503, said in the answer's own sentence: only TIMEOUT leaves open whether the request took effect.
std::string with_effect(std::string message, bool is_timeout) {
  const std::string_view effect =
      is_timeout ? "the request may have taken effect, repeat it with the same id or Idempotency-Key"
                 : "nothing took effect";
  const std::string_view said = is_timeout ? "may have taken effect" : "nothing ";
  if (message.find(said) != std::string::npos) return message;
  if (!message.empty()) message += "; ";
  return message.append(effect);
}

bool is_busy(http::status code) {
  return code == http::status::service_unavailable || code == http::status::too_many_requests;
}

/// What went wrong on our side is for our log; the caller gets something to ask with.
std::string message_for(const error& e, std::string_view correlation_id) {
  if (is_busy(http::status_of(e.code))) return with_effect(e.message, e.code == errc::timeout);
  if (e.code != errc::internal) return e.message;
  return "something went wrong inside; the correlation id is " + std::string{correlation_id};
}

void begin_success(json::writer& out, std::string_view data) {
  out.begin_object();
  out.key("success");
  out.boolean(true);
  out.key("data");
  out.raw(data);
}

void write_decision(json::writer& out, const decision_event& event) {
  out.key("decision_event");
  out.begin_object();
  json::object_writer members{out};
  members.required("id", event.id);
  members.required("incident_id", event.incident_id);
  members.required("sequence", event.sequence);
  members.required("confidence", event.confidence);
  members.required("inputs_hash", event.inputs_hash);
  members.required("timestamp", event.timestamp);
  out.end_object();
}

}  // namespace

void write_error(json::writer& out, const error& e, std::string_view correlation_id) {
  http::write_error(out, to_string(e.code), message_for(e, correlation_id), http::error_details(e.fields),
                    is_retryable(e.code));
}

http::response json_response(std::string body, http::status code) {
  http::response answer;
  answer.code = code;
  answer.body = std::move(body);
  return answer;
}

http::response decision_response(const reply& r, std::string_view data, http::status code) {
  json::writer out;
  begin_success(out, data);
  if (r.event) write_decision(out, *r.event);
  json::object_writer members{out};
  members.required("persisted", r.persisted);
  members.required("warnings", r.warnings);
  out.end_object();
  auto answer = json_response(out.take(), code);
  if (r.replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
  return answer;
}

http::response outputs_response(const reply& r) {
  return decision_response(r, r.event && !r.event->outputs.empty() ? std::string_view{r.event->outputs.text} : "{}");
}

http::response read_response(std::string_view data, bool stale) {
  json::writer out;
  begin_success(out, data);
  json::object_writer members{out};
  std::vector<std::string_view> warnings;
  if (stale) {
    members.required("stale", true);
    warnings.emplace_back("the store is away; this is what was known last");
  }
  members.required("warnings", warnings);
  out.end_object();
  return json_response(out.take());
}

http::response agent_health(agent which) {
  json::writer out;
  out.begin_object();
  json::object_writer members{out};
  members.required("agent", which);
  members.required("status", std::string_view{"healthy"});
  out.end_object();
  return json_response(out.take());
}

http::response render_error(const error& e, std::string_view correlation_id) {
  const auto code = http::status_of(e.code);
  auto answer = json_response(http::error_body(to_string(e.code), message_for(e, correlation_id),
                                               http::error_details(e.fields), is_retryable(e.code)),
                              code);
  if (is_busy(code)) {
    const auto wait_s = e.retry_after_s.value_or(static_cast<int>(limits::retry_after.count()));
    answer.headers.emplace_back("Retry-After", std::to_string(wait_s));
  }
  return answer;
}

http::response render_core_error(http::status code, std::string_view error_code, std::string_view message,
                                 std::string_view correlation_id) {
  if (code == http::status::internal_server_error) return render_error({errc::internal, {}}, correlation_id);
  const auto text =
      is_busy(code) ? with_effect(std::string{message}, error_code == to_string(errc::timeout)) : std::string{message};
  return json_response(http::error_body(error_code, text, {}, http::may_retry(code)), code);
}

}  // namespace im::api
