#include "persistence/embedded/embedded_client.hpp"

#include <utility>

#include "http/error_form.hpp"
#include "messages/assert.hpp"
#include "messages/json/codec.hpp"
#include "persistence/embedded/in_process_road.hpp"
#include "persistence/ruvector/event_reader.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/reply.hpp"
#include "persistence/ruvector/store.hpp"
#include "persistence/ruvector/work_pool.hpp"
#include "persistence/ruvector_answers.hpp"

namespace im::persistence {

namespace {

using ruvector::append_outcome;
using ruvector::append_result;

result<std::vector<ruvector::new_event>> new_events_of(const std::vector<incident_write>& writes) {
  std::vector<ruvector::new_event> out;
  out.reserve(writes.size());
  for (const auto& write : writes)
    for (const auto& event : write.events) {
      auto made = ruvector::new_event_of(event);
      if (!made) return std::unexpected{std::move(made.error())};
      out.push_back(std::move(*made));
    }
  return out;
}

write_outcome outcome_of(const append_result& told, const incident_id& asked) {
  if (told.outcome == append_outcome::conflict) return outcome_of_conflict(told.incident_id, told.head, asked);
  if (const auto& r = told.request)
    return outcome_of_covered({r->request_id, r->incident_id, r->event_id, r->sequence, r->disposition});
  return {};  // created, or this very event was stored before
}

/// The store answers one result an event, in order.
write_results outcomes_of(const std::vector<append_result>& told, const std::vector<incident_write>& asked) {
  write_results out;
  out.reserve(asked.size());
  auto next = told.begin();
  for (const auto& write : asked) {
    write_outcome all;
    for (std::size_t i = 0; i < write.events.size(); ++i) {
      IM_ASSERT(next != told.end());
      merge(all, outcome_of(*next++, write.incident_id));
    }
    out.emplace_back(std::move(all));
  }
  IM_ASSERT(next == told.end());
  return out;
}

/// `more` as the service's `head` tells it.
result<log_page> page_of(const ruvector::log_page& stored) {
  log_page page;
  page.events.reserve(stored.events.size());
  for (const auto& text : stored.events) {
    auto event = ruvector::read_stored(text);
    if (!event) return std::unexpected{std::move(event.error())};
    page.events.push_back(std::make_shared<const decision_event>(std::move(*event)));
  }
  page.more = !page.events.empty() && page.events.back()->sequence < stored.head;
  return page;
}

}  // namespace

embedded_client::embedded_client(ruvector::service& service, const ruvector_config& config)
    : embedded_client{service, config, std::make_shared<pending_calls>()} {}

embedded_client::embedded_client(ruvector::service& service, const ruvector_config& config,
                                 std::shared_ptr<pending_calls> calls)
    : ruvector_client{config, std::make_shared<in_process_road>(service, calls)},
      service_{service},
      shared_{std::make_shared<const shared>(ruvector_failures{config.observers}, config.timeout,
                                             config.observers.on_call)},
      calls_{std::move(calls)} {}

embedded_client::~embedded_client() { calls_->close(); }

template <class T>
embedded_client::answer_of<T> embedded_client::begin(std::string_view call, store_handler<T> done) {
  return calls_->begin<result<T>>(shared_->timeout, [known = shared_, call, started = std::chrono::steady_clock::now(),
                                                     done = std::move(done)](
                                                        std::expected<result<T>, http::client_error> got) mutable {
    if (got && *got) {
      if (known->on_call) known->on_call({call, 200, std::chrono::steady_clock::now() - started});
      return done(std::move(**got));
    }
    // An error is what it would be had it come as an answer over HTTP.
    const auto answer = got ? as_read(ruvector::error_reply(got->error())) : http::client_response{};
    if (known->on_call) known->on_call({call, answer.status_code, std::chrono::steady_clock::now() - started});
    done(std::unexpected{got ? known->failures.not_done(call, answer) : known->failures.unanswered(call, got.error())});
  });
}

template <class T, class Read>
void embedded_client::later(std::string_view call, Read read, store_handler<T> done) {
  auto answer = std::make_shared<answer_of<T>>(begin<T>(call, std::move(done)));
  ruvector::work_pool::job job = [answer, read = std::move(read)] { (*answer)(read()); };
  if (!service_.readers().submit(job)) (*answer)(std::unexpected{ruvector::too_many_reads()});
}

void embedded_client::write(store_write what, store_handler<write_results> done) {
  auto answer = begin<std::vector<append_result>>(
      "write_batch", [what, done = std::move(done)](store_result<std::vector<append_result>> told) mutable {
        if (told)
          done(outcomes_of(*told, *what));
        else
          done(std::unexpected{std::move(told.error())});
      });
  auto events = new_events_of(*what);
  if (!events) return answer(std::unexpected{std::move(events.error())});
  service_.data().append(std::move(*events), std::move(answer));
}

void embedded_client::read_log(incident_id id, std::uint64_t after, store_handler<log_page> done) {
  later<log_page>(
      "read_log",
      [&store = service_.data(), id, after]() -> result<log_page> {
        const auto stored = store.log(id, after, limits::log_page_events);
        return stored ? page_of(*stored) : std::unexpected{stored.error()};
      },
      std::move(done));
}

void embedded_client::find_logs(incident_list among, store_handler<incident_list> done) {
  later<incident_list>(
      "find_logs",
      [&store = service_.data(), among = std::move(among)]() -> result<incident_list> {
        auto found = store.with_log(among.ids);
        if (!found) return std::unexpected{std::move(found.error())};
        return incident_list{std::move(*found)};
      },
      std::move(done));
}

void embedded_client::find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done) {
  later<fingerprint_lookups>(
      "find_fingerprints",
      [&store = service_.data(), asked = std::move(asked)]() -> result<fingerprint_lookups> {
        const auto newest = store.newest_of(asked.fingerprints);
        if (!newest) return std::unexpected{newest.error()};
        IM_ASSERT(newest->size() == asked.fingerprints.size());
        fingerprint_lookups out;
        for (const auto& one : *newest)
          out.found.emplace_back(one ? fingerprint_lookup{one->incident_id, one->open} : fingerprint_lookup{});
        return out;
      },
      std::move(done));
}

}  // namespace im::persistence
