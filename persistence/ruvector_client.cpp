#include "persistence/ruvector_client.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "http/io_thread.hpp"
#include "messages/json/node.hpp"
#include "persistence/list_gate.hpp"
#include "persistence/ruvector_answers.hpp"
#include "persistence/ruvector_logs.hpp"
#include "persistence/ruvector_lookups.hpp"
#include "persistence/ruvector_target.hpp"
#include "persistence/ruvector_transport.hpp"
#include "persistence/ruvector_writes.hpp"

namespace im::persistence {

namespace {

std::string_view word_of(view which) {
  switch (which) {
    case view::incidents: return "incidents";
    case view::approvals: return "approvals";
    case view::postmortems: return "postmortems";
    case view::escalations: return "escalations";
  }
  return "incidents";
}

std::string_view name_of(view which) {
  switch (which) {
    case view::incidents: return "list_incidents";
    case view::approvals: return "list_approvals";
    case view::postmortems: return "list_postmortems";
    case view::escalations: return "list_escalations";
  }
  return "list_incidents";
}

/// A failure as the ports tell it.
store_handler<std::string> for_port(text_handler done) {
  return [done = std::move(done)](store_result<std::string> got) mutable {
    if (got)
      done(std::move(*got));
    else
      done(std::unexpected{std::move(got.error().why)});
  };
}

}  // namespace

class ruvector_client::impl {
public:
  explicit impl(ruvector_config config, std::shared_ptr<ruvector_road> given = nullptr)
      : transport{std::make_shared<ruvector_transport>(std::move(config))},
        writer{std::make_shared<ruvector_writer>(transport)},
        lookups{std::make_shared<ruvector_lookups>(transport)},
        road{std::move(given)} {
    if (!road) road = make_http_road(thread.emplace().executor(), transport->config());
    transport->connect(road);
  }

  [[nodiscard]] ruvector_call call(std::string_view name, std::string where) const {
    return {.name = name, .target = std::move(where), .deadline = transport->config().timeout};
  }

  /// A list; one of its items is a quick read.
  [[nodiscard]] ruvector_call list_call(std::string_view name, std::string where) const {
    return {.name = name,
            .target = std::move(where),
            .deadline = transport->config().list_timeout,
            .lane = call_lane::list};
  }

  /// A read whose answer the API hands on.
  void pass(ruvector_call c, text_handler done) {
    const auto name = c.name;
    transport->send(std::move(c), [own = transport, name, done = std::move(done)](auto got) mutable {
      done(handed_on(*own, name, std::move(got)));
    });
  }

  /// The same for a list, past its circuit breaker.
  void pass_list(ruvector_call c, text_handler done) {
    const auto permit = gate->enter();
    if (!permit)
      return done(refused(errc::store_unavailable, "the store did not answer the last lists; try again",
                          static_cast<int>(limits::retry_after.count())));
    const auto name = c.name;
    transport->send(std::move(c), [own = transport, held = gate, permit = *permit, name,
                                   done = std::move(done)](auto got) mutable {
      held->report(permit, got ? nullptr : &got.error());
      if (!got && got.error().overloaded)
        return done(refused(errc::overloaded,
                            "the store stopped the list or has too many of them; narrow it with filters, or try again",
                            got.error().why.retry_after_s));
      done(handed_on(*own, name, std::move(got)));
    });
  }

  [[nodiscard]] static std::unexpected<error> refused(errc code, std::string why, std::optional<int> retry_after_s) {
    return std::unexpected{error{code, std::move(why), {}, retry_after_s}};
  }

  /// Filters and cursors are the caller's: a 400 is about them.
  [[nodiscard]] static result<std::string> handed_on(const ruvector_transport& own, std::string_view name,
                                                     store_result<http::client_response> got) {
    if (!got) return std::unexpected{std::move(got.error().why)};
    if (got->status_code == 200) return std::move(got->body);
    if (got->status_code == 400) return fail(errc::validation_error, "a filter or the cursor is not valid");
    return std::unexpected{own.unexpected_status(name, *got).why};
  }

  std::optional<http::io_thread> thread;  // ends last, after what the road cancelled was told
  std::shared_ptr<ruvector_transport> transport;
  std::shared_ptr<ruvector_writer> writer;
  std::shared_ptr<ruvector_lookups> lookups;
  std::shared_ptr<list_gate> gate = std::make_shared<list_gate>();
  std::shared_ptr<ruvector_road> road;
};

ruvector_client::ruvector_client(ruvector_config config) : impl_{std::make_unique<impl>(std::move(config))} {}

ruvector_client::ruvector_client(ruvector_config config, std::shared_ptr<ruvector_road> road)
    : impl_{std::make_unique<impl>(std::move(config), std::move(road))} {}

ruvector_client::~ruvector_client() = default;

// ---- What the persistence actor asks

void ruvector_client::write(store_write what, store_handler<write_results> done) {
  impl_->writer->write(std::move(what), std::move(done));
}

void ruvector_client::read_log(incident_id id, std::uint64_t after, store_handler<log_page> done) {
  fetch_log_page(impl_->transport, id, after, limits::log_page_events, std::move(done));
}

void ruvector_client::find_logs(incident_list among, store_handler<incident_list> done) {
  impl_->lookups->find_logs(std::move(among), std::move(done));
}

void ruvector_client::read_event(event_id id, store_handler<event_ptr> done) {
  impl_->transport->fetch<event_ptr>(
      impl_->call("read_event", ruvector_target{"decision-events"}.part(id.str()).take()),
      [](const std::string& body) { return parse_event(body); }, std::move(done));
}

void ruvector_client::find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done) {
  impl_->lookups->find_fingerprints(std::move(asked), std::move(done));
}

