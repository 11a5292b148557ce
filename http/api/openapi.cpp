/// The description of this surface, as it was when the program was built.

#include "http/api/openapi.hpp"

#include "http/api/resources.hpp"

namespace im::api {

namespace {

void show_openapi(call c, const http::request&) { c.answer(json_response(std::string{openapi_document})); }

}  // namespace

void add_openapi_routes(route_adder& routes) { routes.get("/openapi.json", show_openapi); }

}  // namespace im::api
