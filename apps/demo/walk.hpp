#pragma once
/// One incident, from a detector's event to its post-mortem, over the HTTP API alone: what a user's own client would do.

#include <string>

#include "http/sync_client.hpp"
#include "messages/json/node.hpp"

namespace im::demo {

/// Something did not happen as it should have; the text says what.
struct demo_failed {
  std::string what;
};

/// A parsed answer.
struct answer {
  unsigned status = 0;
  std::string body;
  json::document document;

  /// The text at a dotted path such as `data.status`; throws `demo_failed` when it is not there.
  [[nodiscard]] std::string at(std::string_view path) const;
  [[nodiscard]] json::node node(std::string_view path) const;
};

/// Calls and reads; throws `demo_failed` for anything but `expected`.
class caller {
public:
  explicit caller(const std::string& url, std::string bearer = {});
  [[nodiscard]] answer get(const std::string& target, unsigned expected = 200);
  [[nodiscard]] answer post(const std::string& target, std::string body, unsigned expected = 200);

private:
  answer call(http::verb method, const std::string& target, std::string body, unsigned expected);

  http::sync_client client_;
  std::string bearer_;
};

/// Walks, printing each step, and returns the incident's id.
[[nodiscard]] std::string walk(caller& api);

/// Reads the incident's DecisionEvents from ruvector-service and prints a line each. Returns how many there were.
[[nodiscard]] std::size_t print_log(caller& store, const std::string& incident);

}  // namespace im::demo
