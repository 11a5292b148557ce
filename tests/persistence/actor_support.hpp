#pragma once
/// The persistence actor on virtual time, over a store that answers when a test says so.

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "messages/protocol/caf_compat.hpp"
#include IM_TEST_SCHEDULER_HEADER
#include "persistence/persistence_actor.hpp"
#include "tests/persistence/samples.hpp"

namespace im::test {

using persistence::store_failure;
using fault = persistence::store_failure::fault;
using outcome_kind = write_outcome::kind;

/// Holds every call until it is answered.
class fake_store final : public persistence::store_port {
public:
  struct write_call {
    persistence::store_write what;
    persistence::store_handler<persistence::write_results> done;
  };

  void write(persistence::store_write what, persistence::store_handler<persistence::write_results> done) override {
    writes.push_back({std::move(what), std::move(done)});
    ++write_count;
  }
  void read_log(incident_id, std::uint64_t, persistence::store_handler<log_page> done) override {
    logs.push_back(std::move(done));
  }
  void find_logs(incident_list among, persistence::store_handler<incident_list> done) override {
    done(std::move(among));
  }
  void read_event(event_id, persistence::store_handler<event_ptr> done) override { events.push_back(std::move(done)); }
  void find_fingerprints(fingerprint_list asked, persistence::store_handler<fingerprint_lookups> done) override {
    const fingerprint_lookup one{id_of<incident_id>("newest"), true};
    done(fingerprint_lookups{std::vector<result<fingerprint_lookup>>(asked.fingerprints.size(), one)});
  }
  void read_policy(policy_query query, persistence::store_handler<policy_answer> done) override {
    done(policy_answer{query.etag == "e1", "{}", "e1"});
  }
  void read_due(time_point before, std::string cursor, persistence::store_handler<due_page> done) override {
    done(due_page{{{id_of<incident_id>("due"), deadline_kind::approval, before}}, cursor + "+"});
  }

  [[nodiscard]] static store_failure failure(fault kind, bool maybe_applied) {
    switch (kind) {
      case fault::away: return {{errc::store_unavailable, "away"}, kind, maybe_applied};
      case fault::busy: return {{errc::overloaded, "busy"}, kind, maybe_applied};
      case fault::refused: return {{errc::internal, "refused"}, kind, maybe_applied};
    }
    return {};
  }

  /// Commits the oldest write; what it was.
  persistence::store_write commit() {
    auto call = take();
    call.done(persistence::write_results(call.what->size(), write_outcome{}));
    return call.what;
  }
  void fail(fault kind = fault::away, bool maybe_applied = false) {
    take().done(std::unexpected{failure(kind, maybe_applied)});
  }
  write_call take() {
    auto call = std::move(writes.front());
    writes.pop_front();
    return call;
  }

  std::deque<write_call> writes;
  std::deque<persistence::store_handler<log_page>> logs;
  std::deque<persistence::store_handler<event_ptr>> events;
  int write_count = 0;
};

/// What came back for one request.
template <class T>
struct answer {
  std::optional<result<T>> value;
  int times = 0;

  [[nodiscard]] bool pending() const { return times == 0; }
  [[nodiscard]] bool is(errc code) const { return times == 1 && !*value && value->error().code == code; }
  [[nodiscard]] const std::string& message() const { return value->error().message; }
};
using write_answer = std::shared_ptr<answer<write_outcome>>;

struct testing_config : caf::actor_system_config {
  testing_config() { set("caf.scheduler.policy", "testing"); }
  static bool init() {
    caf::init_global_meta_objects<caf::id_block::im>();
    caf::core::init_global_meta_objects();
    return true;
  }
  static inline const bool ready = init();
};

class persistence_fixture {
public:
  /// `other`: in place of `store`.
  explicit persistence_fixture(persistence::persistence_config config = {},
                               std::shared_ptr<persistence::store_port> other = nullptr)
      : clock{dynamic_cast<test_scheduler&>(system.scheduler())} {
    if (config.jitter_seed == 0) config.jitter_seed = 42;
    persistence = persistence::spawn_persistence(system, other ? std::move(other) : store, std::move(config));
    settle();
  }

  persistence_fixture(const persistence_fixture&) = delete;
  persistence_fixture& operator=(const persistence_fixture&) = delete;
  /// Whoever still waits hears that the actor is gone.
  ~persistence_fixture() {
    caf::anon_send_exit(persistence, caf::exit_reason::user_shutdown);
    settle();
  }

  /// Runs until nobody has anything to do at this moment.
  void settle() {
    while (clock.try_run_once()) {
    }
  }
  /// Time passes, a millisecond at a time, so that timers fire in their order.
  void pass(std::chrono::milliseconds time) {
    for (std::chrono::milliseconds passed{0}; passed < time; ++passed) {
      clock.advance_time(std::chrono::milliseconds{1});
      settle();
    }
  }

  template <class T, class... Ts>
  std::shared_ptr<answer<T>> ask(Ts... message) {
    auto out = std::make_shared<answer<T>>();
    system.spawn([to = persistence, out, ... args = std::move(message)](caf::event_based_actor* self) {
      send_request(self, to, caf::infinite, args...)
          .then([out](const T& value) { ++out->times, out->value = value; },
                [out](const caf::error& why) { ++out->times, out->value = std::unexpected{from_caf(why)}; });
    });
    return out;
  }
  write_answer write(event_batch batch) { return ask<write_outcome>(write_atom_v, std::move(batch)); }
  write_answer write_now(event_batch batch) {
    auto out = write(std::move(batch));
    settle();
    return out;
  }
  std::shared_ptr<int> drain() {
    auto drained = std::make_shared<int>(0);
    system.spawn([to = persistence, drained](caf::event_based_actor* self) {
      send_request(self, to, caf::infinite, drain_atom_v).then([drained] { ++*drained; });
    });
    settle();
    return drained;
  }

  testing_config settings;
  caf::actor_system system{settings};
  test_scheduler& clock;
  std::shared_ptr<fake_store> store = std::make_shared<fake_store>();
  persistence_actor persistence;
};

/// `incident/sequence` of every event of a write, in its order.
[[nodiscard]] inline std::vector<std::string> ids_of(const persistence::store_write& write) {
  std::vector<std::string> out;
  for (const auto& one : *write)
    for (const auto& event : one.events) out.push_back(event->id.str());
  return out;
}

[[nodiscard]] inline std::vector<std::string> ids_of(std::initializer_list<event_batch> batches) {
  std::vector<std::string> out;
  for (const auto& batch : batches)
    for (const auto& event : batch.events) out.push_back(event->id.str());
  return out;
}

}  // namespace im::test
