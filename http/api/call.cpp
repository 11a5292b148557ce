#include "http/api/call.hpp"

#include "http/error_form.hpp"

namespace im::api {

void call::fail(const error& e) {
  if (http::status_of(e.code) >= http::status::internal_server_error && ports_->on_failed)
    ports_->on_failed(correlation_id_, e);
  done_(render_error(e, correlation_id_));
}

command read_command(const call& c, incident_id id) {
  command read;
  read.context.correlation_id = c.correlation_id();
  read.incident_id = id;
  read.body = cmd::read_incident{};
  return read;
}

void route_adder::add(http::verb method, std::string_view pattern, operation run, http::route_options options) {
  routes_.add(
      method, pattern,
      [ports = ports_, run](http::request&& request, http::responder&& done) {
        run(call{ports, request.correlation_id, std::move(done)}, request);
      },
      std::move(options));
}

}  // namespace im::api
