#pragma once
/// Answers: the success envelopes; errors in the form of `http/error_form.hpp`.

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "messages/commands.hpp"
#include "messages/error.hpp"
#include "messages/json/writer.hpp"

namespace im::api {

/// `{"code","message","details"?,"retryable"}`.
void write_error(json::writer& out, const error& e, std::string_view correlation_id);

/// An answer with that JSON text as its body.
[[nodiscard]] http::response json_response(std::string body, http::status code = http::status::ok);

/// The agents' envelope: `data`, which is JSON text already, the decision behind it, and whether it was persisted.
[[nodiscard]] http::response decision_response(const reply& r, std::string_view data,
                                               http::status code = http::status::ok);

/// What an agent's call answers: the outputs of its DecisionEvent.
[[nodiscard]] http::response outputs_response(const reply& r);

/// The envelope of a read, which takes no decision. `stale`: told from memory, while the store is away.
[[nodiscard]] http::response read_response(std::string_view data, bool stale = false);

/// `{"agent":…,"status":"healthy"}`.
[[nodiscard]] http::response agent_health(agent which);

}  // namespace im::api
