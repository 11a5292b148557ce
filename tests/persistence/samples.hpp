#pragma once
/// Events for the tests of persistence/.

#include <memory>
#include <string>
#include <utility>

#include "messages/protocol/types.hpp"
#include "persistence/store_port.hpp"
#include "tests/support/samples.hpp"

namespace im::test {

[[nodiscard]] inline event_ptr sample_event(const std::string& incident, std::uint64_t sequence) {
  decision_event event;
  event.id = id_of<event_id>(incident + "/" + std::to_string(sequence));
  event.agent_id = "incident-manager:1.0.0:test";
  event.agent_version = "1.0.0";
  event.inputs_hash = std::string(64, 'a');
  event.confidence = 1;
  event.timestamp = after(static_cast<double>(sequence));
  event.incident_id = id_of<incident_id>(incident);
  event.sequence = sequence;
  event.request_ids = {"request-" + std::to_string(sequence)};
  return std::make_shared<const decision_event>(std::move(event));
}

/// Events `first` … `last` of an incident.
[[nodiscard]] inline event_batch sample_batch(const std::string& incident, std::uint64_t first, std::uint64_t last) {
  event_batch batch{id_of<incident_id>(incident), {}};
  for (auto sequence = first; sequence <= last; ++sequence) batch.events.push_back(sample_event(incident, sequence));
  return batch;
}

[[nodiscard]] inline persistence::incident_write sample_write(const std::string& incident, std::uint64_t first,
                                                              std::uint64_t last) {
  std::size_t bytes = 0;
  return persistence::encode(sample_batch(incident, first, last), bytes);
}

}  // namespace im::test
