#include "http/api/events/batch.hpp"

#include <algorithm>
#include <atomic>

#include "http/error_form.hpp"
#include "messages/assert.hpp"
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

/// Where the event went.
void note(accepted& to, const reply& r) {
  if (r.state && !r.state->record.id.is_nil()) to.incident_id = r.state->record.id;
  to.disposition = r.disposition;
}

/// What an item's answer comes to. There is nothing to resolve where an alert was never seen, and so nothing failed.
void settle_item(result<accepted>& item, result<reply> answer, bool resolves) {
  if (answer)
    note(*item, *answer);
  else if (resolves && answer.error().code == errc::not_found)
    item->disposition = disposition::attached;
  else
    item = std::unexpected{std::move(answer.error())};
}

/// What makes a repetition of an event the same request. An alert's notification says that it fires, or no longer does; whether that is
/// news the incident's state tells, so each notification is a request of its own.
std::string own_id(const cmd::ingest_signal& signal, time_point received_at) {
  if (!signal.firing_since) return signal.source_event_id;
  return signal.source_event_id + '/' + uuid::v7(received_at).str();
}

}  // namespace

/// Waits for the answers to all items; the last to come sends them. Each writes its own slot, so no lock is needed.
class batch_answer {
public:
  batch_answer(admission::ticket room, std::size_t most) : room_{std::move(room)} { items_.reserve(most); }

  [[nodiscard]] std::size_t size() const { return items_.size(); }
  void refuse(error why) { items_.emplace_back(std::unexpected{std::move(why)}); }
  /// What the answer to the next item will tell. The item's place.
  [[nodiscard]] std::size_t expect(std::string execution_id) {
    items_.emplace_back()->execution_id = std::move(execution_id);
    ++open_;
    return items_.size() - 1;
  }
  /// No more items follow. False if none of them waits: then all is said.
  [[nodiscard]] bool wait(call c, sent_again when) {
    call_ = std::move(c);
    when_ = when;
    if (open_ == 0) finish();
    return open_ != 0;
  }
  void settle(std::size_t index, result<reply> answer, bool resolves) {
    IM_ASSERT(index < items_.size());
    settle_item(items_[index], std::move(answer), resolves);
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) finish();
  }

private:
  void finish() {
    room_ = {};  // whoever hears the answer may send again
    if (const auto* failure = failure_of_batch()) return call_->fail(*failure);
    const auto taken = std::ranges::count_if(items_, [](const auto& item) { return item.has_value(); });
    const auto all = std::ssize(items_);
    if (taken == 0 && all > 0) return call_->answer(nothing_taken());
    json::writer out;
    write_items(out);
    call_->answer(json_response(out.take(), taken < all ? http::status::multi_status : http::status::accepted));
  }

  /// The error of the service, not of an item, that the whole batch is answered with.
  [[nodiscard]] const error* failure_of_batch() const {
    const bool nothing = std::ranges::none_of(items_, [](const auto& item) { return item.has_value(); });
    const auto first = [this](auto&& fails) -> const error* {
      const auto found =
          std::ranges::find_if(items_, [&](const auto& item) { return !item && fails(item.error().code); });
      return found == items_.end() ? nullptr : &found->error();
    };
    const error* passing = nothing || when_ == sent_again::if_any_may_pass ? first(is_retryable) : nullptr;
    if (passing != nullptr || !nothing) return passing;
    return first([](errc code) { return http::status_of(code) >= http::status::internal_server_error; });
  }

  /// The status alone must say that nothing was taken: many senders read nothing else.
  [[nodiscard]] http::response nothing_taken() const {
    const auto& first = items_.front().error();
    const auto code = http::status_of(first.code) == http::status::bad_request ? first.code : errc::validation_error;
    const auto count = std::to_string(items_.size());
    json::writer details;
    details.begin_object();
    details.key("items");
    write_items(details);
    details.end_object();
    const auto message = "none of " + count + " events was accepted; the first: " + first.message;
    return json_response(http::error_body(to_string(code), message, details.str(), false), http::status::bad_request);
  }

  void write_items(json::writer& out) const {
    out.begin_array();
    for (const auto& item : items_) write(out, item);
    out.end_array();
  }

  void write(json::writer& out, const result<accepted>& item) const {
    if (item) return json::write(out, *item);
    out.begin_object();
    out.key("status");
    out.string("rejected");
    out.key("error");
    write_error(out, item.error(), call_->correlation_id());
    out.end_object();
  }

  admission::ticket room_;
  std::optional<call> call_;  ///< since `wait`
  std::vector<result<accepted>> items_;
  sent_again when_ = sent_again::if_all_failed;
  std::atomic<std::size_t> open_{0};
};

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
  incoming judged;
  auto& context = judged.wanted->context;
  const auto& key = headers.idempotency_key;
  if (key)
    context.request = index ? scoped_request_id(*key, std::to_string(*index)) : *key;
  else
    context.request = scoped_request_id(scope, own_id(*signal, at.received_at));
  context.correlation_id = correlation_id;
  context.inputs_hash = sha256_hex(event.canonical());
  context.execution_ref = execution_ref_of(signal->source_event_id, context.request);
  context.traceparent = headers.traceparent;
  context.dry_run = headers.dry_run;
  context.event_on_replay = false;
  judged.execution_id = echoes_id ? signal->source_event_id : context.execution_ref.str();
  judged.wanted->body = std::move(*signal);
  return judged;
}

void submit_one(call c, incoming event) {
  submit(std::move(c), std::move(event.wanted), [told = std::move(event.execution_id)](const reply& r) {
    accepted taken{.execution_id = told, .incident_id = {}};
    note(taken, r);
    auto answer = json_response(json::encode(taken), http::status::accepted);
    if (r.replayed) answer.headers.emplace_back("Idempotent-Replayed", "true");
    return answer;
  });
}

batch::batch(admission::ticket room, std::size_t most)
    : answer_{std::make_shared<batch_answer>(std::move(room), most)} {
  commands_.reserve(most);
}

void batch::add(incoming event) {
  if (!event.wanted) return answer_->refuse(std::move(event.wanted.error()));
  const bool resolves = std::get<cmd::ingest_signal>(event.wanted->body).resolves;
  const auto place = static_cast<std::uint32_t>(answer_->expect(std::move(event.execution_id)));
  // As small as it is, it needs no memory of its own.
  commands_.emplace_back(std::move(*event.wanted), [answer = answer_, place, resolves](result<reply> r) {
    answer->settle(place, std::move(r), resolves);
  });
}

std::size_t batch::size() const { return answer_->size(); }

void batch::submit(call c, sent_again when) && {
  auto& incidents = c.ports().incidents;
  if (answer_->wait(std::move(c), when)) incidents.submit_all(std::move(commands_));
}

}  // namespace im::api::events
