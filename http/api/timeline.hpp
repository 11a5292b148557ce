#pragma once
/// An incident's log as people read it. Pure.

#include <string>
#include <vector>

#include "messages/decision_event.hpp"
#include "messages/json/codec.hpp"

namespace im::api {

struct timeline_item {
  time_point timestamp;
  timeline_type type = timeline_type::decision;
  std::string description;
  std::string actor;
  std::uint64_t sequence = 0;
  im::event_id event_id;

  bool operator==(const timeline_item&) const = default;
};

template <class V>
void describe(V& v, like<timeline_item> auto& x) {
  v.required("timestamp", x.timestamp);
  v.required("type", x.type);
  v.required("description", x.description);
  v.required("actor", x.actor);
  v.required("sequence", x.sequence);
  v.required("event_id", x.event_id);
}

/// One event, told by the fact that it recorded.
[[nodiscard]] timeline_item timeline_item_of(const decision_event& event);

/// All events of a page of the log. One that a newer version wrote is told by its type alone.
[[nodiscard]] std::vector<timeline_item> read_timeline(const json::node& events);

}  // namespace im::api
