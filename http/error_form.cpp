#include "http/error_form.hpp"

#include "messages/json/codec.hpp"

namespace im::http {

status status_of(errc code) {
  switch (code) {
    case errc::validation_error:
    case errc::malformed_body: return status::bad_request;
    case errc::unauthorized: return status::unauthorized;
    case errc::forbidden: return status::forbidden;
    case errc::not_found: return status::not_found;
    case errc::method_not_allowed: return status::method_not_allowed;
    case errc::conflict: return status::conflict;
    case errc::payload_too_large: return status::payload_too_large;
    case errc::unsupported_media_type: return status::unsupported_media_type;
    case errc::too_many_requests: return status::too_many_requests;
    case errc::timeout:
    case errc::overloaded:
    case errc::store_unavailable:
    case errc::policy_unavailable:
    case errc::gate_held:
    case errc::draining: return status::service_unavailable;
    case errc::damaged:
    case errc::internal: return status::internal_server_error;
  }
  return status::internal_server_error;
}

bool may_retry(status code) {
  return code == status::request_timeout || code == status::too_many_requests || code >= status::internal_server_error;
}

std::string error_details(const std::vector<field_error>& fields) {
  if (fields.empty()) return {};
  json::writer out;
  out.begin_object();
  out.key("errors");
  out.begin_array();
  for (const auto& field : fields) {
    out.begin_object();
    json::object_writer members{out};
    members.required("field", field.field);
    members.required("message", field.message);
    members.required("code", field.code);
    members.optional("value", field.value);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return out.take();
}

void write_error(json::writer& out, std::string_view code, std::string_view message, std::string_view details,
                 bool retryable) {
  out.begin_object();
  out.key("code");
  out.string(code);
  out.key("message");
  out.string(message);
  if (!details.empty()) {
    out.key("details");
    out.raw(details);
  }
  out.key("retryable");
  out.boolean(retryable);
  out.end_object();
}

std::string error_body(std::string_view code, std::string_view message, std::string_view details, bool retryable) {
  json::writer out;
  out.begin_object();
  out.key("success");
  out.boolean(false);
  out.key("error");
  write_error(out, code, message, details, retryable);
  out.end_object();
  return out.take();
}

}  // namespace im::http
