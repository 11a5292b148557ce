#include "messages/chain.hpp"

#include "messages/hash.hpp"
#include "messages/json/codec.hpp"

namespace im {

void seal(decision_event& event, std::string_view previous_hash) {
  event.previous_hash = previous_hash;
  event.text = json::encode(event);
  event.hash = sha256_hex(event.text);
}

bool links_to(const incident_state& state, const decision_event& event) {
  if (state.head() == 0) return event.previous_hash == first_previous_hash;
  return state.head_hash.empty() || event.previous_hash == state.head_hash;
}

}  // namespace im
