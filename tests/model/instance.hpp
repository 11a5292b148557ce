#pragma once
/// One incident manager without its actors: what `incident_registry` and `incident_supervisor` do around the pure logic,
/// step by step, so that the logic meets every order of messages that they can bring about.

#include <deque>
#include <map>
#include <memory>

#include "actors/logic/commit.hpp"
#include "actors/logic/due.hpp"
#include "tests/model/model_store.hpp"
#include "tests/model/network.hpp"

namespace im::test::model {

/// What a caller is told.
struct told {
  request_id request;
  incident_id incident;
  std::optional<event_id> event;  ///< of an answer that says "stored", where it tells one
  bool persisted = false;
  std::optional<errc> refused;
};

struct caller {
  command cmd;
  std::function<void(told)> answer;
  int attempts = 0;
};

class instance {
public:
  instance(int number, timeline& time, network& net, model_store& store, const policy_set& policies);

  void submit(caller from);
  /// The deadline index says that this incident is due.
  void wake(const incident_id& id);
  /// Looks for due deadlines, now and again.
  void keep_deadlines(milliseconds every);
  /// Everything it knows is gone; whoever waits hears nothing.
  void crash();
  /// Those that are idle leave memory.
  void passivate();
  void set_clock(milliseconds ahead) { ahead_ = ahead; }
  [[nodiscard]] time_point now() const { return time_.now() + ahead_; }

  /// Reads on wherever an incident is in memory.
  void catch_up();
  /// The states that it holds, for those that have been read to the end.
  [[nodiscard]] std::vector<const incident_state*> live() const;
  [[nodiscard]] std::size_t lost_races() const { return lost_races_; }

private:
  enum class phase : std::uint8_t { idle, loading, writing };

  struct supervisor {
    incident_state state;
    logic::recent_requests recent;
    std::uint64_t serial = 0;  ///< told apart from one of the same incident before
    bool needs_load = true;
    bool retry_armed = false;
    phase at = phase::idle;
    std::deque<caller> queue;
    logic::commit_plan plan;      ///< in flight
    std::vector<caller> callers;  ///< parallel to plan.answers
    std::vector<event_ptr> events;
    std::uint64_t timer = 0;
  };

  // The registry
  void route_signal(caller from);
  void on_found(const std::string& fingerprint, const std::optional<fingerprint_lookup>& found);
  void hand_back(const incident_id& holder, std::vector<caller> signals);
  supervisor& supervise(const incident_id& id, bool fresh);
  /// Runs `then` with the supervisor, unless the process or the supervisor is another by then.
  template <class Then>
  auto later(const supervisor& s, Then then);

  // The supervisor
  void pump(supervisor& s);
  void load(supervisor& s);
  void load_failed(supervisor& s);
  void commit(supervisor& s);
  void write(supervisor& s, int attempt);
  void on_written(supervisor& s, const write_outcome& outcome);
  void write_failed(supervisor& s);
  void committed(supervisor& s);
  void requeue(supervisor& s);
  void give_up_fingerprint(supervisor& s, const incident_id& holder);
  void drop_covered(supervisor& s, const covered_elsewhere& covered);
  void finish(supervisor& s, caller from, const logic::planned& planned, const std::vector<event_ptr>& events);
  void replay(caller from, const event_id& first, const incident_id& where);
  void arm(supervisor& s);
  void on_timer(supervisor& s);
  void look_again_later(supervisor& s);

  timeline& time_;
  network& net_;
  model_store& store_;
  const policy_set& policies_;
  logic::decider who_;
  milliseconds ahead_{0};
  std::uint64_t life_ = 0;
  std::uint64_t serial_ = 0;
  std::size_t lost_races_ = 0;
  std::map<incident_id, supervisor> incidents_;
  std::map<std::string, incident_id> open_;  ///< by fingerprint
  std::map<std::string, std::vector<caller>> looking_up_;
};

}  // namespace im::test::model
