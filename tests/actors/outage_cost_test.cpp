/// What live incidents cost while the store is dead, through the persistence actor and its circuit breaker.

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "persistence/persistence_actor.hpp"
#include "tests/actors/world.hpp"

using namespace im;
using namespace im::test;

namespace {

using persistence::store_failure;
using persistence::store_handler;

/// The fake store behind the port of the persistence actor. Answers before the call returns, on the actor's thread.
class store_behind_port final : public persistence::store_port {
public:
  explicit store_behind_port(std::shared_ptr<fake_store> store) : store_{std::move(store)} {}

  void write(persistence::store_write what, store_handler<persistence::write_results> done) override {
    answer<persistence::write_results>(done, [&] {
      persistence::write_results results;
      for (const auto& one : *what) results.push_back(store_->append({one.incident_id, one.events}));
      return results;
    });
  }
  void read_log(incident_id id, std::uint64_t after, store_handler<log_page> done) override {
    answer<log_page>(done, [&] { return store_->page_of(id, after); });
  }
  void find_logs(incident_list among, store_handler<incident_list> done) override {
    answer<incident_list>(done, [&] { return store_->held_of(among); });
  }
  void read_event(event_id id, store_handler<event_ptr> done) override {
    answer<event_ptr>(done, [&] { return store_->event_of(id).value(); });
  }
  void find_fingerprints(fingerprint_list asked, store_handler<fingerprint_lookups> done) override {
    answer<fingerprint_lookups>(done, [&] { return store_->newest_of(asked); });
  }
  void read_policy(policy_query query, store_handler<policy_answer> done) override {
    answer<policy_answer>(done, [&] { return store_->policy_of(query.kind); });
  }
  void read_due(time_point before, std::string, store_handler<due_page> done) override {
    answer<due_page>(done, [&] { return store_->due_at(before); });
  }

  std::atomic<bool> dead = false;
  std::atomic<std::size_t> calls = 0;

private:
  template <class T, class Make>
  void answer(store_handler<T>& done, const Make& make) {
    ++calls;
    if (dead || store_->away)
      done(std::unexpected{store_failure{{errc::store_unavailable, "away"}, store_failure::fault::away, false}});
    else
      done(make());
  }

  std::shared_ptr<fake_store> store_;
};

/// Of the world that was made last.
std::shared_ptr<store_behind_port>& port() {
  static std::shared_ptr<store_behind_port> made;
  return made;
}

persistence_actor spawn_over_port(caf::actor_system& system, std::shared_ptr<fake_store> store) {
  port() = std::make_shared<store_behind_port>(std::move(store));
  persistence::persistence_config config;
  config.jitter_seed = 42;
  return persistence::spawn_persistence(system, port(), std::move(config));
}

}  // namespace

TEST_CASE("however many incidents are live, a dead store is asked about once a second") {
  constexpr std::size_t many = 1000;
  world w{nullptr, nullptr, limits::live_incidents, spawn_over_port};
  w.env.passivate_after = std::chrono::hours{1};
  std::vector<incident_id> ids;
  for (std::size_t i = 0; i < many; ++i) ids.push_back(opened(w, severity::p1, "fp-" + std::to_string(i)));
  w.store->away = true;
  std::vector<pending> answers;
  for (const auto& id : ids) answers.push_back(w.send(change_of(id, change_kind::comment)));
  w.pass(seconds{20});
  for (const auto& answer : answers) REQUIRE(answer->has_value());
  const auto before = port()->calls.load();
  w.pass(seconds{300});
  CHECK(port()->calls - before <= 2 * 300);
  CHECK(pending_timers(w.scheduler()) <= 16);
  w.store->away = false;
  w.pass(seconds{5});
  for (const auto& id : ids) REQUIRE(w.ask(change_of(id, change_kind::comment)).has_value());
}

// ---- A measurement, in real time: outage_cost_test "[.measure]"

namespace {

constexpr std::size_t live = 50'000;

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

/// Many commands, some thousands under way at a time; all are answered when it returns.
class sender {
public:
  explicit sender(incident_house& house) : house_{house} {}

  void send(command c, std::function<void(const result<reply>&)> got) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return under_way_ < 4096; });
    ++under_way_;
    lock.unlock();
    house_.submit(std::move(c), [this, got = std::move(got)](const result<reply>& r) {
      const std::lock_guard guard{mutex_};
      got(r);
      --under_way_;
      changed_.notify_all();
    });
  }
  void wait() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return under_way_ == 0; });
  }
  /// Real time, since this is a measurement.
  void let_pass(seconds time) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, time, [] { return false; });
  }

private:
  incident_house& house_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
};

}  // namespace

TEST_CASE("50,000 live incidents over a dead store: CPU and requests a second", "[.measure]") {
  register_message_types();
  caf::actor_system_config config;
  config.set("caf.scheduler.policy", "sharing");  // as the service has it
  config.set("caf.scheduler.max-threads", 2);
  const auto store = store_with_policies();
  const system_wall_clock clock;
  telemetry::metrics metrics{{"0.0.0", "test", "dev"}};
  const actor_environment env{clock,    metrics, {"1.0.0", "test", environment::development}, std::chrono::hours{1},
                              2 * live, {}};
  caf::actor_system system{config};
  const auto persistence = spawn_over_port(system, store);
  auto house = std::make_unique<incident_house>(
      system, env, persistence,
      policy_names{"default-escalation-policy", "default-approval-policy", "default-sla-policy"});
  house->start_clock();
  sender to{*house};
  std::vector<incident_id> ids;
  for (std::size_t i = 0; i < live; ++i)
    to.send(signal_of(severity::p1, "fp-" + std::to_string(i)), [&](const result<reply>& r) {
      if (r) ids.push_back(r->state->record.id);
    });
  to.wait();
  REQUIRE(ids.size() == live);
  port()->dead = true;
  for (const auto& id : ids) to.send(change_of(id, change_kind::comment), [](const result<reply>&) {});
  to.wait();
  for (const int s : {1, 4, 10, 15, 30, 60, 60, 60}) {
    const auto cpu = cpu_seconds();
    const auto calls = port()->calls.load();
    to.let_pass(seconds{s});
    std::printf("%3d s: %5.1f %% of a CPU, %6.2f store calls a second\n", s, (cpu_seconds() - cpu) / s * 100,
                static_cast<double>(port()->calls - calls) / s);
    std::fflush(stdout);
  }
  house.reset();
  caf::anon_send_exit(persistence, caf::exit_reason::user_shutdown);
}
