#pragma once
/// The route table. It knows "no such path" (404) from "not with this method" (405).

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.hpp"
#include "http/responder.hpp"

namespace im::http {

/// Called on an io thread, possibly on several at once; must not block. What it throws becomes a 500.
using handler = std::move_only_function<void(request&&, responder&&) const>;

/// What differs from route to route.
struct route_options {
  /// Largest body; the server's `body_limit_bytes` if not given.
  std::optional<std::size_t> max_body_bytes{};
  /// Media types a body may have, else 415; a body that names none is taken for the first. {"*/*"} takes all.
  std::vector<std::string> content_types{"application/json"};
  /// For long polls: how much longer than the server's `request_timeout` the answer may take.
  std::chrono::milliseconds max_wait{0};
};

struct route {
  verb method;
  std::string pattern;
  handler handle;
  route_options options{};

  /// Whether a body of this Content-Type (empty = none given) is taken.
  [[nodiscard]] bool accepts(std::string_view content_type) const noexcept;
};

struct route_match {
  enum class outcome {
    found,               ///< `target` and `params` are set
    not_found,           ///< no route has this path, with any method
    method_not_allowed,  ///< `allow` names the methods there are
    options,             ///< OPTIONS on a path without a handler for it: `allow` is the answer
    malformed,           ///< the path has a broken escape or a part beyond its bound
  };
  outcome result{outcome::not_found};
  const route* target{nullptr};
  path_params params{};
  std::string allow{};
};

/// Filled before the server starts, only read after.
class router {
public:
  router();
  router(router&&) noexcept;
  router& operator=(router&&) noexcept;
  router(const router&) = delete;
  router& operator=(const router&) = delete;
  ~router();

  /// Adds a route. Pattern: `/api/v1/incidents/{id}/close`; a `{name}` stands for one whole, non-empty segment, and a literal
  /// segment wins over it. Throws std::invalid_argument for a malformed pattern or a route that is already there.
  void add(verb method, std::string_view pattern, handler handle, route_options options = {});

  /// Finds the route of a still percent-encoded path. HEAD falls back on GET's route.
  [[nodiscard]] route_match match(verb method, std::string_view path) const;

  /// Every (method, pattern), in the order added.
  [[nodiscard]] std::vector<std::pair<verb, std::string_view>> routes() const;

private:
  struct node;
  std::unique_ptr<node> root_;
  std::vector<std::unique_ptr<route>> routes_;
};

}  // namespace im::http
