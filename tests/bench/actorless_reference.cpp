/// actorless_reference PORT DATABASE: the service without its actors. The same HTTP front, the same decisions and the same store, with a
/// map of states in place of registry, supervisors and persistence: one thread takes all signals that wait, decides over those of an
/// incident together, and answers when the store has them. It asks the store nothing, has no deadlines, children, retries or
/// races, and never forgets an incident. What reading, deciding and storing cost alone: the most that actors could reach with
/// these three.

#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "actors/logic/commit.hpp"
#include "http/api/api.hpp"
#include "http/server.hpp"
#include "persistence/ruvector/event_reader.hpp"
#include "persistence/ruvector/sqlite_store.hpp"
#include "tests/support/policies.hpp"

namespace {

using namespace im;

using caller = std::pair<command, reply_handler>;

/// What is known of one fingerprint, and what is being decided about it.
struct known_incident {
  std::shared_ptr<const incident_state> state;
  logic::recent_requests recent;
  std::vector<caller> waiting;
  std::vector<caller> deciding;  ///< their plan is being stored
  logic::commit_plan plan;
};

class plain_incidents final : public incident_service {
public:
  explicit plain_incidents(const char* database)
      : store_{ruvector::open_sqlite_store(database).value()}, thread_{[this](const std::stop_token& ended) {
          while (!ended.stop_requested()) decide(take(ended));
        }} {}

  [[nodiscard]] result<admission::ticket> admit(std::size_t) override { return {}; }
  void submit(command c, reply_handler done) override {
    std::vector<caller> one;
    one.emplace_back(std::move(c), std::move(done));
    submit_all(std::move(one));
  }
  void submit_all(std::vector<caller> signals) override {
    const std::lock_guard lock{mutex_};
    inbox_.come.push_back(std::move(signals));
    wake_.notify_one();
  }
  void await_verdict(incident_id, approval_id, milliseconds, reply_handler done) override {
    done(fail(errc::not_found, "there are no gates here"));
  }
  void check_policies(check_handler done) override { done({}); }

private:
  using incidents = std::vector<known_incident*>;
  struct inbox {
    std::vector<std::vector<caller>> come;
    std::vector<incidents> stored;
  };

  inbox take(const std::stop_token& ended) {
    std::unique_lock lock{mutex_};
    wake_.wait(lock, ended, [this] { return !inbox_.come.empty() || !inbox_.stored.empty(); });
    return std::exchange(inbox_, {});
  }

  void decide(inbox taken) {
    const auto now = system_wall_clock{}.now();
    incidents ready;
    for (auto& signals : taken.come)
      for (auto& s : signals) {
        auto& known = find(std::get<cmd::ingest_signal>(s.first.body).fingerprint, now);
        s.first.incident_id = known.state->record.id;
        known.waiting.push_back(std::move(s));
        if (known.waiting.size() == 1 && known.deciding.empty()) ready.push_back(&known);
      }
    for (const auto& stored : taken.stored)
      for (auto* known : stored) {
        answer(*known);
        if (!known->waiting.empty()) ready.push_back(known);
      }
    // Some at a time, so that the store writes while others are decided.
    incidents together;
    std::vector<ruvector::new_event> events;
    for (auto* known : ready) {
      plan(*known, now, events);
      together.push_back(known);
      if (events.size() >= limits::batch_events) append(std::exchange(together, {}), std::exchange(events, {}));
    }
    if (!together.empty()) append(std::move(together), std::move(events));
  }

  known_incident& find(const std::string& fingerprint, time_point now) {
    auto& known = incidents_[fingerprint];
    if (known.state) return known;
    incident_state nothing;
    nothing.record.id = mint_incident_id(now, fingerprint);
    known.state = std::make_shared<const incident_state>(std::move(nothing));
    return known;
  }

  void plan(known_incident& of, time_point now, std::vector<ruvector::new_event>& to) const {
    of.deciding = std::exchange(of.waiting, {});
    std::vector<const command*> commands;
    for (const auto& [c, done] : of.deciding) commands.push_back(&c);
    of.plan = logic::plan_commit(*of.state, of.recent, commands, {rules_, who_, now});
    if (of.plan.answers.size() != commands.size()) throw std::runtime_error{"more waits than one write takes"};
    for (auto& event : of.plan.events)
      to.push_back(ruvector::new_event_of(std::make_shared<const decision_event>(std::move(event))).value());
  }

  void append(incidents of, std::vector<ruvector::new_event> events) {
    store_->append(std::move(events), [this, of = std::move(of)](const auto& results) mutable {
      for (const auto& r : results.value())
        if (r.outcome != ruvector::append_outcome::created) std::abort();
      const std::lock_guard lock{mutex_};
      inbox_.stored.push_back(std::move(of));
      wake_.notify_one();
    });
  }

  static void answer(known_incident& of) {
    of.state = std::make_shared<const incident_state>(std::move(of.plan.after));
    of.recent.add(of.plan.covers);
    auto planned = of.plan.answers.begin();
    for (auto& [c, done] : std::exchange(of.deciding, {})) {
      reply r;
      r.state = of.state;
      r.disposition = planned++->disposition;
      r.persisted = true;
      done(std::move(r));
    }
  }

  const policy_set& rules_ = test::deployed_policies();
  const logic::decider who_{"0.0.0", "actorless", environment::development};
  std::unordered_map<std::string, known_incident> incidents_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  inbox inbox_;
  std::unique_ptr<ruvector::store> store_;
  std::jthread thread_;
};

/// The store is not asked here, and always well.
class no_queries final : public store_queries, public store_health {
public:
  void list(view, const string_map&, text_handler done) override { refuse(done); }
  void get(view, const uuid&, text_handler done) override { refuse(done); }
  void incident_log(incident_id, std::uint64_t, std::size_t, text_handler done) override { refuse(done); }
  void orchestrator_actions(std::string, seconds, text_handler done) override { refuse(done); }
  void check(handler done) override { done(store_condition{}); }

private:
  static void refuse(text_handler& done) { done(fail(errc::not_found, "nothing is read here")); }
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: actorless_reference PORT DATABASE\n");
    return 2;
  }
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  plain_incidents incidents{argv[2]};
  no_queries queries;
  const system_wall_clock clock;
  http::router routes;
  api::add_routes(routes, {incidents, queries, queries, clock, "0.0.0"});
  http::server_config config;
  config.port = static_cast<std::uint16_t>(std::stoul(argv[1]));
  http::server server{config, std::move(routes), api::render_core_error};
  server.start();
  int signal = 0;
  sigwait(&stop_signals, &signal);
} catch (const std::exception& e) {
  std::fprintf(stderr, "actorless_reference: %s\n", e.what());
  return 1;
}
