#pragma once
/// Events on their way in: one, or many that are judged alone and answered together.

#include <string>
#include <vector>

#include "http/api/call.hpp"
#include "http/api/events/dialect.hpp"
#include "http/api/form.hpp"

namespace im::api::events {

using translator = signal_result (*)(const json::node&, const reception&);

/// One event as it was understood.
struct incoming {
  result<command> wanted;
  std::string execution_id;  ///< what the answer tells; empty for an event that was not understood
};

/// How a route's events become commands.
struct intake {
  std::string_view scope;  ///< of the request ids, see README.md
  bool echoes_id = false;  ///< the event's id is an execution id: it is told as it was sent
  reception at;
  call_headers headers;
  std::string correlation_id;

  /// The command of one event. `index`: its place in a batch, where an `Idempotency-Key` counts for each item.
  [[nodiscard]] incoming judge(const json::node& event, signal_result signal, std::optional<std::size_t> index) const;
};

/// Reads what the request says beside its body. Fails with all that is wrong about it.
[[nodiscard]] result<intake> open_intake(const call& c, const http::request& request, std::string_view scope);

/// Answers 202 with where the event went.
void submit_one(call c, incoming event);

/// Hands all over at once; answers 202 with a list in the same order. 503 if every item failed for the same reason that may pass.
void submit_batch(call c, std::vector<incoming> events);

}  // namespace im::api::events
