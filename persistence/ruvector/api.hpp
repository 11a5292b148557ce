#pragma once
/// The HTTP API of ruvector-service over any store. Handlers run on io threads: they read the request, hand the work to the
/// store's writer or to the readers' pool, and answer from there.

#include "http/auth.hpp"
#include "http/router.hpp"
#include "messages/time.hpp"
#include "persistence/ruvector/action_feed.hpp"
#include "persistence/ruvector/failure.hpp"
#include "persistence/ruvector/reply.hpp"
#include "persistence/ruvector/store.hpp"
#include "persistence/ruvector/work_pool.hpp"

namespace im::ruvector {

/// Where lists and queries run, apart from the readers of the hot path.
struct list_lane {
  work_pool& threads;
  milliseconds longest_wait;  ///< a list that waited longer is refused: its caller asks again, or has gone
};

/// What the handlers work with; it outlives the server.
class api {
public:
  api(store& s, work_pool& readers, list_lane lists, action_feed& feed, const wall_clock& clock, http::secret key)
      : store_{s}, readers_{readers}, lists_{lists}, feed_{feed}, clock_{clock}, key_{std::move(key)} {}

  /// Every route; all but `/api/v1/health` ask for the key, if there is one. Without one only this process may call them.
  void add_routes(http::router& to);

private:
  using action = void (api::*)(http::request&&, http::responder&&);
  void add(http::router& to, http::verb method, std::string_view pattern, action handle,
           http::route_options options = {});

  // api_events.cpp
  void post_event(http::request&& req, http::responder&& answer);
  void post_batch(http::request&& req, http::responder&& answer);
  void get_event(http::request&& req, http::responder&& answer);
  void post_query(http::request&& req, http::responder&& answer);
  void get_log(http::request&& req, http::responder&& answer);
  void get_request(http::request&& req, http::responder&& answer);
  void get_actions(http::request&& req, http::responder&& answer);

  // api_incidents.cpp
  void get_state(http::request&& req, http::responder&& answer);
  void patch_state(http::request&& req, http::responder&& answer);
  void get_escalation(http::request&& req, http::responder&& answer);
  void patch_escalation(http::request&& req, http::responder&& answer);
  void post_escalation_state(http::request&& req, http::responder&& answer);
  void get_health(http::request&& req, http::responder&& answer);

  // api_lists.cpp
  void list_incidents(http::request&& req, http::responder&& answer);
  void list_approvals(http::request&& req, http::responder&& answer);
  void get_approval(http::request&& req, http::responder&& answer);
  void list_postmortems(http::request&& req, http::responder&& answer);
  void get_postmortem(http::request&& req, http::responder&& answer);
  void list_escalations(http::request&& req, http::responder&& answer);
  void get_deadlines(http::request&& req, http::responder&& answer);

  // api_lookups.cpp
  void post_lookup(http::request&& req, http::responder&& answer);

  // api_policies.cpp
  void get_policy(http::request&& req, http::responder&& answer);
  void put_policy(http::request&& req, http::responder&& answer);

  /// Answers with `read()` (an http::response), made on a reader thread.
  template <class Read>
  void later(http::responder&& answer, Read read) {
    auto shared = std::make_shared<http::responder>(std::move(answer));
    work_pool::job job = [shared, read = std::move(read)]() mutable { (*shared)(read()); };
    if (!readers_.submit(job)) (*shared)(error_reply(too_many_reads()));
  }
  /// The same for a list or a query, on their own threads.
  template <class Read>
  void later_list(http::responder&& answer, Read read) {
    auto shared = std::make_shared<http::responder>(std::move(answer));
    const auto until = std::chrono::steady_clock::now() + lists_.longest_wait;
    work_pool::job job = [shared, until, &threads = lists_.threads, read = std::move(read)]() mutable {
      const bool in_time = std::chrono::steady_clock::now() < until && !threads.is_closing();
      (*shared)(in_time ? read() : error_reply(too_many_lists()));
    };
    if (!lists_.threads.submit(job)) (*shared)(error_reply(too_many_lists()));
  }
  /// Answers 200 with the text that `read()` finds, or its error.
  template <class Read>
  void later_text(http::responder&& answer, Read read) {
    later(std::move(answer), [read = std::move(read)]() mutable {
      auto text = read();
      return text ? json_reply(std::move(*text)) : error_reply(text.error());
    });
  }
  void later_page(http::responder&& answer, result<list_filter> filter,
                  result<list_page> (store::*list)(const list_filter&));

  store& store_;
  work_pool& readers_;
  list_lane lists_;
  action_feed& feed_;
  const wall_clock& clock_;
  http::secret key_;
};

/// Reads a policy document of a kind; canonical text and ETag come out.
[[nodiscard]] result<policy_document> read_policy(policy_kind kind, std::string_view body);

}  // namespace im::ruvector
