#pragma once
/// Events on their way in: one, or many that are judged alone and answered together.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
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

/// When a batch is answered by an error that may pass, so that its sender sends all of it again; an event that was taken is told
/// as a duplicate then.
enum class sent_again : std::uint8_t {
  if_all_failed,   ///< the sender reads each item's result
  if_any_may_pass  ///< the sender reads the status alone
};

class batch_answer;

/// Events that came together: each is judged alone, all are handed over at once and answered together.
class batch {
public:
  /// `room`: for `most` commands.
  batch(admission::ticket room, std::size_t most);

  void add(incoming event);
  [[nodiscard]] std::size_t size() const;

  /// Answers with a list in the same order: 202 if every event was accepted, 207 if some were, 400 if none was. A failure of the
  /// service is answered as itself where no event was accepted, or as `when` says.
  void submit(call c, sent_again when) &&;

private:
  std::vector<std::pair<command, reply_handler>> commands_;
  std::shared_ptr<batch_answer> answer_;
};

}  // namespace im::api::events
