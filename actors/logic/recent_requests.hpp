#pragma once
/// What the newest requests of an incident led to, so that a repetition is answered from memory. Apart from the state, since no
/// decision reads it and a state is copied for every one.

#include <optional>
#include <span>
#include <vector>

#include "messages/decision_event.hpp"
#include "messages/limits.hpp"

namespace im::logic {

/// A request, by the id that an event of its own has (`derive_event_id`), and the event that it led to.
struct covered_request {
  event_id request;
  event_id first;
};

/// All that an event covers, in its order.
[[nodiscard]] inline std::vector<covered_request> covered_by(const decision_event& event) {
  std::vector<covered_request> all;
  all.reserve(event.request_ids.size());
  for (const auto& request : event.request_ids) all.push_back({derive_event_id(request), event.id});
  return all;
}

/// The newest `limits::recent_requests_per_incident`.
class recent_requests {
public:
  void add(std::span<const covered_request> newer) {
    for (const auto& one : newer)
      if (!is_full())
        kept_.push_back(one);
      else
        kept_[oldest_++ % kept_.size()] = one;
  }
  void clear() { *this = {}; }

  [[nodiscard]] bool is_full() const { return kept_.size() >= limits::recent_requests_per_incident; }
  /// The first event of that request; the id is `derive_event_id` of it.
  [[nodiscard]] std::optional<event_id> find(const event_id& request) const {
    for (const auto& one : kept_)
      if (one.request == request) return one.first;
    return std::nullopt;
  }

private:
  std::vector<covered_request> kept_;
  std::size_t oldest_ = 0;  ///< once it is full, counts on round and round
};

}  // namespace im::logic
