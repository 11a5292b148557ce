#pragma once
/// One call on its way through a handler: who waits for the answer, and how a command goes out and comes back.

#include <memory>
#include <string>
#include <utility>

#include "http/api/api.hpp"
#include "http/api/reply.hpp"

namespace im::api {

/// What is kept of a request while it is answered. Movable; destroyed unanswered it answers 500.
class call {
public:
  call(std::shared_ptr<const dependencies> ports, std::string correlation_id, http::responder done)
      : ports_{std::move(ports)}, correlation_id_{std::move(correlation_id)}, done_{std::move(done)} {}

  [[nodiscard]] const dependencies& ports() const { return *ports_; }
  [[nodiscard]] const std::string& correlation_id() const { return correlation_id_; }

  void answer(http::response response) { done_(std::move(response)); }
  void fail(const error& e);

private:
  std::shared_ptr<const dependencies> ports_;
  std::string correlation_id_;
  http::responder done_;
};

/// A handler. The request lives until it returns, the call until it is answered.
using operation = void (*)(call, const http::request&);

/// Adds routes that share their dependencies.
class route_adder {
public:
  route_adder(http::router& routes, std::shared_ptr<const dependencies> ports)
      : routes_{routes}, ports_{std::move(ports)} {}

  void add(http::verb method, std::string_view pattern, operation run, http::route_options options = {});
  void get(std::string_view pattern, operation run, http::route_options options = {}) {
    add(http::verb::get, pattern, run, std::move(options));
  }
  void post(std::string_view pattern, operation run, http::route_options options = {}) {
    add(http::verb::post, pattern, run, std::move(options));
  }
  /// GET with a query and POST with JSON alike.
  void get_and_post(std::string_view pattern, operation run, const http::route_options& options = {}) {
    get(pattern, run, options);
    post(pattern, run, options);
  }

private:
  http::router& routes_;
  std::shared_ptr<const dependencies> ports_;
};

/// Reads an incident. It needs no request id: it writes nothing.
[[nodiscard]] command read_command(const call& c, incident_id id);

/// Submits a command and answers with what `render` makes of the reply; or fails with the command's error.
template <class Render>
void submit(call c, result<command> wanted, Render render) {
  if (!wanted) return c.fail(wanted.error());
  auto& incidents = c.ports().incidents;
  incidents.submit(std::move(*wanted), [c = std::move(c), render = std::move(render)](result<reply> r) mutable {
    if (r)
      c.answer(render(*r));
    else
      c.fail(r.error());
  });
}

/// A completion that answers with what `render` makes of the store's text.
template <class Render>
[[nodiscard]] text_handler answer_text(call c, Render render) {
  return [c = std::move(c), render = std::move(render)](result<std::string> text) mutable {
    if (text)
      c.answer(render(std::move(*text)));
    else
      c.fail(text.error());
  };
}

}  // namespace im::api
