#include "http/api/gate_view.hpp"

namespace im::api {

result<incident_id> incident_in(std::string_view text) {
  const auto parsed = json::document::parse(text, limits::stored_json_depth);
  if (!parsed) return fail(errc::internal, "a stored document is no JSON: " + parsed.error().message);
  const auto root = parsed->root();
  auto word = root.find_string("incident_id");
  if (const auto request = root.find("request"); !word && request) word = request->find_string("incident_id");
  const auto id = incident_id::parse(word.value_or(""));
  if (!id) return fail(errc::internal, "a stored document does not say which incident it belongs to");
  return *id;
}

}  // namespace im::api
