#include "persistence/store_port.hpp"

#include "messages/json/codec.hpp"

namespace im::persistence {

incident_write encode(const event_batch& batch, std::size_t& bytes) {
  incident_write out{batch.incident_id, {}};
  out.events.reserve(batch.events.size());
  for (const auto& event : batch.events) {
    out.events.push_back({event->id, event->sequence, event->text.empty() ? json::encode(*event) : event->text});
    bytes += out.events.back().json.size();
  }
  return out;
}

}  // namespace im::persistence
