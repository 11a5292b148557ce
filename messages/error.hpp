#pragma once
/// One error type for actors, HTTP and logs: a code, a sentence that helps, and nothing secret.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "messages/enums.hpp"

namespace im {

/// What went wrong, in the terms of the API. `http/api` maps each to a status, once.
enum class errc : std::uint8_t {
  validation_error,        ///< 400: bad fields, all of them in `details`
  malformed_body,          ///< 400: the body is no JSON document that we accept
  unauthorized,            ///< 401: no credentials, or wrong ones
  forbidden,               ///< 403: known, but not allowed (a vote that the gate does not list)
  not_found,               ///< 404
  method_not_allowed,      ///< 405
  conflict,                ///< 409: illegal transition, decided gate, taken sequence
  payload_too_large,       ///< 413
  unsupported_media_type,  ///< 415
  too_many_requests,       ///< 429: a bound is reached; retry later
  timeout,                 ///< 503: nobody answered in time; the request may or may not have taken effect
  overloaded,              ///< 503: a queue is full; nothing was done
  store_unavailable,       ///< 503: the store is away; nothing was done
  policy_unavailable,      ///< 503: no policy, no decision
  gate_held,               ///< 503: the gate failed and holds; it needs an operator
  draining,                ///< 503: shutting down
  damaged,                 ///< 500: what is stored cannot be what was stored; an operator must look at it
  internal,                ///< 500: our bug
};

template <>
struct enum_names<errc> {
  static constexpr std::array names{std::string_view{"VALIDATION_ERROR"},
                                    std::string_view{"MALFORMED_BODY"},
                                    std::string_view{"UNAUTHORIZED"},
                                    std::string_view{"FORBIDDEN"},
                                    std::string_view{"NOT_FOUND"},
                                    std::string_view{"METHOD_NOT_ALLOWED"},
                                    std::string_view{"CONFLICT"},
                                    std::string_view{"PAYLOAD_TOO_LARGE"},
                                    std::string_view{"UNSUPPORTED_MEDIA_TYPE"},
                                    std::string_view{"TOO_MANY_REQUESTS"},
                                    std::string_view{"TIMEOUT"},
                                    std::string_view{"OVERLOADED"},
                                    std::string_view{"STORE_UNAVAILABLE"},
                                    std::string_view{"POLICY_UNAVAILABLE"},
                                    std::string_view{"GATE_HELD"},
                                    std::string_view{"DRAINING"},
                                    std::string_view{"DAMAGED"},
                                    std::string_view{"INTERNAL"}};
};

/// Whether the same request may be sent again as it is and succeed.
[[nodiscard]] constexpr bool is_retryable(errc code) {
  switch (code) {
    case errc::too_many_requests:
    case errc::timeout:
    case errc::overloaded:
    case errc::store_unavailable:
    case errc::policy_unavailable:
    case errc::gate_held:
    case errc::draining:
    case errc::internal: return true;
    case errc::validation_error:
    case errc::malformed_body:
    case errc::unauthorized:
    case errc::forbidden:
    case errc::not_found:
    case errc::method_not_allowed:
    case errc::conflict:
    case errc::payload_too_large:
    case errc::unsupported_media_type:
    case errc::damaged: return false;
  }
  return false;
}

/// One bad field of an input.
struct field_error {
  enum class kind : std::uint8_t { required, invalid_type, invalid_value };

  std::string field;  ///< path, e.g. `action_parameters.target` or `required_approvers[0].approver_type`
  kind code = kind::required;
  std::string message;
  std::optional<std::string> value;  ///< what was sent, cut to `limits::error_value_chars`

  bool operator==(const field_error&) const = default;
};

template <>
struct enum_names<field_error::kind> {
  static constexpr std::array names{std::string_view{"REQUIRED"}, std::string_view{"INVALID_TYPE"},
                                    std::string_view{"INVALID_VALUE"}};
};

struct error {
  errc code = errc::internal;
  std::string message;
  std::vector<field_error> fields = {};
  std::optional<int> retry_after_s = {};  ///< becomes `Retry-After`
};

template <class T>
using result = std::expected<T, error>;

[[nodiscard]] inline std::unexpected<error> fail(errc code, std::string message) {
  return std::unexpected{error{code, std::move(message)}};
}

}  // namespace im
