#pragma once
/// A request's body, its query and its headers, read once. Every bad field is gathered, so that all are told at once.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/api/api.hpp"
#include "messages/json/codec.hpp"

namespace im::api {

class form {
public:
  /// Parses a JSON body; an empty one counts as `{}`. Fails for what is no JSON object.
  [[nodiscard]] static result<form> open(const http::request& request);

  /// The body as a described type. What is wrong with it is gathered.
  template <class T>
  [[nodiscard]] T read() {
    T value{};
    json::read(state_, root_, json::path{}, value);
    return value;
  }

  [[nodiscard]] const json::node& root() const { return root_; }
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] json::read_state& state() { return state_; }

  /// Gathers one more bad field; `message` goes on where the field's name ends, as in "must be …".
  void reject(field_error::kind code, std::string_view field, std::string message);
  void require(bool given, std::string_view field) {
    if (!given) reject(field_error::kind::required, field, "is required");
  }

  /// A `{name}` of the path that must be an incident's id.
  [[nodiscard]] incident_id path_incident(const http::request& request);

  /// What is known of the call. The request id is the `Idempotency-Key`, else `execution_id` of the body within
  /// `operation` and `subject`, else a new one; see README.md.
  [[nodiscard]] call_context context(const http::request& request, const wall_clock& clock, std::string_view operation,
                                     std::string_view subject);

  /// The command, or the error that names every bad field.
  [[nodiscard]] result<command> finish(call_context context, incident_id incident, any_command body);
  /// The error that names every bad field; none if all are well.
  [[nodiscard]] std::optional<error> verdict();

private:
  explicit form(json::document body) : body_{std::move(body)}, root_{body_.root()} {}

  json::document body_;
  json::node root_;
  json::read_state state_{json::read_bounds{}};
};

/// What a caller may say about retrying and tracing, apart from its body. Bad values are gathered into `state`.
struct call_headers {
  std::optional<std::string> idempotency_key;  ///< scoped to the method and the path
  std::string traceparent;                     ///< empty unless well formed
  bool dry_run = false;                        ///< of the query
};
[[nodiscard]] call_headers read_headers(const http::request& request, json::read_state& state);

/// The path's id is no UUID.
[[nodiscard]] error bad_path_id();

/// `scope:own`, or `scope:sha256:…` when that would be longer than a request id may be.
[[nodiscard]] request_id scoped_request_id(std::string_view scope, std::string_view own);

/// A caller's own id as an execution reference: itself when it is a UUID, else a UUID that is the same every time.
[[nodiscard]] uuid execution_ref_of(std::string_view own, std::string_view request);

}  // namespace im::api
