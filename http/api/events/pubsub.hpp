#pragma once
/// Google Cloud Pub/Sub, push delivery: a message whose data is an event, or several, of a dialect that is known.

#include "http/api/events/batch.hpp"
#include "messages/json/node.hpp"

namespace im::api::events {

struct pubsub_message {
  json::document data;
  std::string about;  ///< JSON: the message's id, its subscription and its attributes, as far as they fit
};

/// Errors: `validation_error` (no message, or no data that can be read).
[[nodiscard]] result<pubsub_message> open_pubsub(const json::node& body);

/// The dialect of an event that came without saying so: a CloudEvent by its `specversion`, else the platform's envelope. Of a list its
/// first item tells.
[[nodiscard]] translator translator_of(const json::node& data);

}  // namespace im::api::events
