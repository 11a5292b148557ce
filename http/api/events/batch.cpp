#include "http/api/events/batch.hpp"

#include <algorithm>
#include <atomic>

#include "messages/hash.hpp"

namespace im::api::events {

namespace {

struct accepted {
  std::string_view status = "accepted";
  std::string execution_id;
  std::optional<im::incident_id> incident_id;  ///< none for an alert that resolved without ever having been seen
  im::disposition disposition = disposition::opened;
};

template <class V>
void describe(V& v, like<accepted> auto& x) {
  v.required("status", x.status);
  v.required("execution_id", x.execution_id);
  v.optional("incident_id", x.incident_id);
  v.required("disposition", x.disposition);
}

accepted accepted_by(const reply& r, std::string execution_id) {
  const auto id = r.state ? r.state->record.id : incident_id{};
  return {.execution_id = std::move(execution_id),
          .incident_id = id.is_nil() ? std::nullopt : std::optional{id},
          .disposition = r.disposition};
}

/// Waits for the answers to all items; the last to come sends them. Each writes its own slot, so no lock is needed.
class gathering {
public:
  gathering(call c, std::size_t items) : call_{std::move(c)}, items_(items) {}

  void settle(std::size_t index, result<accepted> outcome) { items_[index] = std::move(outcome); }
  void expect(std::size_t answers) { open_.store(answers, std::memory_order_relaxed); }
  void count_down() {
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) finish();
  }
  void finish() {
    if (const auto* common = common_failure()) return call_.fail(*common);
    json::writer out;
    out.begin_array();
    for (const auto& item : items_) write(out, item);
    out.end_array();
    call_.answer(json_response(out.take(), http::status::accepted));
  }

private:
  /// The error of all items, if they share one that may pass; then the batch is to be sent again as it is.
  [[nodiscard]] const error* common_failure() const {
    if (items_.empty() || items_.front()) return nullptr;
    const auto& first = items_.front().error();
    const bool shared = is_retryable(first.code) && std::ranges::all_of(items_, [&](const result<accepted>& item) {
                          return !item && item.error().code == first.code;
                        });
    return shared ? &first : nullptr;
  }

  void write(json::writer& out, const result<accepted>& item) const {
    if (item) return json::write(out, *item);
    out.begin_object();
    out.key("status");
    out.string("rejected");
    out.key("error");
    write_error(out, item.error(), call_.correlation_id());
    out.end_object();
  }

  call call_;
  std::vector<result<accepted>> items_;
  std::atomic<std::size_t> open_{0};
};

}  // namespace

result<intake> open_intake(const call& c, const http::request& request, std::string_view scope) {
  json::read_state state{json::read_bounds{}};
  intake opened{.scope = scope,
                .at = {c.ports().clock.now(), c.ports().environment},
                .headers = read_headers(request, state),
                .correlation_id = c.correlation_id()};
  if (!state.errors.empty()) return std::unexpected{json::validation_error(std::move(state.errors))};
  return opened;
}

incoming intake::judge(const json::node& event, signal_result signal, std::optional<std::size_t> index) const {
  if (!signal) return {std::unexpected{std::move(signal.error())}, {}};
  call_context context;
  const auto& key = headers.idempotency_key;
  if (key)
    context.request = index ? scoped_request_id(*key, std::to_string(*index)) : *key;
  else
    context.request = scoped_request_id(scope, signal->source_event_id);
  context.correlation_id = correlation_id;
  context.inputs_hash = sha256_hex(event.canonical());
  context.execution_ref = execution_ref_of(signal->source_event_id, context.request);
  context.traceparent = headers.traceparent;
  context.dry_run = headers.dry_run;
  context.event_on_replay = false;
  auto told = echoes_id ? signal->source_event_id : context.execution_ref.str();
  return {command{std::move(context), {}, std::move(*signal)}, std::move(told)};
}

void submit_one(call c, incoming event) {
  submit(std::move(c), std::move(event.wanted), [told = std::move(event.execution_id)](const reply& r) {
    auto answer = json_response(json::encode(accepted_by(r, told)), http::status::accepted);
    if (r.replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
    return answer;
  });
}

void submit_batch(call c, std::vector<incoming> events) {
  auto& incidents = c.ports().incidents;
  auto gathered = std::make_shared<gathering>(std::move(c), events.size());
  std::vector<std::pair<command, reply_handler>> commands;
  for (std::size_t index = 0; index < events.size(); ++index) {
    auto& event = events[index];
    if (!event.wanted) {
      gathered->settle(index, std::unexpected{std::move(event.wanted.error())});
      continue;
    }
    commands.emplace_back(std::move(*event.wanted),
                          [gathered, index, told = std::move(event.execution_id)](result<reply> r) mutable {
                            if (r)
                              gathered->settle(index, accepted_by(*r, std::move(told)));
                            else
                              gathered->settle(index, std::unexpected{std::move(r.error())});
                            gathered->count_down();
                          });
  }
  if (commands.empty()) return gathered->finish();
  gathered->expect(commands.size());
  incidents.submit_all(std::move(commands));
}

}  // namespace im::api::events
