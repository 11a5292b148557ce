#include "messages/incident.hpp"

#include "messages/hash.hpp"
#include "messages/json/writer.hpp"

namespace im {

std::string derive_fingerprint(std::string_view source, incident_category category, const affected_resource& resource,
                               std::string_view title) {
  // As a JSON array, so that no two inputs run together into the same text.
  json::writer text;
  text.begin_array();
  text.string(source);
  text.string(to_string(category));
  text.string(to_string(resource.type));
  text.string(resource.id);
  text.string(title);
  text.end_array();
  return sha256_hex(text.str());
}

}  // namespace im
