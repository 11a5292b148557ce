#include "persistence/embedded/in_process_road.hpp"

#include <utility>

namespace im::persistence {

namespace {

/// Nothing: the query cannot be read.
std::optional<http::request> as_received(http::outgoing_request&& sent) {
  http::request out;
  out.method = sent.method;
  out.target = std::move(sent.target);
  const std::string_view target{out.target};
  const auto mark = target.find('?');
  out.path = target.substr(0, mark);
  if (mark != std::string_view::npos) {
    auto query = http::query_params::parse(target.substr(mark + 1));
    if (!query) return std::nullopt;
    out.query = std::move(*query);
  }
  for (const auto& [name, value] : sent.headers) out.headers.add(name, value);
  out.body = std::move(sent.body);
  out.correlation_id = "embedded";
  return out;
}

}  // namespace

http::client_response as_read(http::response&& answer) {
  http::client_response out;
  out.status_code = static_cast<unsigned>(answer.code);
  for (const auto& [name, value] : answer.headers) out.headers.add(name, value);
  out.body = std::move(answer.body);
  return out;
}

void in_process_road::send(http::outgoing_request req, std::chrono::milliseconds deadline, call_lane /*lane*/,
                           http::client_completion done) {
  auto request = as_received(std::move(req));
  if (!request)
    return done(
        std::unexpected{http::client_error{http::client_error_kind::malformed, "a query that cannot be read", false}});
  auto take = calls_->begin<http::response>(deadline, [done = std::move(done)](auto answer) mutable {
    if (answer)
      done(as_read(std::move(*answer)));
    else
      done(std::unexpected{std::move(answer.error())});
  });
  to_.handle(std::move(*request), http::responder::into(std::move(take)));
}

}  // namespace im::persistence
