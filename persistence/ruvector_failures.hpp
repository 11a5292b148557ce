#pragma once
/// What it means that a call to ruvector-service failed, for its caller and for the log. Internal to persistence/.

#include <string>
#include <string_view>

#include "http/client.hpp"
#include "persistence/ruvector_client.hpp"

namespace im::persistence {

class ruvector_failures {
public:
  explicit ruvector_failures(ruvector_observers observers) : observers_{std::move(observers)} {}

  /// No answer came.
  [[nodiscard]] store_failure unanswered(std::string_view call, const http::client_error& why) const;
  /// The service answered with a status that the call does not know: `unavailable` or `unexpected_status`.
  [[nodiscard]] store_failure not_done(std::string_view call, const http::client_response& answer) const;
  /// The service answered with a status below 500 that the call does not know. 404 is `not_found`, the rest are our bug or a bad
  /// setting.
  [[nodiscard]] store_failure unexpected_status(std::string_view call, const http::client_response& answer) const;
  /// The service answered half a document, or another one than it should.
  [[nodiscard]] store_failure garbled(std::string_view call, const std::string& what) const;

  /// Whether a status says that the service cannot at present.
  [[nodiscard]] static bool is_unavailable(unsigned status) { return status >= 500 || status == 429; }

private:
  [[nodiscard]] store_failure unavailable(std::string_view call, const http::client_response& answer) const;
  [[nodiscard]] store_failure told(std::string_view call, std::string_view detail, store_failure failure) const;

  ruvector_observers observers_;
};

}  // namespace im::persistence
