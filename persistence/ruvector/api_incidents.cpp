#include "im/version.hpp"
#include "messages/json/codec.hpp"
#include "persistence/ruvector/agent_records.hpp"
#include "persistence/ruvector/api.hpp"
#include "persistence/ruvector/api_params.hpp"

namespace im::ruvector {

namespace {

/// The body as minified text, if it is an object that `validate` takes.
result<std::string> read_patch(std::string_view body, result<void> (*validate)(const json::node&)) {
  const auto doc = json::document::parse(body, im::limits::stored_json_depth);
  if (!doc) return std::unexpected{doc.error()};
  if (auto valid = validate(doc->root()); !valid) return std::unexpected{valid.error()};
  return doc->root().text();
}

text_handler reply_with(http::responder&& answer, http::status code) {
  return [answer = std::move(answer), code](result<std::string> record) mutable {
    answer(record ? json_reply(std::move(*record), code) : error_reply(record.error()));
  };
}

std::string_view overall(const std::vector<health_check>& checks) {
  bool warned = false;
  for (const auto& check : checks) {
    if (check.status == check_status::fail) return "unhealthy";
    warned = warned || check.status == check_status::warn;
  }
  return warned ? "degraded" : "healthy";
}

void write_check(json::writer& out, const health_check& check) {
  out.begin_object();
  json::object_writer members{out};
  members.required("name", check.name);
  members.required("status", check.status);
  members.optional("message", check.message);
  if (check.duration_ms > 0) members.required("duration_ms", check.duration_ms);
  out.end_object();
}

}  // namespace

void api::get_state(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<incident_id>("id");
  if (in.failed()) return answer(error_reply(in.take_error()));
  later_text(std::move(answer), [this, id] { return store_.incident_state_record(id); });
}

void api::patch_state(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<incident_id>("id");
  if (in.failed()) return answer(error_reply(in.take_error()));
  auto patch = read_patch(req.body, &validate_state_patch);
  if (!patch) return answer(error_reply(patch.error()));
  store_.patch_incident_state(id, std::move(*patch), clock_.now(), reply_with(std::move(answer), http::status::ok));
}

void api::get_escalation(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<incident_id>("id");
  if (in.failed()) return answer(error_reply(in.take_error()));
  later_text(std::move(answer), [this, id] { return store_.escalation_record(id); });
}

void api::patch_escalation(http::request&& req, http::responder&& answer) {
  param_reader in{req};
  const auto id = in.path_id<incident_id>("id");
  if (in.failed()) return answer(error_reply(in.take_error()));
  auto patch = read_patch(req.body, &validate_escalation_patch);
  if (!patch) return answer(error_reply(patch.error()));
  store_.patch_escalation(id, std::move(*patch), clock_.now(), reply_with(std::move(answer), http::status::ok));
}

void api::post_escalation_state(http::request&& req, http::responder&& answer) {
  const auto doc = json::document::parse(req.body, im::limits::stored_json_depth);
  if (!doc) return answer(error_reply(doc.error()));
  const auto text = doc->root().find_string("incident_id");
  const auto id = text ? incident_id::parse(*text) : std::nullopt;
  if (!id)
    return answer(
        error_reply(json::validation_error({{"incident_id",
                                             text ? field_error::kind::invalid_value : field_error::kind::required,
                                             "incident_id must be a UUID",
                                             {}}})));
  auto patch = read_patch(req.body, &validate_escalation_patch);
  if (!patch) return answer(error_reply(patch.error()));
  store_.patch_escalation(*id, std::move(*patch), clock_.now(), reply_with(std::move(answer), http::status::created));
}

void api::get_health(http::request&&, http::responder&& answer) {
  later(std::move(answer), [this] {
    const auto checks = store_.health();
    const auto status = overall(checks);
    json::writer out;
    out.begin_object();
    json::object_writer members{out};
    members.required("status", status);
    members.required("version", im::version);
    members.required("timestamp", clock_.now());
    out.key("checks");
    out.begin_array();
    for (const auto& check : checks) write_check(out, check);
    out.end_array();
    out.end_object();
    return json_reply(out.take(), status == "unhealthy" ? http::status::service_unavailable : http::status::ok);
  });
}

}  // namespace im::ruvector
