#include "persistence/store_port.hpp"

#include "messages/chain.hpp"

namespace im::persistence {

namespace {

event_ptr with_text(const event_ptr& event) {
  if (!event->text.empty()) return event;
  auto sealed = std::make_shared<decision_event>(*event);
  seal(*sealed, event->previous_hash);
  return sealed;
}

}  // namespace

incident_write encode(const event_batch& batch, std::size_t& bytes) {
  incident_write out{batch.incident_id, {}};
  out.events.reserve(batch.events.size());
  for (const auto& event : batch.events) {
    out.events.push_back(with_text(event));
    bytes += out.events.back()->text.size();
  }
  return out;
}

}  // namespace im::persistence