void ruvector_client::read_policy(policy_query query, store_handler<policy_answer> done) {
  ruvector_target where{"policies"};
  where.part(to_string(query.kind)).part(query.id);
  if (!query.version.empty()) where.with("version", query.version);
  auto call = impl_->call("read_policy", where.take());
  call.if_none_match = std::move(query.etag);
  impl_->transport->send(std::move(call), [own = impl_->transport, done = std::move(done)](auto got) mutable {
    if (!got) return done(std::unexpected{std::move(got.error())});
    std::string etag{got->header("ETag").value_or("")};
    if (got->status_code == 304) return done(policy_answer{true, {}, std::move(etag)});
    if (got->status_code != 200) return done(std::unexpected{own->unexpected_status("read_policy", *got)});
    if (auto whole = json::document::parse(got->body); !whole)
      return done(std::unexpected{own->garbled("read_policy", whole.error().message)});
    done(policy_answer{false, std::move(got->body), std::move(etag)});
  });
}

void ruvector_client::read_due(time_point before, std::string cursor, store_handler<due_page> done) {
  ruvector_target where{"deadlines"};
  where.with("before", to_string(before)).with("limit", limits::deadline_page);
  if (!cursor.empty()) where.with("cursor", cursor);
  impl_->transport->fetch<due_page>(
      impl_->call("read_due", where.take()),
      [](const std::string& body) { return parse_due(body, limits::deadline_page); }, std::move(done));
}

void ruvector_client::find_request(request_id id, store_handler<covered_elsewhere> done) {
  auto call = impl_->call("find_request", ruvector_target{"requests"}.part(id).take());
  impl_->transport->fetch<covered_elsewhere>(
      std::move(call), [id = std::move(id)](const std::string& body) { return parse_covered(body, id); },
      std::move(done));
}

// ---- What the API hands on

void ruvector_client::list(view which, const string_map& filters, text_handler done) {
  ruvector_target where{word_of(which)};
  for (const auto& [name, value] : filters) where.with(name, value);
  impl_->pass_list(impl_->list_call(name_of(which), where.take()), std::move(done));
}

void ruvector_client::get(view which, const uuid& id, text_handler done) {
  impl_->pass(impl_->call("get_one", ruvector_target{word_of(which)}.part(id.str()).take()), std::move(done));
}

void ruvector_client::incident_log(incident_id id, std::uint64_t after, std::size_t limit, text_handler done) {
  fetch_log(impl_->transport, id, after, limit, for_port(std::move(done)));
}

void ruvector_client::orchestrator_actions(std::string after, seconds wait, text_handler done) {
  ruvector_target where{"orchestrator"};
  where.part("actions");
  if (!after.empty()) where.with("after", after);
  wait = std::clamp(wait, seconds{0}, limits::gate_wait_max);
  where.with("wait", static_cast<std::uint64_t>(wait.count()));
  auto call = impl_->call("orchestrator_actions", where.take());
  call.deadline += wait;
  call.lane = call_lane::long_poll;
  impl_->pass(std::move(call), std::move(done));
}

namespace {

/// Health is answered to everybody. Whether the store takes our key shows only where one is needed: in a small read.
void check_key(const std::shared_ptr<ruvector_transport>& transport, std::move_only_function<void(result<void>)> done) {
  ruvector_call call{
      .name = "check_key",
      .target = ruvector_target{"deadlines"}.with("before", to_string(time_point{})).with("limit", 1U).take(),
      .deadline = std::min(transport->config().health_timeout, transport->config().timeout)};
  transport->send(std::move(call), [own = transport, done = std::move(done)](auto got) mutable {
    if (!got) return done(std::unexpected{std::move(got.error().why)});
    if (got->status_code == 401 || got->status_code == 403)
      return done(std::unexpected{own->unexpected_status("check_key", *got).why});
    done({});
  });
}

}  // namespace

void ruvector_client::check(handler done) {
  auto call = impl_->call("health", ruvector_target{"health"}.take());
  call.deadline = std::min(impl_->transport->config().health_timeout, call.deadline);
  impl_->transport->send(std::move(call), [own = impl_->transport, done = std::move(done)](auto got) mutable {
    if (!got) return done(std::unexpected{std::move(got.error().why)});
    if (got->status_code != 200 && got->status_code != 503)
      return done(std::unexpected{own->unexpected_status("health", *got).why});
    auto condition = parse_health(got->body);
    if (!condition) return done(std::unexpected{std::move(condition.error())});
    check_key(own, [condition = std::move(condition), done = std::move(done)](result<void> accepted) mutable {
      if (!accepted) return done(std::unexpected{std::move(accepted.error())});
      done(std::move(condition));
    });
  });
}

}  // namespace im::persistence
