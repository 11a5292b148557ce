#include "persistence/ruvector_writes.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "messages/json/writer.hpp"
#include "persistence/ruvector_answers.hpp"

namespace im::persistence {

namespace {

constexpr std::chrono::minutes batch_recheck{5};

std::string batch_body(const std::vector<incident_write>& writes) {
  json::writer out;
  out.begin_object();
  out.key("events");
  out.begin_array();
  for (const auto& write : writes)
    for (const auto& event : write.events) out.raw(event->text);
  out.end_array();
  out.end_object();
  return out.take();
}

/// A service without the route says 404, or 405 where it takes `batch` for an event's id.
bool has_no_batch_route(const http::client_response& answer) {
  return answer.status_code == 404 || answer.status_code == 405 || answer.status_code == 501;
}

/// A write to a service without the batch route: the events of an incident in order, each after the one before is stored;
/// incidents side by side, on half of the pool. What is stored twice after a failure is stored once: ids are idempotency keys.
/// Its steps run on the client's one thread, but for the first of each lane.
class single_writes : public std::enable_shared_from_this<single_writes> {
public:
  single_writes(std::shared_ptr<ruvector_transport> transport, store_write what, store_handler<write_results> done)
      : transport_{std::move(transport)}, what_{std::move(what)}, done_{std::move(done)}, outcomes_(what_->size()) {}

  void start() {
    const auto lanes =
        std::clamp<std::size_t>(transport_->config().connections / 2, 1, std::max<std::size_t>(what_->size(), 1));
    lanes_ = lanes;
    for (std::size_t i = 0; i < lanes; ++i) next_incident();
  }

private:
  void next_incident() {
    std::unique_lock lock{mutex_};
    if (!failure_ && next_ < what_->size()) {
      const auto index = next_++;
      lock.unlock();
      return next_event(index, 0);
    }
    if (--lanes_ != 0) return;
    lock.unlock();
    if (failure_)
      done_(std::unexpected{std::move(*failure_)});
    else
      done_(std::move(outcomes_));
  }

  void next_event(std::size_t index, std::size_t event) {
    const auto& write = (*what_)[index];
    if (event == write.events.size()) return next_incident();
    transport_->send(
        {.name = "write_event",
         .method = http::verb::post,
         .target = "/api/v1/decision-events",
         .body = write.events[event]->text,
         .deadline = transport_->config().timeout},
        [self = shared_from_this(), index, event](auto answer) { self->on_answer(index, event, std::move(answer)); });
  }

  void on_answer(std::size_t index, std::size_t event, store_result<http::client_response> answer) {
    if (!answer) return stop(std::move(answer.error()));
    switch (answer->status_code) {
      case 200:
      case 201: return next_event(index, event + 1);
      case 409: return on_conflict(index, event, answer->body);
      default:
        outcomes_[index] = std::unexpected{transport_->unexpected_status("write_event", *answer).why};
        if (answer->status_code == 404) outcomes_[index] = fail(errc::internal, "the store takes no events");
        return next_incident();
    }
  }

  /// Another writer was first. A plain service does not say how far; its newest event does.
  void on_conflict(std::size_t index, std::size_t event, std::string_view body) {
    const auto& write = (*what_)[index];
    if (auto told = parse_conflict(body, write.incident_id)) {
      if (told->what == write_outcome::kind::committed) return next_event(index, event + 1);
      outcomes_[index] = std::move(*told);
      return next_incident();
    }
    json::writer query;
    query.begin_object();
    query.key("incident_id");
    query.string(write.incident_id.str());
    query.key("limit");
    query.number(1);
    query.end_object();
    transport_->fetch<log_page>(
        {.name = "read_head",
         .method = http::verb::post,
         .target = "/api/v1/decision-events/query",
         .body = query.take(),
         .deadline = transport_->config().timeout},
        [](const std::string& text) { return parse_log(text, 1); },
        [self = shared_from_this(), index](auto got) { self->on_head(index, std::move(got)); });
  }

  void on_head(std::size_t index, store_result<log_page> got) {
    if (!got) return stop(std::move(got.error()));
    const auto head = got->events.empty() ? 0 : got->events.front()->sequence;
    outcomes_[index] = write_outcome{write_outcome::kind::sequence_taken, head, {}, {}};
    next_incident();
  }

  /// The write as a whole is to be tried again; each lane ends after what it has under way.
  void stop(store_failure why) {
    {
      const std::lock_guard lock{mutex_};
      why.maybe_applied = true;  // of the others, some may be stored
      failure_ = std::move(why);
    }
    next_incident();
  }

  std::shared_ptr<ruvector_transport> transport_;
  store_write what_;
  store_handler<write_results> done_;
  std::mutex mutex_;
  write_results outcomes_;
  std::size_t next_ = 0;
  std::size_t lanes_ = 0;
  std::optional<store_failure> failure_;
};

}  // namespace

void ruvector_writer::write(store_write what, store_handler<write_results> done) {
  const auto now = clock::now().time_since_epoch().count();
  if (now < batch_absent_until_.load(std::memory_order_relaxed))
    write_singly(std::move(what), std::move(done));
  else
    write_batch(std::move(what), std::move(done));
}

void ruvector_writer::write_batch(store_write what, store_handler<write_results> done) {
  ruvector_call call{.name = "write_batch",
                     .method = http::verb::post,
                     .target = "/api/v1/decision-events/batch",
                     .body = batch_body(*what),
                     .deadline = transport_->config().timeout};
  transport_->send(std::move(call),
                   [self = shared_from_this(), what = std::move(what), done = std::move(done)](auto answer) mutable {
                     if (!answer) return done(std::unexpected{std::move(answer.error())});
                     if (has_no_batch_route(*answer)) {
                       const auto until = clock::now() + batch_recheck;
                       self->batch_absent_until_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
                       return self->write_singly(std::move(what), std::move(done));
                     }
                     if (answer->status_code != 200)
                       return done(std::unexpected{self->transport_->unexpected_status("write_batch", *answer)});
                     auto results = parse_batch_results(answer->body, *what);
                     if (!results)
                       return done(std::unexpected{self->transport_->garbled("write_batch", results.error().message)});
                     done(std::move(*results));
                   });
}

void ruvector_writer::write_singly(store_write what, store_handler<write_results> done) {
  std::make_shared<single_writes>(transport_, std::move(what), std::move(done))->start();
}

}  // namespace im::persistence
