#include "http/api/form.hpp"

#include <algorithm>

#include "http/api/fields.hpp"
#include "messages/hash.hpp"

namespace im::api {

namespace {

/// The space of execution references that are made from text that is no UUID.
const uuid& execution_space() {
  static const auto space = uuid::v5(uuid{}, "llm-incident-manager/execution");
  return space;
}

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_all_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

/// W3C Trace Context, version 00: `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros.
bool is_traceparent(std::string_view text) {
  if (text.size() != 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  const auto version = text.substr(0, 2);
  const auto trace = text.substr(3, 32);
  const auto span = text.substr(36, 16);
  return is_lower_hex(version) && version != "ff" && is_lower_hex(trace) && !is_all_zero(trace) && is_lower_hex(span) &&
         !is_all_zero(span) && is_lower_hex(text.substr(53));
}

std::string method_name(http::verb method) {
  const auto text = boost::beast::http::to_string(method);
  return {text.data(), text.size()};
}

std::optional<std::string> read_idempotency_key(const http::request& request, json::read_state& state) {
  constexpr std::string_view name = "Idempotency-Key";
  const auto given = request.header(name);
  if (!given) return std::nullopt;
  const json::path where{nullptr, name};
  if (request.headers.count(name) > 1)
    state.report(field_error::kind::invalid_value, where, "must be given once");
  else if (given->empty() || given->size() > limits::request_id_chars || !is_visible_ascii(*given))
    state.report(field_error::kind::invalid_value, where,
                 "must be 1 to " + std::to_string(limits::request_id_chars) + " visible ASCII characters");
  const auto place = method_name(request.method) + ' ' + request.path;
  return scoped_request_id("key:" + place, *given);
}

bool read_query_dry_run(const http::request& request, json::read_state& state) {
  const auto given = request.query.get("dry_run");
  if (!given || *given == "false" || *given == "0") return false;
  if (*given != "true" && *given != "1" && !given->empty())
    state.report(field_error::kind::invalid_value, {nullptr, "dry_run"}, "must be true or false");
  return true;
}

struct call_fields {
  std::optional<name_text> execution_id;
  bool dry_run = false;
};

template <class V>
void describe(V& v, like<call_fields> auto& x) {
  v.optional("execution_id", x.execution_id);
  v.optional("dry_run", x.dry_run);
}

}  // namespace

result<form> form::open(const http::request& request) {
  auto parsed = json::document::parse(request.body.empty() ? std::string_view{"{}"} : std::string_view{request.body});
  if (!parsed) return std::unexpected{parsed.error()};
  form opened{std::move(*parsed)};
  if (!opened.root_.is(json::kind::object)) {
    opened.reject(field_error::kind::invalid_type, "", "must be an object");
    return std::unexpected{*opened.verdict()};
  }
  return opened;
}

bool form::has(std::string_view name) const {
  const auto found = root_.find(name);
  return found && !found->is(json::kind::null);
}

void form::reject(field_error::kind code, std::string_view field, std::string message) {
  const auto given = field.empty() ? std::nullopt : root_.find(field);
  state_.report(code, {nullptr, field}, std::move(message), given ? &*given : nullptr);
}

incident_id form::path_incident(const http::request& request) {
  const auto text = request.params.get("id").value_or(std::string_view{});
  if (const auto id = incident_id::parse(text)) return *id;
  reject(field_error::kind::invalid_value, "id", "of the path must be a UUID");
  return {};
}

call_context form::context(const http::request& request, const wall_clock& clock, std::string_view operation,
                           std::string_view subject) {
  const auto fields = read<call_fields>();
  auto headers = read_headers(request, state_);
  call_context context;
  context.correlation_id = request.correlation_id;
  context.inputs_hash = sha256_hex(root_.canonical());
  context.traceparent = std::move(headers.traceparent);
  context.dry_run = fields.dry_run || headers.dry_run;
  const std::string own = fields.execution_id ? fields.execution_id->value : uuid::v7(clock.now()).str();
  if (headers.idempotency_key) {
    context.request = std::move(*headers.idempotency_key);
  } else {
    const auto scope = subject.empty() ? std::string{operation} : std::string{operation}.append(":").append(subject);
    context.request = scoped_request_id(scope, own);
  }
  context.execution_ref = execution_ref_of(fields.execution_id || !headers.idempotency_key ? own : "", context.request);
  return context;
}

result<command> form::finish(call_context context, incident_id incident, any_command body) {
  if (auto wrong = verdict()) return std::unexpected{std::move(*wrong)};
  return command{std::move(context), incident, std::move(body)};
}

std::optional<error> form::verdict() {
  if (state_.errors.empty()) return std::nullopt;
  return json::validation_error(std::move(state_.errors));
}

error bad_path_id() {
  return json::validation_error({{"id", field_error::kind::invalid_value, "id of the path must be a UUID", {}}});
}

call_headers read_headers(const http::request& request, json::read_state& state) {
  call_headers headers;
  headers.idempotency_key = read_idempotency_key(request, state);
  headers.dry_run = read_query_dry_run(request, state);
  if (const auto given = request.header("traceparent"); given && is_traceparent(*given)) headers.traceparent = *given;
  return headers;
}

request_id scoped_request_id(std::string_view scope, std::string_view own) {
  auto id = std::string{scope}.append(":").append(own);
  if (id.size() <= limits::request_id_chars) return id;
  const auto end = scope.find(':');
  return std::string{scope.substr(0, std::min(end, scope.size()))}.append(":sha256:").append(sha256_hex(id));
}

uuid execution_ref_of(std::string_view own, std::string_view request) {
  if (const auto id = uuid::parse(own)) return *id;
  return uuid::v5(execution_space(), request);
}

}  // namespace im::api
